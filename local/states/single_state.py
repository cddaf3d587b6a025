"""TestState: one state by itself, in the interpreter that runs executions.

AWS: the state may be alone or one of a machine's (`stateName`); `variables` and `context` are given to it;
`mock` stands for what a service, a Map's or a Parallel's children answer, without which jobs, tokens,
activities, Maps and Parallels can't be tested; an error that a Retry would retry ends RETRIABLE, one that a
Catch catches CAUGHT_ERROR. DEBUG and TRACE show what each step made of the data.
Here `fieldValidationMode` is not looked at: a mocked result is taken as it is.
MiniStack: an interpreter of its own, without variables, Map and Parallel.
Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_TestState.html
"""

import json
from dataclasses import dataclass, field
from typing import Any

from ministack.core.responses import error_response_json, get_account_id, get_region, json_response, new_uuid
from ministack.services import stepfunctions
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEventException
from moto.stepfunctions.parser.asl.component.common.parargs import Arguments, Parameters
from moto.stepfunctions.parser.asl.component.common.path.input_path import InputPath
from moto.stepfunctions.parser.asl.component.common.path.items_path import ItemsPath
from moto.stepfunctions.parser.asl.component.common.path.result_path import ResultPath
from moto.stepfunctions.parser.asl.component.common.result_selector import ResultSelector
from moto.stepfunctions.parser.asl.component.state.state_pass.result import Result
from moto.stepfunctions.parser.asl.eval.program_state import ProgramEnded

from local.states import definitions, executions, failures, shapes
from local.states.engine import Execution
from local.states.patching import replace
from local.states.probe import Probe, RetriableError
from local.states.run import Run

_ALONE = "TestState"
# What is shown of a state's data: the component that makes it, the state's field, the name in inspectionData.
_SHOWN = (
    (InputPath, "InputPath", "afterInputPath"),
    (Parameters, "Parameters", "afterParameters"),
    (Arguments, "Arguments", "afterArguments"),
    (ItemsPath, "ItemsPath", "afterItemsPath"),
    (Result, "Result", "result"),
    (ResultSelector, "ResultSelector", "afterResultSelector"),
    (ResultPath, "ResultPath", "afterResultPath"),
)


