"""train_model's trial and its exchange of the live endpoint: what fails is never live."""

from __future__ import annotations

import json

import pytest

from tests.workflow.interpreter import ServiceError
from tests.workflow.training_world import (
    GIVEN,
    LIVE,
    STARTER,
    TrainingWorld,
    is_untouched,
    left_behind,
)


@pytest.mark.parametrize(
    "fault",
    [
        ServiceError(
            "SmokeTestFailedError", json.dumps({"errorMessage": "2 of 20 pictures", "errorType": "x"})
        ),
        ServiceError(
            "EndpointRejectedError", json.dumps({"errorMessage": "answers no JSON", "errorType": "x"})
        ),
        ServiceError("EndpointFailedError", json.dumps({"errorMessage": "500", "errorType": "x"})),
    ],
    ids=lambda fault: fault.error,
)
def test_a_model_that_fails_its_smoke_test_is_never_live(fault: ServiceError) -> None:
    world = TrainingWorld(faults={"Test Trial": fault})

    ending = world.train(GIVEN)

    assert ending.error == "SmokeTestFailedError"
    assert json.loads(fault.cause)["errorMessage"] == ending.cause
    assert world.called("Update Endpoint") == []
    assert is_untouched(world)


def test_a_model_that_does_not_come_up_on_the_trial_is_never_live() -> None:
    world = TrainingWorld(statuses={"one-trial": ["Creating", "Creating", "Failed"]})

    ending = world.train(GIVEN)

    assert ending.error == "SmokeTestFailedError"
    assert "one-trial" in ending.cause
    assert world.called("Update Endpoint") == []
    assert is_untouched(world)


def test_an_endpoint_that_somebody_else_updates_is_waited_for() -> None:
    world = TrainingWorld(statuses={LIVE: ["Updating", "Updating"]})

    ending = world.train(GIVEN)

    assert ending.output["status"] == "DEPLOYED"
    assert ending.entered.count("Wait For Endpoint") == 2


def test_an_update_that_sagemaker_takes_back_is_told_and_cleaned_up() -> None:
    world = TrainingWorld(takes_update=False)

    ending = world.train(GIVEN)

    assert ending.error == "DeploymentFailedError"
    assert "ping health check" in ending.cause
    assert world.endpoints[LIVE]["EndpointConfigName"] == STARTER
    assert left_behind(world) == ([], [], [])


def test_a_model_that_another_one_overtook_is_told_and_kept() -> None:
    world = TrainingWorld(overtaken_by="two-model")

    ending = world.train(GIVEN)

    assert ending.error == "SupersededError"
    assert "two-model" in world.email()
    assert world.endpoints[LIVE]["EndpointConfigName"] == "two-model"
    assert left_behind(world) == ([], ["one-model"], ["one-model"]), "it may be the other one's way back"


def test_a_missing_endpoint_is_created_after_the_trial() -> None:
    world = TrainingWorld()
    world.endpoints.clear()

    ending = world.train(GIVEN | {"endpointName": "another"})

    assert ending.output["endpoint"] == "another"
    assert world.endpoints == {"another": {"EndpointStatus": "InService", "EndpointConfigName": "one-model"}}
    assert world.called("Note Previous Config") == []


def test_an_endpoint_that_failed_before_is_replaced() -> None:
    world = TrainingWorld(endpoints={LIVE: {"EndpointStatus": "Failed", "EndpointConfigName": STARTER}})

    ending = world.train(GIVEN)

    assert ending.output["status"] == "DEPLOYED"
    assert world.called("Remove Failed Endpoint") == [{"EndpointName": LIVE}]


def test_an_endpoint_that_fails_when_it_is_created_leaves_nothing() -> None:
    world = TrainingWorld(endpoints={"other": {}}, statuses={LIVE: ["Creating", "Failed", "Failed"]})
    del world.endpoints["other"], world.endpoints[LIVE]

    ending = world.train(GIVEN)

    assert ending.error == "DeploymentFailedError"
    assert world.endpoints == {}
    assert left_behind(world) == ([], [], [])


def test_an_endpoint_that_cannot_be_looked_at_is_not_taken_for_missing() -> None:
    world = TrainingWorld(faults={"Look At Endpoint": ServiceError("SageMaker.SageMakerException", "denied")})

    ending = world.train(GIVEN)

    assert ending.error == "SageMaker.SageMakerException"
    assert world.called("Create Endpoint") == []
    assert is_untouched(world)
