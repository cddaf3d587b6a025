"""GET /operator/figures: how the stack does, and what of it is not known."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from loupe.cost.prices import load_prices
from loupe.cost.stack_usage import facts_of_template, usage_of
from loupe.templates import load_template
from loupe_api import figures, operating
from loupe_api.metrics import Metrics
from loupe_api.records import timestamp
from loupe_core.items import to_item
from tests.unit.api.world import IMAGES, MACHINE, REGION, START, UNDELIVERED, UPLOADS, Answer, Metered, World

ROOT = Path(__file__).parents[3]
EXECUTION = MACHINE.replace(":stateMachine:", ":execution:") + ":one"


def ask(world: World, hours: str | None = None, groups: str = "[operators]") -> Answer:
    query = {"hours": hours} if hours else None
    return world.ask("GET", "/operator/figures", user="ann", query=query, claims={"cognito:groups": groups})


def put(world: World, number: int, status: str = "CLASSIFIED", minutes: float = 5, **more: Any) -> str:
    image_id = f"{number:032x}"
    record = {
        "imageId": image_id,
        "bucket": UPLOADS,
        "key": f"uploads/{number}.jpg",
        "status": status,
        "createdAt": timestamp(START - timedelta(minutes=minutes)),
        "executionArn": EXECUTION,
        **more,
    }
    world.dynamodb.put_item(TableName=IMAGES, Item=to_item(record))
    return image_id


def failed(world: World, number: int, name: str, minutes: float = 5) -> str:
    return put(world, number, "FAILED", minutes, error={"name": name, "cause": "…"})


def metered(world: World, values: dict[tuple[str, str, str], list[float]]) -> None:
    world.operating._metrics = Metrics("loupe", MACHINE, Metered(values))


@pytest.mark.parametrize("groups", ["", "[reviewers]"])
def test_only_operators_see_it(world: World, groups: str) -> None:
    assert ask(world, groups=groups).status == 403


@pytest.mark.parametrize("hours", ["0", "25", "x"])
def test_a_day_or_a_week(world: World, hours: str) -> None:
    assert ask(world, hours).status == 400


@pytest.mark.parametrize("hours", [24, 168])
def test_empty_hours_are_zeros_and_what_is_unknown_is_null_with_a_reason(world: World, hours: int) -> None:
    found = ask(world, str(hours)).body["result"]
    assert len(found["byHour"]) == hours + 1
    assert found["byHour"][0]["hour"] == timestamp(START - timedelta(hours=hours))
    assert all(set(each.values()) == {0, each["hour"]} for each in found["byHour"])
    assert (found["cost"], found["model"], found["undelivered"], found["pending"]) == (None, None, 0, 0)
    assert {each["p95"] for each in (found["execution"], *found["steps"])} == {None}
    reasons = {each.partition(":")[0] for each in found["unknown"]}
    assert reasons == {"model", "execution", "steps, cost"}


def test_outcomes_are_counted_by_the_hour_in_which_pictures_were_added(world: World) -> None:
    statuses = ("CLASSIFIED", "CLASSIFIED", "REJECTED", "IN_REVIEW", "FAILED", "RECEIVED")
    for number, status in enumerate(statuses):
        put(world, number, status, minutes=65)
    put(world, 10, minutes=30)
    put(world, 11, minutes=25 * 60)

    found = ask(world).body["result"]

    hours = {each["hour"][11:13]: each for each in found["byHour"]}
    counts = {"classified": 2, "rejected": 1, "inReview": 1, "failed": 1, "waiting": 1}
    assert {name: hours["10"][name] for name in counts} == counts
    assert (hours["11"]["classified"], found["pictures"]) == (1, 7)
    assert found["countedFrom"] == found["since"]


def test_failures_are_by_name_with_the_newest_three(world: World) -> None:
    for number in range(5):
        failed(world, number, "CorruptImageError", minutes=60 - number)
    last = failed(world, 9, "EndpointFailedError")
    put(world, 10, "FAILED")

    found = ask(world).body["result"]["failures"]

    assert [(each["name"], each["count"]) for each in found] == [
        ("CorruptImageError", 5),
        ("EndpointFailedError", 1),
        ("UnknownError", 1),
    ]
    assert [each["title"] for each in found[0]["examples"]] == ["4.jpg", "3.jpg", "2.jpg"]
    assert [each["imageId"] for each in found[1]["examples"]] == [last]


def test_more_pictures_than_are_counted_leave_hours_out_and_say_so(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operating, "MAX_READS", 2)
    monkeypatch.setattr(operating, "A_READ", 2)
    for number in range(6):
        put(world, number, minutes=60 * number + 5)
    put(world, 9, "REJECTED", minutes=600)
    found = ask(world).body["result"]
    # Four were read, down to 3 h 5 min ago: what is older of the others does not count either.
    assert (found["pictures"], len(found["byHour"])) == (4, 4 + 1)
    assert found["countedFrom"] == timestamp(START - timedelta(minutes=185))


def test_durations_and_cost_are_cloudwatchs(world: World) -> None:
    name = "loupe-classify-image-data"
    metered(
        world,
        {
            ("Invocations", "Sum", name): [600.0, 400.0],
            ("Errors", "Sum", name): [3.0],
            ("Duration", "Sum", name): [100_000.0],
            ("Duration", "p50", name): [80.0, 90.0],
            ("Duration", "p95", name): [300.0],
            ("ExecutionTime", "p50", MACHINE): [900.0],
        },
    )
    put(world, 1)
    put(world, 2, executionArn=EXECUTION.replace(":execution:", ":express:"))

    found = ask(world).body["result"]

    step = next(each for each in found["steps"] if each["step"] == "Classify Image Data")
    assert step == {
        "step": "Classify Image Data",
        "invocations": 1000,
        "errors": 3,
        "p50": 90.0,
        "p95": 300.0,
    }
    assert (found["execution"]["p50"], found["execution"]["p95"]) == (900.0, None)
    # A thousand requests, 50 GB-seconds, eight transitions of the one Standard execution.
    assert found["cost"]["services"] == {
        "Lambda": round(0.0002 + 50 * 0.0000166667, 6),
        "Step Functions": 0.0002,
    }
    assert "the endpoint" in found["cost"]["notIncluded"]


def test_where_cloudwatch_cannot_be_asked_the_rest_is_shown(world: World) -> None:
    class Refusing(Metered):
        def get_paginator(self, operation: str) -> Metered:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": ""}}, "GetMetricData")

    world.operating._metrics = Metrics("loupe", MACHINE, Refusing())
    put(world, 1)
    found = ask(world).body["result"]
    assert (found["pictures"], found["cost"]) == (1, None)
    assert "steps, execution, cost: CloudWatch could not be asked." in found["unknown"]


def test_what_is_pending_is_counted(world: World) -> None:
    for number, digit in enumerate("00f"):
        put(world, number, "RECEIVED", pending=digit, leaseUntil=timestamp(START))
    assert ask(world).body["result"]["pending"] == 3


def test_what_was_not_delivered_is_what_waits_in_the_cores_queue_taken_or_not(world: World) -> None:
    sqs = boto3.client("sqs", region_name=REGION)
    url = sqs.get_queue_url(QueueName=UNDELIVERED)["QueueUrl"]
    for number in range(3):
        sqs.send_message(QueueUrl=url, MessageBody=str(number))
    sqs.receive_message(QueueUrl=url)
    assert ask(world).body["result"]["undelivered"] == 3


def test_a_queue_that_cannot_be_asked_is_said(world: World) -> None:
    sqs = boto3.client("sqs", region_name=REGION)
    sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName=UNDELIVERED)["QueueUrl"])
    found = ask(world).body["result"]
    assert found["undelivered"] is None
    assert "undelivered: the core's dead-letter queue could not be asked." in found["unknown"]


def test_links_are_the_consoles_and_none_locally() -> None:
    links = figures.links_of(MACHINE, "loupe")
    assert [each.name for each in links] == ["Executions", "Logs", "Dashboards"]
    assert all(each.url.startswith("https://eu-west-1.console.aws.amazon.com/") for each in links)
    assert figures.links_of(MACHINE.replace("123456789012", "000000000000"), "loupe") == []


def test_it_is_kept_for_a_minute(world: World) -> None:
    ask(world)
    put(world, 1)
    assert ask(world).body["result"]["pictures"] == 0
    world.clock.forward(seconds=61)
    assert ask(world).body["result"]["pictures"] == 1


def test_the_steps_are_the_cores_functions_with_their_memory() -> None:
    template = load_template(ROOT / "template.yaml")
    memory = {
        body["Properties"]["FunctionName"].partition("${AWS::StackName}-")[2]: facts_of_template(
            ROOT
        ).memory_mb[name]
        for name, body in template["Resources"].items()
        if body["Type"] == "AWS::Serverless::Function"
    }
    assert set(figures.STEPS.values()) <= set(memory.items())


def test_prices_and_transitions_are_the_commands_own() -> None:
    prices = load_prices()
    own = (figures.TRANSITION, figures.LAMBDA_REQUEST, figures.LAMBDA_GB_SECOND)
    names = ("states.transition", "lambda.request", "lambda.gbSecond")
    assert own == pytest.approx([prices.of(name, 1) for name in names])
    assert prices.read == figures.PRICES_READ
    assert usage_of(facts_of_template(ROOT), ROOT).transitions == figures.TRANSITIONS
