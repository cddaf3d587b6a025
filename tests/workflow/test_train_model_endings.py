"""What cannot be removed or told, and what a stopped training leaves behind."""

from __future__ import annotations

import pytest

from tests.workflow.interpreter import ServiceError
from tests.workflow.training_world import (
    GIVEN,
    LIVE,
    STARTER,
    TrainingWorld,
    is_untouched,
    left_behind,
    no_such_endpoint,
    stopped,
)


def denied(action: str) -> ServiceError:
    return ServiceError(
        "SageMaker.SageMakerException", f"User is not authorized to perform: sagemaker:{action}"
    )


def test_a_trial_that_cannot_be_removed_is_told() -> None:
    gone = denied("DeleteEndpoint")
    world = TrainingWorld(faults={"Remove Trial": gone, "Remove Trial After Failure": gone})

    ending = world.train(GIVEN)

    assert ending.status == "FAILED"
    assert "Left over:     the endpoint one-trial: remove or stop by hand" in world.email()
    assert world.endpoints[LIVE]["EndpointConfigName"] == STARTER


def test_a_trial_that_cannot_be_looked_at_is_told() -> None:
    blind = denied("DescribeEndpoint")
    world = TrainingWorld(faults={"Look At Trial": blind, "Find Trial": blind})

    ending = world.train(GIVEN)

    assert ending.status == "FAILED"
    assert "Left over:     the endpoint one-trial, if it is there: remove or stop by hand" in world.email()


def test_a_model_that_cannot_be_removed_is_told() -> None:
    world = TrainingWorld(faults={"Test Trial": ServiceError("Broken", "off")})
    world.faults["Remove Endpoint Config"] = denied("DeleteEndpointConfig")
    world.faults["Remove Model"] = denied("DeleteModel")

    world.train(GIVEN)

    assert "the endpoint configuration one-model, the model one-model: remove" in world.email()


def test_jobs_that_may_not_be_stopped_are_told() -> None:
    world = TrainingWorld(faults={"Stop Training": denied("StopTrainingJob")})

    ending = world.settle(GIVEN)

    assert ending.status == "SUCCEEDED"
    assert "Left over:     the job one-train, if it runs: remove or stop by hand" in world.email()


def test_what_has_ended_or_never_was_is_not_left_over() -> None:
    world = TrainingWorld()
    world.faults["Stop Training"] = ServiceError(
        "SageMaker.SageMakerException",
        "The request was rejected because the training job is in status Completed",
    )

    world.settle(GIVEN)

    assert "Left over" not in world.email()


def test_what_cannot_be_told_fails_for_the_alarm() -> None:
    mute = ServiceError("SNS.AuthorizationErrorException", "not authorized to publish")
    world = TrainingWorld(faults={"Notify Success": mute})

    ending = world.train(GIVEN)

    assert (ending.error, ending.entered[-1]) == (mute.error, "Fail Untold")
    assert "The model is live, but this could not be told" in ending.cause


@pytest.mark.parametrize(
    ("status", "error"), [("ABORTED", "ExecutionAborted"), ("TIMED_OUT", "States.Timeout")]
)
def test_a_stopped_execution_is_cleaned_up_and_told(status: str, error: str) -> None:
    world = TrainingWorld(faults={"Test Trial": ServiceError("Broken", "off")})
    world.faults["Find Trial"] = world.faults["What Serves"] = no_such_endpoint("one-trial")
    world.train(GIVEN)
    world.endpoints["one-trial"] = {"EndpointStatus": "InService", "EndpointConfigName": "one-model"}
    world.models["one-model"] = world.configs["one-model"] = {}
    world.messages.clear()
    world.faults.clear()

    ending = world.settle(GIVEN, status=status)

    assert ending.output == {"status": "SETTLED", "execution": ending.output["execution"]}
    assert ending.output["execution"].endswith(":one")
    assert world.called("Stop Training") == [{"TrainingJobName": "one-train"}]
    assert is_untouched(world)
    assert f"Error:         {error}" in world.email()
    assert "Data:          s3://theirs/animals/" in world.email()


def test_a_model_that_went_live_before_its_execution_was_stopped_stays() -> None:
    world = TrainingWorld()
    world.train(GIVEN)
    world.messages.clear()

    world.settle(GIVEN)

    assert world.endpoints[LIVE]["EndpointConfigName"] == "one-model"
    assert left_behind(world) == ([], ["one-model"], ["one-model"])
    assert "The model animals serves on the endpoint EndpointName" in world.email()


def test_what_a_stopped_cleaning_left_is_cleaned_up_for_the_first_execution() -> None:
    world = TrainingWorld()

    ending = world.settle(stopped(GIVEN, "one"), "settling")

    assert ending.output["execution"].endswith(":one")
    assert world.called("Stop Training") == [{"TrainingJobName": "one-train"}]
