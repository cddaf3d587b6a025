"""RedriveExecution: goes on with a failed execution from the state it failed in.

AWS: the state that failed, timed out or was aborted runs again with its former input and the variables of
then, by the definition the execution was started with; the history goes on with ExecutionRedriven.
(AWS runs only the failed branches of a Parallel and children of a map again; here the whole state does.)
MiniStack: no such action.
"""

from typing import Any

from ministack.core.responses import json_response, now_iso
from ministack.services import stepfunctions

from local.states import executions, status_events
from local.states.archive import Record
from local.states.definitions import InvalidDefinitionError, remembered


def redrive(data: dict[str, Any]) -> Any:
    arn = str(data.get("executionArn") or "")
    record = stepfunctions._executions.get(arn)
    if record is None:
        return executions.refusal("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")
    machine = stepfunctions._state_machines.get(record["stateMachineArn"])
    if (
        status_events.detail(record)["redriveStatus"] != "REDRIVABLE"
        or not record.get("_entered")
        or not machine
    ):
        reason = f"Execution is {record['status']} and cannot be redriven"
        return executions.refusal("ExecutionNotRedrivable", reason)
    machine, _ = executions.version_of(
        record.get("stateMachineVersionArn") or record["stateMachineArn"], machine
    )
    machine = {**machine, "definition": remembered(record.get("_revision", "")) or machine["definition"]}
    if isinstance(record, Record):
        record.restore()
    former = {key: record[key] for key in ("status", "stopDate", "error", "cause")}
    moment = now_iso()
    record.update(
        status="RUNNING",
        stopDate=None,
        error=None,
        cause=None,
        redriveDate=moment,
        redriveCount=record.get("redriveCount", 0) + 1,
    )
    try:
        execution = executions.make(machine, record)
    except InvalidDefinitionError as error:
        record.update(former)
        return executions.refusal("ExecutionNotRedrivable", str(error))
    executions.launch(execution)
    return json_response({"redriveDate": moment})
