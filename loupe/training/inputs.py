"""A training execution's inputs, from what the command is given; wrong ones are named before any upload."""

import contextlib
import io
import re
from typing import Any

from loupe.errors import InputError
from model.errors import HyperparameterError
from model.hyperparameters import Hyperparameters
from model.prepare import argument_parser

ENDPOINT_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")


def hyperparameters_from(given: tuple[str, ...], epochs: int | None, seed: int | None) -> dict[str, str]:
    """As SageMaker wants them: strings. InputError for one that the training would refuse."""
    found = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not equals:
            raise InputError(f"--set {text}: write NAME=VALUE, such as learning_rate=0.002.")
        found[key.strip()] = value.strip()
    if "name" in found:
        raise InputError("--set name=…: the option --name gives the model's name.")
    found |= {key: str(value) for key, value in (("epochs", epochs), ("seed", seed)) if value is not None}
    try:
        Hyperparameters.parse(found)
    except HyperparameterError as error:
        raise InputError(f"{str(error)[:1].upper()}{str(error)[1:]}.") from error
    return found


def preparation_from(given: tuple[str, ...], labels: str | None) -> dict[str, str | bool]:
    """Options of model.prepare: a value, or true for a flag. InputError for one that it would refuse."""
    prepared: dict[str, str | bool] = {}
    for text in given:
        key, equals, value = text.partition("=")
        prepared[key.strip().lstrip("-").replace("_", "-")] = value.strip() if equals else True
    prepared |= {"labels": labels} if labels else {}
    check_preparation(prepared)
    return prepared


def check_preparation(prepared: dict[str, str | bool]) -> None:
    """InputError for options that model.prepare would refuse."""
    arguments = [f"--{key}" if value is True else f"--{key}={value}" for key, value in prepared.items()]
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            argument_parser().parse_args(arguments)
    except SystemExit:
        reason = said.getvalue().strip().rpartition("error: ")[2]
        raise InputError(f"--prepare: {reason}.") from None


def options_of(
    hyperparameters: dict[str, str],
    minimum_accuracy: float | None,
    endpoint: str | None,
    no_deploy: bool,
    replace: str | None,
    preparation: dict[str, str | bool],
) -> dict[str, Any]:
    """The execution's optional inputs, where they are given. InputError for a name no endpoint may have."""
    if endpoint is not None and not ENDPOINT_NAME.fullmatch(endpoint):
        raise InputError(f"--endpoint {endpoint}: use letters, digits and hyphens, at most 63.")
    options = {
        "hyperparameters": hyperparameters or None,
        "minimumAccuracy": minimum_accuracy,
        "endpointName": endpoint,
        "deploy": False if no_deploy else None,
        "replace": replace,
        "preparation": preparation or None,
    }
    return {key: value for key, value in options.items() if value is not None}
