"""How an update takes over: through aliases that alarms hold back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.template.transformed import of_type, transformed

pytestmark = [
    # SAM's translator measures itself and says so when nobody publishes it.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.usefixtures("in_a_region"),
]
GRADUALLY = "Canary10Percent5Minutes"
# The core, and the stack whose functions answer people. Training's function is called once a training.
EACH = pytest.mark.parametrize("template", ["template.yaml", "site/template.yaml"])


@pytest.fixture
def in_a_region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


def versions(document: Any) -> set[str]:
    return set(of_type(document, "AWS::Lambda::Version"))


@EACH
def test_every_function_is_called_by_an_alias_of_a_published_version(template: str) -> None:
    document = transformed(template)

    functions = of_type(document, "AWS::Lambda::Function")
    aliases = of_type(document, "AWS::Lambda::Alias")
    assert {alias["Properties"]["FunctionName"]["Ref"] for alias in aliases.values()} == set(functions)
    assert {alias["Properties"]["Name"] for alias in aliases.values()} == {"live"}
    machines = of_type(document, "AWS::StepFunctions::StateMachine")
    called = set(_references([each["Properties"]["DefinitionSubstitutions"] for each in machines.values()]))
    assert called & set(aliases) or not machines
    assert not called & set(functions)


def test_the_workflow_may_invoke_its_functions_by_that_alias_only() -> None:
    text = json.dumps(of_type(transformed(), "AWS::IAM::Role")["WorkflowRole"])

    invoked = re.findall(r":function:\$\{AWS::StackName\}-([a-z-]+)(:\w+)?", text)
    assert invoked
    assert {qualifier for _, qualifier in invoked} == {":live"}


@pytest.mark.parametrize("folder", ["layers/core", "functions/filter_inference_data"])
def test_new_code_publishes_a_new_version_also_when_it_is_in_a_layer(folder: str) -> None:
    before, after = versions(transformed()), versions(transformed(changed=folder))

    replaced = {name.partition("Version")[0] for name in before - after}
    assert "FilterInferenceDataFunction" in replaced
    assert len(before) == len(after)


@EACH
def test_unchanged_code_publishes_nothing(template: str) -> None:
    assert versions(transformed(template)) == versions(transformed(template, TrafficShifting=GRADUALLY))


@EACH
def test_by_default_nothing_shifts_traffic(template: str) -> None:
    document = transformed(template)

    assert not of_type(document, "AWS::CodeDeploy::DeploymentGroup")
    for kind in ("Version", "Alias"):
        for resource in of_type(document, f"AWS::StepFunctions::StateMachine{kind}").values():
            assert resource["Condition"] == "ShiftsTraffic"


@EACH
def test_gradually_every_alias_waits_for_the_alarm_of_defects(template: str) -> None:
    document = transformed(template, TrafficShifting=GRADUALLY)

    groups = of_type(document, "AWS::CodeDeploy::DeploymentGroup")
    for alias in of_type(document, "AWS::Lambda::Alias").values():
        group = groups[alias["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]["DeploymentGroupName"]["Ref"]]
        properties = group["Properties"]
        assert properties["AlarmConfiguration"]["Alarms"] == [{"Name": {"Ref": "DefectsAlarm"}}]
        assert "DEPLOYMENT_STOP_ON_ALARM" in properties["AutoRollbackConfiguration"]["Events"]
    for machine in of_type(document, "AWS::StepFunctions::StateMachineAlias").values():
        assert {"Ref": "DefectsAlarm"} in machine["Properties"]["DeploymentPreference"]["Alarms"]


@EACH
def test_every_function_reports_its_defects_to_that_alarm(template: str) -> None:
    document = transformed(template)

    alarm = document["Resources"]["DefectsAlarm"]["Properties"]
    filters = of_type(document, "AWS::Logs::MetricFilter").values()
    logs = of_type(document, "AWS::Logs::LogGroup")
    watched = [
        logs[each["Properties"]["LogGroupName"]["Ref"]]["Properties"]["LogGroupName"] for each in filters
    ]
    names = [
        each["Properties"]["FunctionName"] for each in of_type(document, "AWS::Lambda::Function").values()
    ]
    assert {group["Fn::Sub"] for group in watched} == {f"/aws/lambda/{name['Fn::Sub']}" for name in names}
    for each in filters:
        [metric] = each["Properties"]["MetricTransformations"]
        assert (metric["MetricNamespace"], metric["MetricName"]) == (alarm["Namespace"], alarm["MetricName"])


@EACH
def test_nothing_waits_for_itself(template: str) -> None:
    """CloudFormation refuses circular references; an alarm that named a function would make one."""
    document = transformed(template, TrafficShifting=GRADUALLY)
    needs = {
        name: set(_references(body)) & set(document["Resources"])
        for name, body in document["Resources"].items()
    }

    while ready := {name for name, needed in needs.items() if not needed}:
        needs = {name: needed - ready for name, needed in needs.items() if name not in ready}

    assert needs == {}


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "Ref":
                yield str(inner)
            elif key == "Fn::GetAtt":
                yield (inner if isinstance(inner, str) else inner[0]).partition(".")[0]
            elif key == "DependsOn":
                yield from [inner] if isinstance(inner, str) else inner
            elif key == "Fn::Sub":
                text = inner if isinstance(inner, str) else inner[0]
                yield from (found.partition(".")[0] for found in re.findall(r"\$\{([\w.]+)\}", text))
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)
