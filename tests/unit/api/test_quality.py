"""GET /review/quality: the figures of `loupe quality`, for whom they are meant."""

from __future__ import annotations

import dataclasses
import json
from datetime import timedelta
from typing import Any

import pytest

from loupe_core.claims import iso
from loupe_core.items import to_item
from loupe_review.review import AUDIT, CONCLUDED, LABEL, Decision
from loupe_review.review import Answer as Said
from tests.unit.api.world import IMAGES, REGION, REVIEWS, START, UPLOADS, Answer, World
from tests.unit.review.test_quality import EVALUATION
from tests.unit.review.test_rules import review

TRAINING = "training-bucket"


def ask(world: World, query: dict[str, str] | None = None, groups: str = "[reviewers]") -> Answer:
    return world.ask("GET", "/review/quality", user="ann", query=query, claims={"cognito:groups": groups})


def audited(world: World, number: int, label: str, days: float = 1) -> None:
    """A picture that the model called a cat, and what a person said of it."""
    at = iso(START - timedelta(days=days))
    made = dataclasses.replace(
        review(number),
        kind=AUDIT,
        status=CONCLUDED,
        created_at=at,
        answers=(Said("bob@example.com", LABEL, at, label, seconds=4),),
        decision=Decision(LABEL, at, label),
    )
    world.dynamodb.put_item(TableName=REVIEWS, Item=to_item(made.to_attributes()))


def classified(world: World, number: int, days: float = 1, **more: Any) -> None:
    record = {
        "imageId": review(number).image_id,
        "bucket": UPLOADS,
        "key": f"uploads/{number}.png",
        "status": "CLASSIFIED",
        "createdAt": iso(START - timedelta(days=days)),
        "predictions": [{"label": "cat", "score": 0.97}],
        **more,
    }
    world.dynamodb.put_item(TableName=IMAGES, Item=to_item(record))


def trained(world: World, name: str = "pets-1-model", stack: str = "loupe") -> None:
    report = "s3://training-bucket/runs/pets-1/evaluation/"
    tags = {"loupe:stack": stack, "loupe:model": "pets", "loupe:report": report}
    world.sagemaker.create_model(
        ModelName=name,
        ExecutionRoleArn="arn:aws:iam::123456789012:role/hosting",
        PrimaryContainer={"Image": "loupe-model:serving"},
        Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
    )


@pytest.fixture(autouse=True)
def training_bucket(world: World) -> None:
    world.s3.create_bucket(Bucket=TRAINING, CreateBucketConfiguration={"LocationConstraint": REGION})


def evaluated(world: World) -> None:
    key = "runs/pets-1/evaluation/evaluation.json"
    world.s3.put_object(Bucket=TRAINING, Key=key, Body=json.dumps(EVALUATION).encode())


@pytest.mark.parametrize("groups", ["[reviewers]", "[operators]"])
def test_reviewers_and_operators_see_it(world: World, groups: str) -> None:
    assert ask(world, groups=groups).status == 200


@pytest.mark.parametrize("groups", ["", "[others]", "[not-reviewers]"])
def test_nobody_else_does(world: World, groups: str) -> None:
    assert ask(world, groups=groups).status == 403


def test_without_the_review_stack_404_says_so(world: World) -> None:
    world.quality = None
    answer = ask(world)
    assert answer.status == 404
    assert "review stack is not deployed" in answer.body["error"]


def test_where_nothing_was_reviewed_nothing_is_made_up(world: World) -> None:
    result = ask(world).body["result"]
    assert (result["audited"], result["errorRate"], result["low"], result["high"]) == (0, None, None, None)
    assert (result["kappa"], result["answersAPersonAnHour"]) == (None, None)
    assert (result["weeks"], result["models"], result["truncated"]) == ([], [], False)


def test_the_error_rate_is_of_audits_within_the_period(world: World) -> None:
    for number in range(4):
        classified(world, number)
        audited(world, number, "cat" if number else "dog")
    classified(world, 9, days=20)
    audited(world, 9, "dog", days=20)

    result = ask(world, {"days": "7"}).body["result"]

    assert (result["days"], result["audited"], result["wrong"], result["errorRate"]) == (7, 4, 1, 0.25)
    assert 0 < result["low"] < 0.25 < result["high"] < 1
    assert (result["answers"], result["people"], result["answersAPersonAnHour"]) == (4, 1, 900)
    assert sum(week["reviewed"] for week in result["weeks"]) == 4
    assert ask(world, {"days": "30"}).body["result"]["audited"] == 5


def test_each_model_has_its_own_figures_and_its_shift(world: World) -> None:
    evaluated(world)
    trained(world)
    trained(world, "somebody-elses", stack="other")
    for number in range(4):
        classified(world, number, model="pets-1-model")

    (model,) = ask(world).body["result"]["models"]

    assert (model["model"], model["name"], model["pictures"]) == ("pets-1-model", "pets", 4)
    assert set(model["confidenceShift"]) == {"index", "byChance", "verdict"}
    assert (model["audited"], model["errorRate"]) == (0, None)


def test_an_evaluation_that_is_gone_is_no_shift(world: World) -> None:
    trained(world)
    (model,) = ask(world).body["result"]["models"]
    assert (model["confidenceShift"], model["classShift"]) == (None, None)


def test_what_was_left_out_is_said(world: World) -> None:
    for number in range(101):
        classified(world, number)
    assert ask(world).body["result"]["truncated"] is True


def test_no_person_is_named(world: World) -> None:
    audited(world, 1, "dog")
    assert "bob" not in json.dumps(ask(world).body)


def test_it_is_kept_for_a_minute_and_no_longer(world: World) -> None:
    assert ask(world).body["result"]["answers"] == 0
    audited(world, 1, "dog")
    assert ask(world).body["result"]["answers"] == 0
    world.clock.forward(seconds=61)
    assert ask(world).body["result"]["answers"] == 1


@pytest.mark.parametrize("days", ["0", "91", "x", "-1", "1.5"])
def test_a_period_that_is_none_is_refused(world: World, days: str) -> None:
    assert ask(world, {"days": days}).status == 400