class _RefusedError(Exception):
    """The request can't be tested: the error's code and message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class _Case:
    """A request that has been read: a machine of the state and its targets, and what is given to it."""

    name: str
    state: dict[str, Any]
    document: dict[str, Any]
    given: Any
    variables: dict[str, Any] = field(default_factory=dict)
    context: dict[str, Any] = field(default_factory=dict)


def _json(data: dict[str, Any], member: str, default: Any, code: str = "ValidationException") -> Any:
    text = data.get(member)
    if text is None:
        return default
    try:
        value = json.loads(text)
    except ValueError as error:
        raise _RefusedError(code, f"Invalid {member}: '{error}'") from error
    if isinstance(default, dict) and member != "input" and not isinstance(value, dict):
        raise _RefusedError(code, f"Invalid {member}: it must be a JSON object")
    return value


def _found(machine: dict[str, Any], name: str) -> dict[str, Any] | None:
    """A state by its name, also within branches and processors."""
    for each, state in machine.get("States", {}).items():
        if each == name:
            return dict(state)
        for inner in (*state.get("Branches", []), state.get("ItemProcessor") or state.get("Iterator") or {}):
            if (found := _found(inner, name)) is not None:
                return found
    return None


def _case(data: dict[str, Any]) -> _Case:
    document = _json(data, "definition", {}, "InvalidDefinition")
    name, state = data.get("stateName") or _ALONE, document
    if "States" in document:
        name = data.get("stateName") or document.get("StartAt")
        state = _found(document, name)
        if state is None:
            raise _RefusedError("ValidationException", f"State '{name}' not found in definition")
    elif data.get("stateName"):
        raise _RefusedError("ValidationException", "stateName needs a state machine's definition")
    _check(state, data)
    targets = {target for _, target in definitions._targets(state)}
    machine = {
        "QueryLanguage": document.get("QueryLanguage", "JSONPath") if "States" in document else "JSONPath",
        "StartAt": name,
        "States": {**{target: {"Type": "Succeed"} for target in targets}, name: state},
    }
    return _Case(
        name,
        state,
        machine,
        _json(data, "input", {}, "InvalidExecutionInput"),
        _json(data, "variables", {}),
        _json(data, "context", {}),
    )


def _check(state: dict[str, Any], data: dict[str, Any]) -> None:
    """Refuses what can be tested with a mock only, and a call of a service that nobody makes."""
    kind, resource = state.get("Type"), str(state.get("Resource", ""))
    if data.get("mock"):
        return
    if kind in ("Map", "Parallel"):
        raise _RefusedError("InvalidDefinition", f"State type '{kind}' is not supported without a mock")
    if kind == "Task" and (
        ":activity:" in resource or ".sync" in resource or ".waitForTaskToken" in resource
    ):
        raise _RefusedError("InvalidDefinition", f"The resource {resource} is not supported without a mock")
    if kind == "Task" and not data.get("roleArn"):
        raise _RefusedError("ValidationException", "RoleArn must be specified when testing a Task state")


def _execution(case: _Case, data: dict[str, Any]) -> Execution:
    arn = f"arn:aws:states:{get_region()}:{get_account_id()}"
    machine = {
        "stateMachineArn": f"{arn}:stateMachine:{_ALONE}",
        "name": _ALONE,
        "roleArn": data.get("roleArn") or f"arn:aws:iam::{get_account_id()}:role/{_ALONE}",
        "revisionId": new_uuid(),
        "loggingConfiguration": {"level": "OFF"},
    }
    given = {"input": shapes.compact(case.given)}
    record = executions.new_record(machine, f"{arn}:execution:{_ALONE}:{new_uuid()}", _ALONE, given)
    parsed = definitions.parse(json.dumps(case.document))
    run = Run(record, machine, get_account_id(), get_region(), executions.slots, parsed)
    run.probe = Probe(case.state, data.get("mock") or {}, data.get("stateConfiguration") or {})
    execution = Execution(run)
    env = execution._env
    env.states.reset(input_value=case.given)
    env.states.context_object.context_object_data.update(case.context)
    env.variable_store._inner_scope.update(case.variables)
    return execution


def _outcome(case: _Case, execution: Execution) -> dict[str, Any]:
    """Status, output or error, and the state that would follow."""
    env, probe = execution._env, execution.run.probe
    assert probe is not None
    try:
        execution.run.program._get_state(case.name).eval(env)
    except RetriableError as error:
        return {"status": "RETRIABLE", **error.pair}
    except FailureEventException as error:
        return {"status": "FAILED", **(error.get_execution_failed_event_details() or {})}
    except Exception as error:  # whatever the interpreter trips over is the state's failure, as in a run
        return {"status": "FAILED", "error": failures.RUNTIME, "cause": str(error)}
    output = shapes.compact(env.states.get_input())
    ended = isinstance(env.program_state(), ProgramEnded)
    following = {} if ended else {"nextState": env.next_state_name}
    if probe.caught is not None:
        return {"status": "CAUGHT_ERROR", "output": output, **probe.caught, **following}
    return {"status": "SUCCEEDED", "output": output, **following}


def _test(data: dict[str, Any]) -> Any:
    try:
        case = _case(data)
        execution = _execution(case, data)
    except _RefusedError as error:
        return error_response_json(error.code, str(error), 400)
    except definitions.InvalidDefinitionError as error:
        return error_response_json("InvalidDefinition", f"Invalid State Machine Definition: '{error}'", 400)
    answer = _outcome(case, execution)
    if data.get("inspectionLevel") in ("DEBUG", "TRACE"):
        assert execution.run.probe is not None
        shown = execution.run.probe.shown
        variables = execution._env.variable_store._inner_scope
        answer["inspectionData"] = {
            "input": shapes.compact(case.given),
            **shown,
            **({"variables": shapes.compact(variables)} if variables else {}),
        }
    return json_response(answer)


def _noting(former: Any, name: str, key: str) -> Any:
    def evaluate_and_note(self: Any, env: Any) -> None:
        former(self, env)
        probe = env.aws_execution_details.probe
        if probe is not None and name in probe.state and env.stack:
            probe.shown[key] = shapes.compact(env.stack[-1])

    return evaluate_and_note


def install() -> None:
    for component, name, key in _SHOWN:
        replace(component, "_eval_body", _noting(component._eval_body, name, key))
    replace(stepfunctions, "_test_state", _test)
