"""An execution's outcome, out of everything that Step Functions wraps around it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from loupe_training.advice import advice
from loupe_training.outcome import MAX_CAUSE_LENGTH, Failure, explain, of_status


def nested(status: str = "FAILED", **more: Any) -> Failure:
    """As startExecution.sync:2 fails."""
    description = {"ExecutionArn": "arn:…:execution:build-model:one-build", "Status": status, **more}
    return Failure("States.TaskFailed", json.dumps(description))


def test_a_nested_executions_failure_is_its_own() -> None:
    found = explain(nested(Error="SingleClassError", Cause="there is only cat"), 60)
    assert found == Failure("SingleClassError", "there is only cat")


def test_a_function_in_a_nested_execution_in_a_nested_execution() -> None:
    function = json.dumps({"errorMessage": "No.", "errorType": "AccessDeniedError", "stackTrace": ["…"]})
    inner = nested(Error="AccessDeniedError", Cause=function)
    found = explain(nested(Error=inner.error, Cause=inner.cause), 60)
    assert found == Failure("AccessDeniedError", "No.")


@pytest.mark.parametrize(
    ("status", "error"), [("ABORTED", "ExecutionAborted"), ("TIMED_OUT", "States.Timeout")]
)
def test_a_nested_execution_that_was_stopped_is_said_to_be(status: str, error: str) -> None:
    assert explain(nested(status), 60).error == error


def test_a_cause_that_was_cut_is_given_as_it_is() -> None:
    cut = '{"TrainingJobName": "one-train", "FailureReason": "Algor'
    assert explain(Failure("States.TaskFailed", cut), 60) == Failure("States.TaskFailed", cut)


def test_a_long_cause_is_cut_and_a_missing_one_is_said_to_be() -> None:
    assert len(explain(Failure("Error", "x" * 9000), 60).cause) == MAX_CAUSE_LENGTH
    assert explain(Failure("Error", ""), 60).cause == "AWS gave no cause for Error."


def test_a_redriven_job_is_of_its_step() -> None:
    job = {"ProcessingJobName": "one-evaluate-2", "ProcessingJobStatus": "Failed"}
    found = explain(Failure("States.TaskFailed", json.dumps(job)), 60)
    assert found == Failure("EvaluationFailedError", "SageMaker gave no reason.")


def test_a_job_whose_time_was_up_says_how_long_it_had() -> None:
    job = {"step": "Training", "job": "one-train", "secondary": "MaxRuntimeExceeded"}
    found = explain(Failure("JobStoppedError", json.dumps(job)), 3600)
    assert found.error == "TrainingTimeoutError"
    assert "within the 3600 seconds" in found.cause


def test_a_failure_without_words_has_a_name() -> None:
    assert of_status("FAILED", None, None) == Failure("States.TaskFailed", "")


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (Failure("SmokeTestFailedError", ""), "/aws/sagemaker/Endpoints/one-trial"),
        (Failure("DeploymentFailedError", ""), "/aws/sagemaker/Endpoints/live"),
        (Failure("AccessDeniedError", "s3:GetObject on s3://theirs/: no"), "Ask the owner of the bucket"),
        (Failure("AccessDeniedError", "sagemaker:DescribeEndpoint was refused"), "Give the role"),
        (Failure("SageMaker.SageMakerException", "not authorized to perform"), "Give the role"),
        (Failure("Unheard.Of", ""), "fix the cause"),
    ],
)
def test_there_is_advice_for_every_failure(failure: Failure, words: str) -> None:
    assert words in advice(failure, "one", "live")
