"""Expressions of states evaluated with values bound.

AWS: an expression sees `$states` (`input`, `context`, and where they exist `result` and `errorOutput`) and
the variables in scope; one that cannot be evaluated, or yields nothing, fails the state with
States.QueryEvaluationError.
moto: spells all values into the expression as text, so that a quote or a newline in the data breaks it.
"""

from functools import lru_cache
from typing import Any

from moto.stepfunctions.parser.asl.component.common.path import result_path
from moto.stepfunctions.parser.asl.component.common.string.string_expression import (
    StringJSONata,
    StringVariableSample,
)
from moto.stepfunctions.parser.asl.eval.states import States
from moto.stepfunctions.parser.asl.utils import json_path

from local.states import failures, jsonata_engine
from local.states.patching import replace


def bindings(env: Any) -> dict[str, Any]:
    """What an expression can refer to, by name without the `$`."""
    store = env.variable_store
    return {**store._outer_scope, **store._inner_scope, "states": env.states._states_data}


def _evaluate(self: Any, env: Any) -> None:
    try:
        value = jsonata_engine.evaluate(self.expression, bindings(env))
    except jsonata_engine.UnsupportedResultError as error:
        cause = f"The JSONata expression '{self.expression}' {error}."
        raise failures.failure(env, failures.QUERY, cause, failures.EVALUATION) from error
    except jsonata_engine.UndefinedResultError as error:
        cause = f"The JSONata expression '{self.expression}' {error}."
        raise failures.failure(env, failures.QUERY, cause, failures.EVALUATION) from error
    except jsonata_engine.JsonataError as error:
        cause = f"The JSONata expression '{self.expression}' threw an error during evaluation. {error}"
        raise failures.failure(env, failures.QUERY, cause, failures.EVALUATION) from error
    env.stack.append(value)


def _forget(self: Any, input_value: Any) -> None:
    """A new input: a former result or error doesn't exist any more (null would be a value)."""
    self._states_data["input"] = input_value
    self._states_data.pop("result", None)
    self._states_data.pop("errorOutput", None)


def install() -> None:
    replace(StringJSONata, "_eval_body", _evaluate)
    replace(StringVariableSample, "_eval_body", _evaluate)
    replace(States, "reset", _forget)
    # A parser's tables are made anew for each path otherwise, which costs more than all else in a Pass state.
    for module in (result_path, json_path):
        replace(module, "parse", lru_cache(maxsize=1024)(module.parse))
