"""A new value of a parameter alone reaches the functions: their alias gets a version with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from loupe.templates import parameter_names
from tests.unit.template.rendered import rendered
from tests.unit.template.transformed import ROOT, yaml_parse

TEMPLATES = ["template.yaml", *(f"{name}/template.yaml" for name in ("training", "batch", "review", "site"))]
# Lists that may be longer than a version's description, and a core that a stack is hardly moved from.
MAX_DESCRIPTION = 256
LEFT_OUT = {"ModelLabels", "ReviewLabels", "CoreStackName"}


def references(value: Any) -> Iterator[str]:
    """Parameters and resources that a value refers to by Ref or Sub."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "Ref":
                yield inner
            elif key == "Fn::Sub":
                text, names = (inner, {}) if isinstance(inner, str) else inner
                yield from (name for name in re.findall(r"\$\{(\w+)\}", text) if name not in names)
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


# As long as names get with a core called like this.
CORE = "image-classification-production"
LAMBDA, STATES = (f"arn:aws:{service}:ap-southeast-2:123456789012" for service in ("lambda", "states"))
LONG = {
    "EndpointName": f"{CORE}-classifier",
    "ClassifierFunctionArn": f"{LAMBDA}:function:{CORE}-container-classify",
    "WebOrigin": "https://pictures.department.example.com",
    "PageUrl": "https://pictures.department.example.com",
    "ReviewsTableName": f"{CORE}-review-ReviewsTable-1ABCDEFGHIJKL",
    "BatchBucketName": f"{CORE}-batch-batchbucket-1abcdefghijkl"[:63],
    "TrainingBucketName": f"{CORE}-training-trainingbucket-1abcde",
    "TrainStateMachineArn": f"{STATES}:stateMachine:{CORE}-training-train-model",
}


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_versions_description_is_as_short_as_lambda_takes(template: str) -> None:
    given = {name: value for name, value in LONG.items() if name in parameter_names(ROOT / template)}

    versions = [
        each["Properties"]["Description"]
        for each in rendered(template, **given)["Resources"].values()
        if each["Type"] == "AWS::Lambda::Version" and "Description" in each["Properties"]
    ]

    assert versions
    assert [each for each in versions if len(each) > MAX_DESCRIPTION] == []


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
