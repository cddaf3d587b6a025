"""The input of train_model, checked."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from loupe_core.errors import InvalidInputError

URI = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(?P<prefix>.*))?", re.DOTALL)
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,62}")
ENDPOINT_NAME = re.compile(r"[A-Za-z0-9](-*[A-Za-z0-9]){0,62}")
DEFAULT_NAME = "model"
# When a new model takes a live one's place: if it is not worse on the same pictures, or whatever it is.
IF_NOT_WORSE, ALWAYS = "if-not-worse", "always"


@dataclass(frozen=True)
class Place:
    """A bucket and a prefix that ends in a slash, or is empty."""

    bucket: str
    prefix: str

    @classmethod
    def parse(cls, uri: str) -> "Place":
        """Of an S3 URI that `URI` matches; a folder's name needs no slash at its end."""
        match = URI.fullmatch(uri)
        if match is None:
            raise InvalidInputError(f"{uri} is no S3 URI such as s3://bucket/prefix/.")
        prefix = match["prefix"] or ""
        return cls(match["bucket"], prefix if not prefix or prefix.endswith("/") else prefix + "/")

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}"


@dataclass(frozen=True)
class TrainingRequest:
    """What a person or the command asks for; `minimum_accuracy` is a share of 1, None the stack's."""

    source: str
    name: str = DEFAULT_NAME
    endpoint: str | None = None
    minimum_accuracy: float | None = None
    deploy: bool = True
    replace: str = IF_NOT_WORSE
    backbone: str | None = None
    reviewed: str | None = None
    hyperparameters: dict[str, str] = field(default_factory=dict)
    preparation: list[str] = field(default_factory=list)

    @classmethod
    def parse(cls, given: Any) -> "TrainingRequest":
        """Raises InvalidInputError, which names what is wrong."""
        found: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
        problem = _problem(found)
        if problem:
            raise InvalidInputError(f"{problem}.")
        return cls(
            source=found["source"],
            name=found.get("name", DEFAULT_NAME),
            endpoint=found.get("endpointName"),
            minimum_accuracy=found.get("minimumAccuracy"),
            deploy=found.get("deploy", True),
            replace=found.get("replace", IF_NOT_WORSE),
            backbone=found.get("backbone"),
            reviewed=found.get("reviewed"),
            hyperparameters={key: _text(value) for key, value in found.get("hyperparameters", {}).items()},
            preparation=_options(found.get("preparation", {})),
        )


def _problem(given: Mapping[str, Any]) -> str | None:
    """What is wrong with the input, the first of it; None if nothing is."""
    accuracy = given.get("minimumAccuracy", 0)
    number = isinstance(accuracy, int | float) and not isinstance(accuracy, bool)
    checks = (
        (_matches(URI, given.get("source")), "source must be an S3 URI such as s3://bucket/prefix/"),
        (
            "name" not in given or _matches(NAME, given["name"]),
            "name must be letters, digits and hyphens, at most 63",
        ),
        (
            "endpointName" not in given or _matches(ENDPOINT_NAME, given["endpointName"]),
            "endpointName must be letters, digits and hyphens, at most 63",
        ),
        (number and 0 <= accuracy <= 1, "minimumAccuracy must be a number from 0 to 1"),
        (isinstance(given.get("deploy", True), bool), "deploy must be true or false"),
        (
            given.get("replace", ALWAYS) in (IF_NOT_WORSE, ALWAYS),
            f"replace must be {IF_NOT_WORSE} or {ALWAYS}",
        ),
        (
            "backbone" not in given or _matches(URI, given["backbone"]),
            "backbone must be an S3 URI such as s3://bucket/weights/",
        ),
        (
            "reviewed" not in given or _matches(URI, given["reviewed"]),
            "reviewed must be an S3 URI such as s3://bucket/reviewed/1234/",
        ),
        (isinstance(given.get("hyperparameters", {}), dict), "hyperparameters must be an object"),
        (isinstance(given.get("preparation", {}), dict), "preparation must be an object"),
    )
    return next((message for holds, message in checks if not holds), None)


def _matches(pattern: re.Pattern[str], value: Any) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _options(given: Mapping[str, Any]) -> list[str]:
    """model.prepare's arguments: `--key value`, or `--key` where the value is true."""
    found: list[str] = []
    for key, value in given.items():
        found += [f"--{key}"] if value is True else [f"--{key}", _text(value)]
    return found


def _text(value: Any) -> str:
    """A hyperparameter as SageMaker takes it: a string, in JSON's spelling of what was none."""
    return value if isinstance(value, str) else json.dumps(value)
