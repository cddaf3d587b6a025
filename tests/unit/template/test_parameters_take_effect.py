"""A new value of a parameter alone reaches the functions: their alias gets a version with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from tests.unit.template.transformed import ROOT

TEMPLATES = ["template.yaml", *(f"{name}/template.yaml" for name in ("training", "batch", "review", "site"))]
# Lists that may be longer than a version's description, and a core that a stack is hardly moved from.
LEFT_OUT = {"ModelLabels", "ReviewLabels", "CoreStackName"}


def references(value: Any) -> Iterator[str]:
    """Parameters and resources that a value refers to by Ref or Sub."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "Ref":
                yield inner
            elif key == "Fn::Sub":
                text, names = (inner, {}) if isinstance(inner, str) else inner
                yield from re.findall(r"\$\{(\w+)\}", text)
                yield from references(names)
            else:
                yield from references(inner)
    elif isinstance(value, list):
        for each in value:
            yield from references(each)


def functions(template: str) -> list[tuple[str, dict[str, Any]]]:
    resources = yaml_parse((ROOT / template).read_text(encoding="utf-8"))["Resources"]
    return [
        (name, each["Properties"])
        for name, each in resources.items()
        if each["Type"] == "AWS::Serverless::Function"
    ]


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_version_is_described_by_the_parameters_in_its_environment(template: str) -> None:
    parameters = set(yaml_parse((ROOT / template).read_text(encoding="utf-8"))["Parameters"])
    found = 0
    for name, properties in functions(template):
        used = set(references(properties.get("Environment", {}))) & parameters
        described = set(references(properties.get("VersionDescription", "")))
        # What is described and not used would ask for a version where nothing has changed: AWS refuses it.
        assert used - LEFT_OUT <= described <= used, name
        found += len(described)
    assert found
