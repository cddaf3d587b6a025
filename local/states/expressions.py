"""Expressions of states evaluated with values bound: the one place where a query can fail.

AWS: an expression sees `$states` (`input`, `context`, and where they exist `result` and `errorOutput`) and
the variables in scope; one that cannot be evaluated, yields nothing or yields another type than its field
takes fails the state with States.QueryEvaluationError, whose cause names the expression and its field.
moto: spells all values into the expression as text, so that a quote or a newline in the data breaks it, and
does not know fields.
"""

import json
from functools import lru_cache
from typing import Any

from moto.stepfunctions.parser.asl.component.common.path import result_path
from moto.stepfunctions.parser.asl.component.common.string.string_expression import (
    StringJSONata,
    StringVariableSample,
)
from moto.stepfunctions.parser.asl.component.common.timeouts.heartbeat import HeartbeatSecondsJSONata
from moto.stepfunctions.parser.asl.component.common.timeouts.timeout import TimeoutSecondsJSONata
from moto.stepfunctions.parser.asl.component.state.exec.state_map.max_concurrency import MaxConcurrencyJSONata
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.seconds import SecondsJSONata
from moto.stepfunctions.parser.asl.eval.states import States
from moto.stepfunctions.parser.asl.utils import json_path

from local.states import failures, jsonata_engine
from local.states.patching import replace

_JSON_TYPES = {str: "string", bool: "boolean", int: "number", float: "number", list: "array", dict: "object"}


def evaluate(env: Any, expression: str) -> Any:
    """The expression's value; raises the state's failure."""
    store = env.variable_store
    bindings = {**store._outer_scope, **store._inner_scope, "states": env.states._states_data}
    try:
        return jsonata_engine.evaluate(expression, bindings)
    except (jsonata_engine.UndefinedResultError, jsonata_engine.UnsupportedResultError) as error:
        raise _failure(env, expression, str(error)) from error
    except jsonata_engine.JsonataError as error:
        raise _failure(env, expression, f"threw an error during evaluation. {error}") from error


def _failure(env: Any, expression: str, reason: str) -> Any:
    field = env.aws_execution_details.fields.get((env.next_state_name, expression))
    place = f" specified for the field '{field}'" if field else ""
    location = {"location": field} if field else {}
    end = "" if reason.endswith(".") else "."
    cause = f"The JSONata expression '{expression}'{place} {reason}{end}"
    return failures.failure(env, failures.QUERY, cause, failures.EVALUATION, **location)


def unexpected(env: Any, expression: str, expected: str, value: Any) -> Any:
    """The failure of an expression whose value its field cannot take."""
    kind = "null" if value is None else _JSON_TYPES.get(type(value), "object")
    text = json.dumps(value, ensure_ascii=False)
    reason = f"returned an unexpected result type. Expected '{expected}', but was '{kind}' for value: {text}"
    return _failure(env, expression, reason)


def whole(env: Any, expression: str, least: int) -> int:
    """The value of a field that takes whole numbers from `least` on."""
    value = evaluate(env, expression)
    if not isinstance(value, int | float) or isinstance(value, bool) or value != int(value):
        raise unexpected(env, expression, "integer", value)
    if value < least:
        raise _failure(env, expression, f"returned a value outside the acceptable range: {value}")
    return int(value)


def _evaluate(self: Any, env: Any) -> None:
    env.stack.append(evaluate(env, self.expression))


def _whole_field(least: int) -> Any:
    return lambda self, env: whole(env, self.string_jsonata.expression, least)


def _forget(self: Any, input_value: Any) -> None:
    """A new input: a former result or error doesn't exist any more (null would be a value)."""
    self._states_data["input"] = input_value
    self._states_data.pop("result", None)
    self._states_data.pop("errorOutput", None)


def install() -> None:
    replace(StringJSONata, "_eval_body", _evaluate)
    replace(StringVariableSample, "_eval_body", _evaluate)
    replace(TimeoutSecondsJSONata, "_eval_seconds", _whole_field(1))
    replace(HeartbeatSecondsJSONata, "_eval_seconds", _whole_field(1))
    replace(SecondsJSONata, "_get_wait_seconds", _whole_field(0))
    replace(MaxConcurrencyJSONata, "_eval_max_concurrency", _whole_field(0))
    replace(States, "reset", _forget)
    # A parser's tables are made anew for each path otherwise, which costs more than all else in a Pass state.
    for module in (result_path, json_path):
        replace(module, "parse", lru_cache(maxsize=1024)(module.parse))
