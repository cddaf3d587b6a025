"""Whoever may make roles only within a boundary can deploy every template."""

from __future__ import annotations

import pytest

from loupe.stacks import STACKS
from loupe.templates import parameter_names
from tests.unit.template.transformed import ROOT, of_type, transformed

BOUNDARY = "arn:aws:iam::123456789012:policy/loupe-boundary"


@pytest.fixture(autouse=True)
def in_a_region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


@pytest.mark.parametrize("template", [each.template for each in STACKS])
def test_every_role_of_a_stack_takes_the_boundary(template: str) -> None:
    given = {"PermissionsBoundaryArn": BOUNDARY, "TrafficShifting": "Canary10Percent5Minutes"}
    has = parameter_names(ROOT / template)
    shifted = transformed(template, **{name: value for name, value in given.items() if name in has})
    roles = of_type(shifted, "AWS::IAM::Role")

    without = [name for name, body in roles.items() if "PermissionsBoundary" not in body["Properties"]]

    # A new role of the template needs, as the others:
    # PermissionsBoundary: !If [HasBoundary, !Ref PermissionsBoundaryArn, !Ref AWS::NoValue]
    assert without == []


def test_every_role_of_the_pipeline_has_the_boundary() -> None:
    roles = of_type(transformed("pipeline/template.yaml"), "AWS::IAM::Role")

    assert len(roles) >= 6
    assert {str(body["Properties"].get("PermissionsBoundary")) for body in roles.values()} == {
        "{'Ref': 'PermissionsBoundaryArn'}"
    }
