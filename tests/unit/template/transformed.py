"""The template as CloudFormation sees it: through SAM's own transform."""

import pickle
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
FOLDERS = re.compile(r"(CodeUri|ContentUri|DefinitionUri): ([^\s,}]+)")


class NoManagedPolicies:
    """In place of AWS's list of managed policies; our templates name theirs by ARN."""

    def load(self) -> dict[str, str]:
        return {}


def yaml_parse(text: str) -> Any:
    """A template or another YAML file, as SAM reads it. SAM, which takes a second to import, waits for it."""
    from samtranslator.yaml_helper import yaml_parse as parse

    return parse(text)


def _parsed(text: str) -> Any:
    """A copy of its own: the transform changes what it is given."""
    return pickle.loads(_pickled(text))


@cache
def _pickled(text: str) -> bytes:
    # Reading YAML takes half as long as the transform, and each template is transformed a dozen times.
    return pickle.dumps(yaml_parse(text))


@cache
def transformed(
    template: str = "template.yaml", changed: str | None = None, **parameters: str
) -> Mapping[str, Any]:
    """The template after SAM's transform. Each folder stands as `sam package` leaves it, a place in S3; the
    content of `changed` is another than last time.
    """
    # Else an import cycle of the library shows.
    import samtranslator.translator.managed_policy_translator  # noqa: F401
    from samtranslator.translator.transform import transform

    def packaged(match: re.Match[str]) -> str:
        version = "second" if match[2] == changed else "first"
        return f"{match[1]}: s3://aws-sam-cli-managed-default-1/{match[2]}/{version}"

    text = FOLDERS.sub(packaged, (ROOT / template).read_text(encoding="utf-8"))
    result: Mapping[str, Any] = transform(_parsed(text), parameters, NoManagedPolicies())
    return result


def of_type(document: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Resources by logical id."""
    return {name: body for name, body in document["Resources"].items() if body["Type"] == kind}
