"""Express workflows.

AWS: at most 5 minutes, no `.sync` and no task tokens, no DescribeExecution: what happened is in the logs
only, and no status events are sent. StartSyncExecution runs one and answers with its ending, billing
included; Standard machines refuse it.
MiniStack: treats them as Standard, and lets StartSyncExecution run any machine.
"""

import contextvars
import math
import threading
import time
from typing import Any

from ministack.core.responses import json_response, new_uuid
from ministack.services import stepfunctions

from local.states import executions
from local.states.definitions import InvalidDefinitionError
from local.states.engine import Execution
from local.states.patching import replace

MAX_SECONDS = 300


def _make(machine: dict[str, Any], data: dict[str, Any]) -> Execution:
    name = data.get("name") or new_uuid()
    arn = machine["stateMachineArn"].replace(":stateMachine:", ":express:") + f":{name}:{new_uuid()}"
    return executions.make(machine, executions.new_record(machine, arn, name, data))


def execute(execution: Execution) -> None:
    """Runs to the end, five minutes at most; its history is in the logs only."""
    timer = threading.Timer(MAX_SECONDS, execution.end, ("TIMED_OUT",))
    timer.daemon = True
    timer.start()
    try:
        execution.execute()
    finally:
        timer.cancel()
        execution.run.stop_working()
        execution.record["events"] = []


def start(machine: dict[str, Any], data: dict[str, Any]) -> Any:
    """StartExecution of an Express machine whose request has been checked."""
    try:
        execution = _make(machine, data)
    except InvalidDefinitionError as error:
        return executions.refusal("ValidationException", str(error))
    context = contextvars.copy_context()
    record = execution.record
    executions.slots.submit(lambda: context.run(execute, execution), name=f"express {record['name']}")
    return json_response({"executionArn": record["executionArn"], "startDate": record["startDate"]})


def _start_sync(data: dict[str, Any]) -> Any:
    named = str(data.get("stateMachineArn") or "")
    base = stepfunctions._resolve_state_machine_arn(named)
    if base is None:
        return executions.refusal("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{named}'")
    machine, _ = executions.version_of(named, stepfunctions._state_machines[base])
    if machine.get("type") != "EXPRESS":
        return executions.refusal(
            "StateMachineTypeNotSupported", "This operation is not supported by this type of state machine"
        )
    refused = executions.check_request(data)
    if refused:
        return refused
    try:
        execution = _make(machine, data)
    except InvalidDefinitionError as error:
        return executions.refusal("ValidationException", str(error))
    began = time.monotonic()
    execute(execution)
    return json_response(_answer(execution.record, (time.monotonic() - began) * 1000))


def _answer(record: dict[str, Any], millis: float) -> dict[str, Any]:
    shown = executions.description(record)
    shown["billingDetails"] = {
        "billedMemoryUsedInMB": 64,
        "billedDurationInMilliseconds": max(100, math.ceil(millis / 100) * 100),
    }
    return shown


def install() -> None:
    replace(stepfunctions, "_start_sync_execution", _start_sync)
