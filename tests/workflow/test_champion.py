"""A new model takes the live one's place only if it is not worse on the same pictures, unless asked to."""

from __future__ import annotations

from typing import Any

import pytest

from tests.workflow.training_aws import client_error, denied
from tests.workflow.training_world import GIVEN, LIVE, STARTER, SUMMARY, TrainingWorld, is_untouched

ARCHIVE = "s3://models/trained/before/output/model.tar.gz"
WORSE = {"championAccuracy": 0.99, "notWorse": False}


def world_with(
    archive: str = ARCHIVE, kept: bool = True, summary: dict[str, Any] | None = None
) -> TrainingWorld:
    """The live endpoint serves a model whose archive is at `archive`."""
    world = TrainingWorld(summary=SUMMARY | (summary or {}))
    # Hosted before, and so none of what a training leaves behind.
    served = {"ModelName": STARTER, "PrimaryContainer": {"ModelDataUrl": archive}}
    world.aws.sagemaker.describe_model = lambda **asked: served  # type: ignore[method-assign]
    world.aws.s3.buckets["models"] = {"trained/before/output/model.tar.gz": b"weights"} if kept else {}
    return world


def inputs(world: TrainingWorld) -> dict[str, str]:
    """The evaluation's inputs by name."""
    (job,) = world.called("Evaluate Model")
    for each in job["ProcessingInputs"]:
        assert each["S3Input"]["LocalPath"] == f"/opt/ml/processing/input/{each['InputName']}"
    return {each["InputName"]: each["S3Input"]["S3Uri"] for each in job["ProcessingInputs"]}


def test_the_live_model_is_measured_on_the_same_pictures() -> None:
    world = world_with(summary={"championAccuracy": 0.9512, "notWorse": True})

    assert world.train(GIVEN).output["status"] == "DEPLOYED"

    assert set(inputs(world)) == {"model", "test", "champion"}
    assert inputs(world)["champion"] == ARCHIVE
    assert "Before:      95.1%, the live model on the same pictures" in world.email().splitlines()


def test_a_worse_model_leaves_the_live_one_where_it_is() -> None:
    world = world_with(summary=WORSE)

    outcome = world.train(GIVEN)

    assert (outcome.status, outcome.error) == ("FAILED", "LiveModelBetterError")
    assert "99.00% right, the new one 97.25%" in outcome.cause
    assert world.aws.sagemaker.endpoints[LIVE]["EndpointConfigName"] == STARTER
    assert is_untouched(world)
    assert world.messages[0]["MessageAttributes"]["status"]["StringValue"] == "REFUSED"
    assert "the live model does better" in world.email()
    assert "--replace always" in world.email()


@pytest.mark.parametrize("wish", [{"replace": "always"}, {"deploy": False}], ids=["always", "no deployment"])
def test_a_worse_model_is_kept_where_nothing_forbids_it(wish: dict[str, Any]) -> None:
    world = world_with(summary=WORSE)

    outcome = world.train(GIVEN | wish)

    assert outcome.output["status"] == ("TRAINED" if "deploy" in wish else "DEPLOYED")


def test_a_model_below_the_minimum_is_refused_for_that() -> None:
    world = world_with(summary=WORSE)
    assert world.train(GIVEN | {"minimumAccuracy": 0.98}).error == "AccuracyTooLowError"


@pytest.mark.parametrize(
    ("archive", "kept"),
    [
        ("s3://models/trained/before/output/model.tar.gz", False),
        ("s3://somebodys-models/trained/before/output/model.tar.gz", True),
        ("s3://models-of-another/trained/x/model.tar.gz", True),
        ("", True),
    ],
    ids=["gone", "another bucket", "a bucket with a like name", "no archive"],
)
def test_what_cannot_be_compared_bars_nobody(archive: str, kept: bool) -> None:
    world = world_with(archive, kept)

    assert world.train(GIVEN).output["status"] == "DEPLOYED"

    assert set(inputs(world)) == {"model", "test"}


def test_an_endpoint_that_is_not_there_has_no_model_to_compare_with() -> None:
    world = TrainingWorld()
    assert world.train(GIVEN | {"endpointName": "first"}).output["status"] == "DEPLOYED"
    assert set(inputs(world)) == {"model", "test"}


def test_whoever_may_not_look_is_named_before_anything_is_trained() -> None:
    world = world_with()
    world.aws.s3.faults["head_object"] = denied("s3:GetObject")

    outcome = world.train(GIVEN)

    assert outcome.error == "AccessDeniedError"
    assert f"s3:GetObject on {ARCHIVE} was refused" in outcome.cause
    assert world.called("Import Dataset") == []


def test_a_busy_service_is_asked_again() -> None:
    world = world_with()
    world.aws.s3.faults["head_object"] = client_error(
        "SlowDown", "Please reduce your request rate", status=503
    )
    assert world.train(GIVEN).error == "ServiceUnavailableError"
