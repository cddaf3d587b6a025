"""StartExecution, StopExecution, DescribeExecution and ListExecutions of Standard workflows.

AWS: starting the same name with the same input again while it runs returns the running one; otherwise a
name can be used once in 90 days (ExecutionAlreadyExists). Input is at most 256 KiB of JSON. Describe tells
redriveStatus.
MiniStack: refuses each repeated name, takes any input.
"""

import contextvars
import json
import os
import re
import threading
from typing import Any

from ministack.core.responses import (
    error_response_json,
    get_account_id,
    get_region,
    json_response,
    new_uuid,
    now_iso,
)
from ministack.services import stepfunctions

from local.states import retention, status_events
from local.states.archive import Record
from local.states.definitions import InvalidDefinitionError, parse, remember
from local.states.engine import Execution
from local.states.patching import replace
from local.states.run import Run
from local.states.services import STATE_DATA_LIMIT, within_limit
from local.states.slots import DEFAULT_LIMIT, Slots

_NAME = re.compile(r"[^\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]{1,80}")

_SHOWN = (
    "executionArn",
    "stateMachineArn",
    "name",
    "status",
    "startDate",
    "stopDate",
    "input",
    "inputDetails",
    "stateMachineVersionArn",
    "stateMachineAliasArn",
    "error",
    "cause",
    "redriveDate",
    "mapRunArn",
)

slots = Slots(int(os.environ.get("LOUPE_EXECUTIONS_AT_ONCE", DEFAULT_LIMIT)))
_running: dict[str, Execution] = {}
_lock = threading.Lock()


def refusal(code: str, message: str) -> Any:
    return error_response_json(code, message, 400)


def check_request(data: dict[str, Any]) -> Any:
    """The answer that refuses a start's name or input, None if they are right."""
    text = data.get("input", "{}")
    if not within_limit(text):
        return refusal(
            "ValidationException",
            (
                "1 validation error detected: Value at 'input' failed to satisfy constraint: "
                f"Member must have length less than or equal to {STATE_DATA_LIMIT}"
            ),
        )
    try:
        json.loads(text)
    except ValueError as error:
        return refusal("InvalidExecutionInput", f"Invalid State Machine Execution Input: '{error}'")
    name = data.get("name")
    if name is not None and not _NAME.fullmatch(name):
        return refusal("InvalidName", f"Invalid Name: '{name}'")
    return None


