"""The estimate of what pictures cost."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner

from loupe.cli import cli
from loupe.commands.cost import standing_assumptions
from loupe.cost.estimate import estimate
from loupe.cost.prices import load_prices
from loupe.cost.stack_usage import EXPRESS, STANDARD, StackFacts, facts_of_template, picture_path, usage_of
from loupe.cost.standing import hosting_instances, standing_of
from loupe.cost.transitions import PathError, success_path
from loupe.cost.usage import FunctionUse, Usage, express_memory
from loupe.templates import load_template
from tests.workflow.definitions import ROOT


@pytest.fixture
def facts() -> StackFacts:
    return facts_of_template(ROOT)


def dollars(facts: StackFacts, *services: str) -> float:
    return estimate(usage_of(facts, ROOT), load_prices(), 1_000_000).of(services)


def test_a_standard_picture_without_faces_takes_eight_transitions() -> None:
    path, _ = picture_path(ROOT, faces=False)
    assert len(path) == 8
    assert path[0] == "Claim Image"
    assert path[-1] == "Notify Success"


def test_faces_take_one_transition_more_and_a_call_of_rekognition(facts: StackFacts) -> None:
    with_faces = replace(facts, faces=True)
    assert usage_of(with_faces, ROOT).transitions == usage_of(facts, ROOT).transitions + 1
    assert dollars(with_faces, "Rekognition") == 1000


def test_transitions_cost_what_aws_publishes(facts: StackFacts) -> None:
    assert dollars(facts, "Step Functions") == pytest.approx(8 * 25)


def test_express_costs_less_than_a_tenth_in_step_functions(facts: StackFacts) -> None:
    express = replace(facts, workflow_type=EXPRESS)
    assert 1 < dollars(express, "Step Functions") < dollars(facts, "Step Functions") / 10


def test_the_container_function_takes_the_endpoints_place(facts: StackFacts) -> None:
    container = replace(facts, uses_container=True)
    names = [each.name for each in usage_of(container, ROOT).functions]
    assert "ClassifyImageDataFunction" not in names
    assert len(names) == 7
    assert dollars(container, "SageMaker") == 0
    assert dollars(facts, "SageMaker") > 0


def test_a_function_with_less_memory_than_a_whole_processor_takes_longer() -> None:
    assert FunctionUse("f", 1769, 10).billed_ms == 10
    assert FunctionUse("f", 3538, 10).billed_ms == 10
    assert FunctionUse("f", 884, 10).billed_ms == pytest.approx(20, abs=0.1)


def test_express_bills_begun_tenths_of_a_second_and_chunks_of_memory() -> None:
    quantities = Usage("x", express_seconds=0.11, express_memory_mb=64).quantities()["Step Functions"]
    assert quantities["states.express.gbSecond"] == pytest.approx(0.2 * 64 / 1024)
    # AWS's own example: 50 KB of definition, 400 steps with 32 KB each.
    assert express_memory(50 * 1024, 32 * 1024, 400) == 64
    assert express_memory(50 * 1024, 256 * 1024, 100) == 128


def test_another_regions_price_is_its_own_where_it_was_read() -> None:
    paris = load_prices("eu-west-3")
    assert paris.of("states.transition", 1_000_000) == pytest.approx(29.7)
    assert paris.of("lambda.request", 1_000_000) == pytest.approx(0.2)
    assert paris.own == {"states.transition"}
    assert load_prices("xx-nowhere-1").own == frozenset()


def test_a_way_that_the_definition_does_not_have_is_an_error() -> None:
    machine = {
        "StartAt": "A",
        "States": {"A": {"Type": "Choice", "Choices": [{"Next": "B"}], "Default": "B"}},
    }
    with pytest.raises(PathError, match="does not lead to 'C'"):
        success_path(machine, {"A": "C"})
    with pytest.raises(PathError, match="no way through 'B'"):
        success_path(machine, {"A": "B"})


@pytest.mark.parametrize("kind", ["standard", "express", "container"])
def test_the_command_needs_no_stack_and_its_lines_add_up(kind: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(
        cli,
        ["cost", "--offline", "--json", "--images", "2000", "--type", kind],
        env={"LOUPE_STATE": str(tmp_path)},
    )
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["images"], told["type"]) == (2000, kind)
    assert sum(line["dollars"] for line in told["lines"]) == pytest.approx(told["dollars"], abs=0.01)
    assert any("Prices read on" in each for each in told["assumptions"])


def test_what_is_paid_by_the_month_is_counted_in_the_templates_of_the_stacks_that_are_there() -> None:
    core, both = standing_of(ROOT, ["core"], {}), standing_of(ROOT, ["core", "site"], {"ml.m5.large": 1})
    alarms = [
        name
        for name, body in load_template(ROOT / "template.yaml")["Resources"].items()
        if body["Type"] == "AWS::CloudWatch::Alarm"
    ]
    assert core.quantities()["CloudWatch"]["cloudwatch.alarm"] == len(alarms) > 0
    assert both.quantities()["CloudWatch"]["cloudwatch.alarm"] > len(alarms)
    assert estimate(core, load_prices(), 1).of(["SageMaker"]) == 0
    # A month of the smallest usual instance: some 84 dollars.
    assert estimate(both, load_prices(), 1).of(["SageMaker"]) == pytest.approx(83.95)


class FakeSageMaker:
    """Answers as SageMaker describes an endpoint."""

    def __init__(self, variant: dict[str, object], count: int | None) -> None:
        self._variant, self._count = variant, count

    def describe_endpoint(self, **_: object) -> dict[str, object]:
        now = {"VariantName": "AllTraffic"} | ({"CurrentInstanceCount": self._count} if self._count else {})
        return {"EndpointConfigName": "c", "ProductionVariants": [now]}

    def describe_endpoint_config(self, **_: object) -> dict[str, object]:
        return {"ProductionVariants": [{"VariantName": "AllTraffic", **self._variant}]}


@pytest.mark.parametrize(
    ("variant", "count", "expected"),
    [
        ({"InstanceType": "ml.m5.large", "InitialInstanceCount": 1}, 3, {"ml.m5.large": 3}),
        ({"InstanceType": "ml.m5.large", "InitialInstanceCount": 2}, None, {"ml.m5.large": 2}),
        ({"ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5}}, None, {}),
    ],
)
def test_an_endpoints_instances_are_those_that_run_now(
    variant: dict[str, object], count: int | None, expected: dict[str, int]
) -> None:
    fake: Any = SimpleNamespace(client=lambda _: FakeSageMaker(variant, count))
    assert hosting_instances(fake, "digits") == expected


def test_an_endpoint_that_is_not_there_costs_nothing() -> None:
    def missing(**_: object) -> None:
        said: Any = {"Error": {"Code": "ValidationException", "Message": 'Could not find endpoint "arn:…".'}}
        raise ClientError(said, "DescribeEndpoint")

    fake: Any = SimpleNamespace(client=lambda _: SimpleNamespace(describe_endpoint=missing))
    assert hosting_instances(fake, "digits") == {}


def test_the_command_tells_the_month_apart_and_what_it_does_not_count(tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["cost", "--offline", "--json"], env={"LOUPE_STATE": str(tmp_path)})
    told = json.loads(done.stdout)
    assert {line["what"] for line in told["monthly"]} == {"alarms", "dashboards", "custom metrics"}
    assert told["monthlyDollars"] == pytest.approx(sum(line["dollars"] for line in told["monthly"]))
    assert "ml.p4d.24xlarge" in standing_assumptions(["core"], ["ml.p4d.24xlarge"])[-1]


def test_the_command_shows_a_table_with_its_assumptions(tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["cost", "--offline"], env={"LOUPE_STATE": str(tmp_path)})
    assert done.exit_code == 0, done.output
    for expected in ("Step Functions", "state transitions", "Total", "Not counted"):
        assert expected in done.output


def test_the_templates_defaults_are_standard_and_without_faces(facts: StackFacts) -> None:
    assert (facts.workflow_type, facts.faces) == (STANDARD, False)
    assert facts.memory_mb["FilterInferenceDataFunction"] == 256


def test_a_decision_costs_five_transitions_and_waiting_nothing() -> None:
    result = CliRunner().invoke(cli, ["cost", "--type", "review", "--images", "1000", "--offline", "--json"])
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    quantities = {line["what"]: line["quantity"] for line in said["lines"]}
    assert said["type"] == "review"
    assert quantities["state transitions"] == 5000
    assert quantities["messages published"] == 1000
    assert quantities["write request units"] == 39_000
    assert any("waiting costs nothing" in each for each in said["assumptions"])
    assert 0.1 < said["dollars"] < 0.3


def test_the_writes_of_a_review_are_those_of_its_table() -> None:
    table = load_template(ROOT / "review" / "template.yaml")["Resources"]["ReviewsTable"]["Properties"]
    names = [each["IndexName"].partition("-")[0] for each in table["GlobalSecondaryIndexes"]]
    assert names == ["queue", "imageId", "decidedOn"], "review_writes() counts these"
