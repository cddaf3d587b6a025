"""Fields given as JSON with expressions in it, for what moto's grammar doesn't parse."""

from typing import Any

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
    data = env.states.context_object.context_object_data if item.startswith("$$") else env.states.get_input()
    path = item[1:] if item.startswith("$$") else item
    try:
        return key[:-2], data if path == "$" else extract_json(path, data)
    except NoSuchJsonPathError as error:
        raise failures.failure(
            env, failures.RUNTIME, f"The JSONPath '{item}' could not be found in the input."
        ) from error


def whole(env: Any, value: Any, jsonata: bool, name: str) -> int | None:
    """A whole number of 0 or more, None where the field is missing."""
    if value is None:
        return None
    number = evaluate(env, value, jsonata)
    if not isinstance(number, int | float) or isinstance(number, bool) or number < 0 or number != int(number):
        raise failures.failure(
            env,
            failures.QUERY,
            f"The field '{name}' must be a whole number of 0 or more.",
            failures.EVALUATION,
        )
    return int(number)
