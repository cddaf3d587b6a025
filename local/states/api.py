"""Requests as the API takes them: which ARNs it knows, and the actions that MiniStack lacks.

AWS: an ARN that is none, or of another kind of resource, is InvalidArn; a state machine that isn't there is
deleted all the same; DescribeStateMachine names the variables that states refer to.
MiniStack: looks every ARN up and says that it does not exist; has no RedriveExecution.
"""

import json
import re
from typing import Any

from ministack.core.responses import error_response_json, json_response
from ministack.services import stepfunctions
from moto.stepfunctions.parser.asl.static_analyser.variable_references_static_analyser import (
    VariableReferencesStaticAnalyser,
)

from local.states import redrive
from local.states.patching import replace

_ARN = re.compile(r"arn:aws[a-z-]*:states:[a-z0-9-]+:\d{12}:([A-Za-z]+):.+", re.DOTALL)
_KINDS = {
    "stateMachineArn": {"stateMachine"},
    "stateMachineVersionArn": {"stateMachine"},
    "stateMachineAliasArn": {"stateMachine"},
    "executionArn": {"execution", "express"},
    "mapRunArn": {"mapRun"},
    "activityArn": {"activity"},
}
_OWN_ACTIONS = {"RedriveExecution": redrive.redrive}


def _check_arns(data: dict[str, Any]) -> Any:
    """The answer that refuses an ARN, None if all are right."""
    for member, kinds in _KINDS.items():
        arn = data.get(member)
        if arn is None:
            continue
        parsed = _ARN.fullmatch(str(arn))
        if parsed is None:
            return error_response_json("InvalidArn", f"Invalid Arn: 'Invalid ARN: {arn}'", 400)
        if parsed[1] not in kinds:
            reason = f"Resource type not valid in this context: {parsed[1]}"
            return error_response_json("InvalidArn", f"Invalid Arn: '{reason}'", 400)
    return None


async def _handle(method: str, path: str, headers: Any, body: Any, query_params: Any) -> Any:
    action = str(headers.get("x-amz-target", "")).rpartition(".")[2]
    try:
        data = json.loads(body or b"{}")
    except ValueError:
        data = {}  # refused by the handler
    refused = _check_arns(data)
    if refused:
        return stepfunctions._finalize_response(refused)
    if action in _OWN_ACTIONS:
        return stepfunctions._finalize_response(_OWN_ACTIONS[action](data))
    return await _handle_others(method, path, headers, body, query_params)


def _delete(data: dict[str, Any]) -> Any:
    if data.get("stateMachineArn") not in stepfunctions._state_machines:
        return json_response({})
    return _delete_known(data)


def _describe(data: dict[str, Any]) -> Any:
    status, headers, body = _describe_known(data)
    if status != 200:
        return status, headers, body
    machine = json.loads(body)
    machine.setdefault("tracingConfiguration", {"enabled": False})
    machine["variableReferences"] = VariableReferencesStaticAnalyser.process_and_get(machine["definition"])
    return json_response(machine)


_handle_others = stepfunctions.handle_request
_delete_known = stepfunctions._delete_state_machine
_describe_known = stepfunctions._describe_state_machine


def install() -> None:
    replace(stepfunctions, "handle_request", _handle)
    replace(stepfunctions, "_delete_state_machine", _delete)
    replace(stepfunctions, "_describe_state_machine", _describe)
