"""Fields given as JSON with expressions in it, for what moto's grammar doesn't parse."""

import contextlib
from typing import Any

from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEventException
from moto.stepfunctions.parser.asl.utils.json_path import NoSuchJsonPathError, extract_json

from local.states import expressions, failures


def evaluate(env: Any, value: Any, jsonata: bool) -> Any:
    """The value with its expressions evaluated: `{% … %}` in JSONata, members named `….$` in JSONPath."""
    if isinstance(value, dict):
        return dict(_member(env, key, item, jsonata) for key, item in value.items())
    if isinstance(value, list):
        return [evaluate(env, item, jsonata) for item in value]
    if jsonata and isinstance(value, str) and value.startswith("{%") and value.endswith("%}"):
        return expressions.evaluate(env, value[2:-2].strip())
    return value


def _member(env: Any, key: str, item: Any, jsonata: bool) -> tuple[str, Any]:
    if jsonata or not key.endswith(".$"):
        return key, evaluate(env, item, jsonata)
    return key[:-2], _selected(env, item)


def _selected(env: Any, path: str) -> Any:
    """What a path selects of the state's input, or of the context (`$$.…`)."""
    data = env.states.context_object.context_object_data if path.startswith("$$") else env.states.get_input()
    inner = path[1:] if path.startswith("$$") else path
    try:
        return data if inner == "$" else extract_json(inner, data)
    except NoSuchJsonPathError as error:
        cause = f"The JSONPath '{path}' could not be found in the input."
        raise failures.failure(env, failures.RUNTIME, cause, failures.EXECUTION) from error


def number(
    env: Any, fields: dict[str, Any], name: str, jsonata: bool, negative: str = failures.RUNTIME
) -> float | None:
    """A number of 0 or more that a field gives, or in JSONPath the field `<name>Path`; None where neither is.

    AWS: a JSONata field that gives no such number is States.QueryEvaluationError; a path that selects none is
    States.Runtime, one that selects a negative number is `negative`.
    """
    path = None if jsonata else fields.get(f"{name}Path")
    if path is not None:
        return _by_path(env, path, f"{name}Path", negative)
    value = fields.get(name)
    found = evaluate(env, value, jsonata)
    if found is None or _is_number(found):
        return found  # type: ignore[no-any-return]
    cause = f"The field '{name}' must be a number of 0 or more."
    raise invalid(env, cause, jsonata)


def invalid(env: Any, cause: str, jsonata: bool) -> FailureEventException:
    """The failure of a field whose value it cannot take."""
    if jsonata:
        return failures.failure(env, failures.QUERY, cause, failures.EVALUATION)
    return failures.failure(env, failures.RUNTIME, cause, failures.EXECUTION)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def _by_path(env: Any, path: str, name: str, negative: str) -> float:
    value = _selected(env, path)
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        cause = f'The {name} field refers to value "{value}" which is not a valid number: {path}'
        raise invalid(env, cause, jsonata=False)
    if value < 0:
        cause = f"The {name} field refers to a negative value: {value}"
        if negative == failures.RUNTIME:
            raise invalid(env, cause, jsonata=False)
        raise failures.inner_failure(env, negative, cause)
    return value


def whole(
    env: Any, fields: dict[str, Any], name: str, jsonata: bool, negative: str = failures.RUNTIME
) -> int | None:
    """`number`, whole."""
    found = number(env, fields, name, jsonata, negative)
    if found is not None and found != int(found):
        raise invalid(env, f"The field '{name}' must be a whole number of 0 or more.", jsonata)
    return None if found is None else int(found)
