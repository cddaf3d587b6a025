"""JSONata as Step Functions evaluates it: values are bound, not spelled into the expression's text.

AWS: JSONata 2.0.6 without `$eval`, with `$partition`, `$range`, `$hash`, `$random([seed])`, `$uuid` and
`$parse` added; an expression that yields nothing, a function or a number JSON has no word for is a
States.QueryEvaluationError.
moto: evaluates nothing (it expects a JVM), and writes every variable into the expression as text without
escaping.
"""

import copy
import math
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jsonata import jexception
from jsonata.jsonata import Jsonata
from jsonata.utils import Utils

from local.states.jsonata_functions import FUNCTIONS

EVALUATION_SECONDS = 10.0
RECURSION_LIMIT = 500
_MAX_CACHED_EXPRESSION = 16_384


class JsonataError(Exception):
    """An expression that cannot be parsed or evaluated; the message is the reason."""


class UndefinedResultError(JsonataError):
    """The expression yields nothing."""


class UnsupportedResultError(JsonataError):
    """The expression yields what JSON cannot hold: a function, a regular expression, an infinite number."""


def check(expression: str) -> None:
    """Parses an expression; raises JsonataError with the parser's reason if it is malformed."""
    compiled = _compile(expression)
    if compiled.errors:
        raise JsonataError(str(compiled.errors[0]))
    if _calls_eval(compiled.ast):
        raise JsonataError("The function $eval is not supported, use $parse")


def evaluate(expression: str, variables: Mapping[str, Any]) -> Any:
    """The expression's value as plain JSON data, with `variables` bound (`{"states": …}` is `$states`)."""
    cached = _compile(expression) if len(expression) <= _MAX_CACHED_EXPRESSION else _parse(expression)
    # An instance remembers its last environment: each evaluation gets a copy of the untouched one.
    program = copy.copy(cached)
    program.set_output_convert_nulls(False)
    Jsonata.CURRENT.jsonata = program
    # A variable that holds null: None alone would mean that there is no such variable.
    bindings = {
        **_FUNCTION_BINDINGS,
        **{k: Utils.NULL_VALUE if v is None else v for k, v in variables.items()},
    }
    try:
        frame = Jsonata.Frame(None)
        _bound(frame)
        for name, value in bindings.items():
            frame.bind(name, value)
        result = program.evaluate(None, frame)
    except jexception.JException as error:
        raise JsonataError(str(error)) from error
    except (
        TypeError,
        ValueError,
        KeyError,
        IndexError,
        AttributeError,
        OverflowError,
        RecursionError,
    ) as error:
        # The library lets Python's own errors through where its JavaScript original raises a typed one.
        raise JsonataError(str(error) or type(error).__name__) from error
    if result is None:
        raise UndefinedResultError("returned nothing (undefined)")
    return _plain(result)


def _bound(frame: Any) -> None:
    """Ends an evaluation that recurses too deep or works too long; time is the thread's own, so that a busy
    machine ends none, and is looked at now and then only: the library's own clock takes a third of the time.
    """
    depth = steps = 0
    end = time.thread_time() + EVALUATION_SECONDS

    def enter(_expression: Any, _input: Any, environment: Any) -> None:
        nonlocal depth, steps
        if environment.is_parallel_call:
            return
        depth += 1
        steps += 1
        if depth > RECURSION_LIMIT:
            raise jexception.JException("D1011", -1)
        if steps % 1024 == 0 and time.thread_time() > end:
            raise jexception.JException("D1012", -1, int(EVALUATION_SECONDS * 1000))

    def leave(_expression: Any, _input: Any, environment: Any, _result: Any) -> None:
        nonlocal depth
        if not environment.is_parallel_call:
            depth -= 1

    frame.set_evaluate_entry_callback(enter)
    frame.set_evaluate_exit_callback(leave)


def _parse(expression: str) -> Any:
    try:
        return Jsonata.jsonata(expression)
    except jexception.JException as error:
        raise JsonataError(str(error)) from error
    except (TypeError, ValueError, AttributeError, IndexError, RecursionError) as error:
        raise JsonataError(f"Syntax error: {error}") from error


_compile = lru_cache(maxsize=2048)(_parse)
_FUNCTION_BINDINGS = {name: Jsonata.JLambda(function) for name, function in FUNCTIONS.items()}


def _plain(value: Any) -> Any:
    """The value without the library's list and null types; whole numbers are ints, as in JavaScript."""
    if value is Utils.NULL_VALUE or value is None:
        return None
    if isinstance(value, bool | str | int):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise UnsupportedResultError("returned an unsupported result type")
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, Utils.RangeList):
        return list(range(value.a, value.b + 1))
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    raise UnsupportedResultError("returned an unsupported result type")


def _calls_eval(node: Any, seen: set[int] | None = None) -> bool:
    """Whether a parsed expression calls `$eval` anywhere."""
    seen = set() if seen is None else seen
    if id(node) in seen:
        return False
    seen.add(id(node))
    if isinstance(node, list | tuple):
        return any(_calls_eval(item, seen) for item in node)
    if not hasattr(node, "__dict__"):
        return False
    if getattr(node, "type", None) == "variable" and getattr(node, "value", None) == "eval":
        return True
    return any(_calls_eval(item, seen) for item in vars(node).values())
