"""What train_model refuses and which jobs fail it, in their own words; nothing is left of either."""

from __future__ import annotations

from typing import Any

import pytest

from tests.workflow.interpreter import ServiceError
from tests.workflow.training_aws import FakeAws, FakeS3
from tests.workflow.training_world import (
    BUCKET,
    GIVEN,
    TrainingWorld,
    animals,
    is_untouched,
)


def test_a_model_that_is_not_accurate_enough_is_refused() -> None:
    world = TrainingWorld()

    outcome = world.train(GIVEN | {"minimumAccuracy": 0.98})

    assert (outcome.status, outcome.error) == ("FAILED", "AccuracyTooLowError")
    assert "97.25%, below the minimum of 98.00%" in outcome.cause
    assert is_untouched(world)
    assert world.messages[0]["MessageAttributes"]["status"]["StringValue"] == "REFUSED"
    assert "Report:        s3://training/runs/one/evaluation/" in world.email().splitlines()


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({}, "source"),
        ({"source": 7}, "source"),
        ({"source": "theirs/animals"}, "source"),
        ({"source": "s3://Theirs_/x"}, "source"),
        (GIVEN | {"name": "my animals"}, "name"),
        (GIVEN | {"endpointName": "-"}, "endpointName"),
        (GIVEN | {"minimumAccuracy": "0.9"}, "minimumAccuracy"),
        (GIVEN | {"minimumAccuracy": 90}, "minimumAccuracy"),
        (GIVEN | {"deploy": "no"}, "deploy"),
        (GIVEN | {"replace": "never"}, "replace"),
        (GIVEN | {"backbone": "weights/"}, "backbone"),
        (GIVEN | {"hyperparameters": ["epochs"]}, "hyperparameters"),
        (GIVEN | {"preparation": "RGB"}, "preparation"),
    ],
)
def test_an_input_that_is_wrong_is_refused_by_its_name(given: Any, word: str) -> None:
    world = TrainingWorld()

    outcome = world.train(given)

    assert outcome.error == "InvalidInputError"
    assert outcome.cause.startswith(word)
    assert world.entered == ["Plan Training", "Finalize Failure", "Training Failed"]
    assert word in world.email()


@pytest.mark.parametrize(
    ("buckets", "denied", "error"),
    [
        ({}, set(), "DatasetNotFoundError"),
        ({"theirs": {"other/a.png": b"a", "animals/": b""}}, set(), "DatasetNotFoundError"),
        ({"theirs": animals()}, {"theirs"}, "AccessDeniedError"),
        ({"theirs": animals()}, {"theirs/"}, "AccessDeniedError"),
        ({"theirs": animals()}, {"theirs/animals/ox/é +.png"}, "AccessDeniedError"),
    ],
    ids=["no bucket", "nothing there", "not listed", "not read", "one not read"],
)
def test_a_source_that_cannot_be_read_fails_before_any_job(
    buckets: dict[str, dict[str, bytes]], denied: set[str], error: str
) -> None:
    world = TrainingWorld(aws=FakeAws(s3=FakeS3(closed=denied)))
    world.aws.s3.buckets = {**buckets, BUCKET: {}}

    outcome = world.train(GIVEN)

    assert outcome.error == error
    assert world.called("Prepare Dataset") == []
    assert "s3://theirs/animals/" in world.email()
    assert is_untouched(world)


@pytest.mark.parametrize(
    ("state", "job", "error", "cause"),
    [
        (
            "Prepare Dataset",
            {
                "ProcessingJobStatus": "Failed",
                "ExitMessage": "SingleClassError: there is only cat: add another",
            },
            "SingleClassError",
            "there is only cat: add another",
        ),
        (
            "Prepare Dataset",
            {"ProcessingJobStatus": "Failed", "FailureReason": "ClientError: No S3 objects found"},
            "PreparationFailedError",
            "No S3 objects found",
        ),
        (
            "Train Model",
            {
                "TrainingJobStatus": "Failed",
                "FailureReason": "AlgorithmError: HyperparameterError: hyperparameter x: no, exit code: 1",
            },
            "HyperparameterError",
            "hyperparameter x: no",
        ),
        (
            "Train Model",
            {"TrainingJobStatus": "Failed", "FailureReason": "AlgorithmError: , exit code: 137"},
            "TrainingFailedError",
            "The process of the Training job was killed.",
        ),
        (
            "Train Model",
            {"TrainingJobStatus": "Failed", "FailureReason": "InternalServerError: We encountered an error."},
            "InternalServerError",
            "We encountered an error.",
        ),
        (
            "Train Model",
            {"TrainingJobStatus": "Stopped", "SecondaryStatus": "Stopped"},
            "JobStoppedError",
            "The Training job one-train was stopped before it ended.",
        ),
        (
            "Train Model",
            {"TrainingJobStatus": "Stopped", "SecondaryStatus": "MaxRuntimeExceeded"},
            "TrainingTimeoutError",
            "within the 3600 seconds",
        ),
        (
            "Evaluate Model",
            {"ProcessingJobStatus": "Failed", "FailureReason": "AlgorithmError: See job logs"},
            "EvaluationFailedError",
            "See job logs",
        ),
        (
            "Evaluate Model",
            {"ProcessingJobStatus": "Stopped"},
            "JobStoppedError",
            "Evaluation job one-evaluate",
        ),
    ],
)
def test_a_job_that_fails_says_so_in_its_own_words(
    state: str, job: dict[str, Any], error: str, cause: str
) -> None:
    world = TrainingWorld(jobs={state: job})

    outcome = world.train(GIVEN)

    assert outcome.error == error
    assert cause in outcome.cause
    assert cause in world.email()
    assert is_untouched(world)


@pytest.mark.parametrize(
    "state", ["Prepare Dataset", "Train Model", "Evaluate Model", "Create Model", "Create Trial Endpoint"]
)
def test_a_refused_call_is_named(state: str) -> None:
    refusal = ServiceError(
        "SageMaker.AmazonSageMakerException", "User is not authorized to perform: sagemaker:It"
    )
    world = TrainingWorld(faults={state: refusal})

    outcome = world.train(GIVEN)

    assert (outcome.error, outcome.cause) == (refusal.error, refusal.cause)
    assert "Give the role of the training workflow the permission named above" in world.email()
    assert is_untouched(world)
