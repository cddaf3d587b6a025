"""Nothing that a dataset or a model can have many of makes a state's payload grow."""

from __future__ import annotations

import json

import pytest

from loupe_training.evaluation import MAX_BYTES
from tests.workflow.training_aws import FakeAws, FakeS3
from tests.workflow.training_world import BUCKET, GIVEN, Context, TrainingWorld, animals

# Step Functions' limit of what goes into a state and comes out of it.
MAX_PAYLOAD = 262_144
MAX_MESSAGE = 262_144
OF_CHILDREN = "Copy Objects"


def world_of(objects: int, page: int = 1000) -> TrainingWorld:
    return TrainingWorld(aws=FakeAws(s3=FakeS3(buckets={"theirs": animals(objects)}, page=page)))


def sizes(world: TrainingWorld) -> list[int]:
    """The bytes of what the import's states, but for the map's children, were given and gave."""
    kept = [
        payload
        for payload in world.payloads
        if isinstance(payload, dict) and payload.get("FunctionName") != "CopyObjectsFunction"
    ]
    return [len(json.dumps(payload).encode()) for payload in kept if "copied" not in str(payload)[:60]]


def test_the_payloads_of_an_import_do_not_grow_with_the_objects() -> None:
    few, many = world_of(120), world_of(2500)

    assert [world.train(GIVEN).status for world in (few, many)] == ["SUCCEEDED", "SUCCEEDED"]

    # A count takes more digits; half a million would take two more than 2,500.
    assert max(sizes(many)) - max(sizes(few)) < 100
    assert max(sizes(many)) < 8_192


def test_a_batch_for_copying_is_within_its_limit() -> None:
    world = world_of(250)
    world.train(GIVEN)
    batches = [each["Payload"] for each in world.called(OF_CHILDREN)]
    assert [len(each["Items"]) for each in batches] == [100, 100, 51]
    assert all(len(json.dumps(each).encode()) < MAX_PAYLOAD for each in batches)


def test_a_survey_that_runs_out_of_time_goes_on_with_the_next_call() -> None:
    at_once, in_steps = world_of(230), world_of(230, page=50)
    in_steps.context = Context(remaining_ms=1000)

    outcomes = [world.train(GIVEN) for world in (at_once, in_steps)]

    assert [outcome.status for outcome in outcomes] == ["SUCCEEDED", "SUCCEEDED"]
    assert in_steps.entered.count("Survey Dataset") == 5
    assert in_steps.entered.count("Check Copy") == 5
    assert sorted(in_steps.aws.s3.buckets[BUCKET]) == sorted(at_once.aws.s3.buckets[BUCKET])


def test_objects_that_come_while_a_dataset_is_copied_are_noticed() -> None:
    world = world_of(30)
    copy = world.aws.s3.copy_object

    def and_add(**asked: object) -> dict[str, object]:
        target = str(asked["Key"]).rpartition("/")[0].rpartition("/")[0]
        world.aws.s3.buckets[BUCKET][f"{target}/dog/new.png"] = b"new"
        return copy(**asked)

    world.aws.s3.copy_object = and_add  # type: ignore[method-assign]

    outcome = world.train(GIVEN)

    assert outcome.error == "DatasetChangedError"
    assert "some came while it was copied" in outcome.cause


@pytest.mark.parametrize(
    "label", ["class {:04}", "Ein sehr langer Name einer Klasse mit Ümläuten {:04} " * 2]
)
def test_a_model_of_a_thousand_classes_is_live_and_notified(label: str) -> None:
    recalls = {label.replace("{:04}", f"{number:04}"): number / 1000 for number in range(1000)}
    world = TrainingWorld(summary={"accuracy": 0.9, "count": 5000, "perClass": recalls})

    outcome = world.train(GIVEN)

    assert outcome.status == "SUCCEEDED", outcome
    assert outcome.output["classes"] == 1000
    assert len(json.dumps(outcome.output).encode()) < MAX_BYTES + 2000
    assert outcome.output["perClass"] == dict(list(recalls.items())[: len(outcome.output["perClass"])])
    assert len(outcome.output["perClass"]) > 50
    assert max(len(json.dumps(payload, default=str).encode()) for payload in world.payloads) < MAX_PAYLOAD
    assert len(world.messages[0]["Message"].encode()) < MAX_MESSAGE
    assert " 0.0%" in world.email()