def version_of(arn: str, machine: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The machine as the named version has it, and what the execution's record says of version and alias."""
    version_arn = stepfunctions._execution_version_arn(arn)
    version = stepfunctions._state_machine_versions.get(version_arn) if version_arn else None
    if not version:
        return machine, {}
    marks = {"stateMachineVersionArn": version_arn}
    if arn != version_arn:
        marks["stateMachineAliasArn"] = arn
    kept = {
        key: version[key] for key in ("definition", "roleArn", "loggingConfiguration") if version.get(key)
    }
    return {**machine, **kept}, marks


def new_record(machine: dict[str, Any], arn: str, name: str, data: dict[str, Any]) -> Record:
    members = {
        "executionArn": arn,
        "stateMachineArn": machine["stateMachineArn"],
        "name": name,
        "status": "RUNNING",
        "startDate": now_iso(),
        "stopDate": None,
        "input": data.get("input", "{}"),
        "inputDetails": {"included": True},
        "output": None,
        "error": None,
        "cause": None,
        "outputDetails": {"included": True},
        "redriveCount": 0,
        "encryptionConfiguration": machine.get("encryptionConfiguration") or {"type": "AWS_OWNED_KEY"},
        "events": [],
    }
    return Record(members)


def description(record: dict[str, Any]) -> dict[str, Any]:
    """What DescribeExecution and StartSyncExecution show of a record."""
    shown = {key: record[key] for key in _SHOWN if record.get(key) is not None}
    if record["status"] == "SUCCEEDED":
        shown.update(output=record["output"], outputDetails=record["outputDetails"])
    return shown


def make(machine: dict[str, Any], record: dict[str, Any]) -> Execution:
    """The execution of a record; InvalidDefinitionError if the machine's definition can't be run."""
    return Execution(
        Run(record, machine, get_account_id(), get_region(), slots, parse(machine["definition"]))
    )


def _start(data: dict[str, Any]) -> Any:
    named = str(data.get("stateMachineArn") or "").rsplit("#", 1)[0]
    base = stepfunctions._resolve_state_machine_arn(named)
    if base is None:
        return refusal("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{named}'")
    refused = check_request(data)
    if refused:
        return refused
    machine, marks = version_of(named, stepfunctions._state_machines[base])
    if machine.get("type") == "EXPRESS":
        from local.states import express

        return express.start(machine, data)
    name = data.get("name") or new_uuid()
    arn = base.replace(":stateMachine:", ":execution:") + f":{name}"
    known = stepfunctions._executions.get(arn)
    if known is not None:
        if known["status"] == "RUNNING" and known["input"] == data.get("input", "{}"):
            return json_response({"executionArn": arn, "startDate": known["startDate"]})
        return refusal("ExecutionAlreadyExists", f"Execution Already Exists: '{arn}'")
    record = new_record(machine, arn, name, data)
    record.update(marks, _revision=machine["revisionId"])
    try:
        execution = make(machine, record)
    except InvalidDefinitionError as error:
        return refusal("ValidationException", str(error))
    stepfunctions._executions[arn] = record
    remember(machine["revisionId"], machine["definition"])
    launch(execution)
    return json_response({"executionArn": arn, "startDate": record["startDate"]})


def launch(execution: Execution) -> None:
    """Queues an execution whose record is in place."""
    record = execution.record
    with _lock:
        _running[record["executionArn"]] = execution
    status_events.emit(record)
    context = contextvars.copy_context()
    slots.submit(lambda: context.run(_work, execution), name=f"execution {record['name']}")


def _work(execution: Execution) -> None:
    try:
        execution.execute()
    finally:
        execution.run.stop_working()
        _ended(execution)


def _ended(execution: Execution) -> None:
    arn = execution.record["executionArn"]
    with _lock:
        if _running.get(arn) is not execution:  # stopped before, and perhaps redriven since
            return
        del _running[arn]
    status_events.emit(execution.record)
    retention.ended(execution.record)


def _stop(data: dict[str, Any]) -> Any:
    arn = str(data.get("executionArn") or "")
    if ":express:" in arn:
        return refusal("ValidationException", "This operation is not supported by this type of state machine")
    record = stepfunctions._executions.get(arn)
    if record is None:
        return refusal("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")
    with _lock:
        execution = _running.get(arn)
    if execution is not None and execution.end("ABORTED", error=data.get("error"), cause=data.get("cause")):
        _ended(execution)
    return json_response({"stopDate": record["stopDate"]})


def _describe(data: dict[str, Any]) -> Any:
    arn = str(data.get("executionArn") or "")
    if ":express:" in arn:
        return refusal("InvalidArn", "Invalid Arn: 'Resource type not valid in this context: express'")
    record = stepfunctions._executions.get(arn)
    if record is None:
        return refusal("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")
    detail = status_events.detail(record)
    shown = description(record)
    shown.update(
        redriveCount=record.get("redriveCount", 0),
        redriveStatus=detail["redriveStatus"],
        redriveStatusReason=detail["redriveStatusReason"],
    )
    return json_response({key: value for key, value in shown.items() if value is not None})


def _list(data: dict[str, Any]) -> Any:
    arn = data.get("stateMachineArn")
    base = stepfunctions._resolve_state_machine_arn(arn) if arn else None
    if arn and base is None:
        return refusal("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{arn}'")
    if base and stepfunctions._state_machines[base].get("type") == "EXPRESS":
        return refusal(
            "StateMachineTypeNotSupported", "This operation is not supported by this type of state machine"
        )
    return _list_all({**data, **({"stateMachineArn": base} if base else {})})


_list_all = stepfunctions._list_executions


def install() -> None:
    replace(stepfunctions, "_start_execution", _start)
    replace(stepfunctions, "_stop_execution", _stop)
    replace(stepfunctions, "_describe_execution", _describe)
    replace(stepfunctions, "_list_executions", _list)
