"""train_model's trial and its exchange of the live endpoint: what fails is never live."""

from __future__ import annotations

import json

import pytest

from tests.workflow.interpreter import ServiceError
from tests.workflow.training_aws import denied
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

    outcome = world.train(GIVEN)

    assert outcome.error == "SmokeTestFailedError"
    assert json.loads(fault.cause)["errorMessage"] == outcome.cause
    assert world.aws.sagemaker.called("update_endpoint") == []
    assert is_untouched(world)


def test_a_model_that_does_not_come_up_on_the_trial_is_never_live() -> None:
    world = TrainingWorld()
    world.aws.sagemaker.statuses["one-trial"] = ["Creating", "Creating", "Failed"]

    outcome = world.train(GIVEN)

    assert outcome.error == "SmokeTestFailedError"
    assert "one-trial" in outcome.cause
    assert world.aws.sagemaker.called("update_endpoint") == []
    assert is_untouched(world)


def test_an_endpoint_that_somebody_else_updates_is_waited_for() -> None:
    world = TrainingWorld()
    world.aws.sagemaker.statuses[LIVE] = ["InService", "Updating", "Updating"]

    outcome = world.train(GIVEN)

    assert outcome.output["status"] == "DEPLOYED"
    assert world.entered.count("Wait For Endpoint") == 3


def test_an_update_that_sagemaker_takes_back_is_notified_and_cleaned_up() -> None:
    world = TrainingWorld()
    world.aws.sagemaker.takes_update = False

    outcome = world.train(GIVEN)

    assert outcome.error == "DeploymentFailedError"
    assert "ping health check" in outcome.cause
    assert world.aws.sagemaker.endpoints[LIVE]["EndpointConfigName"] == STARTER
    assert left_behind(world) == ([], [], [])


def test_a_model_that_another_one_overtook_is_notified_and_kept() -> None:
    world = TrainingWorld()
    world.aws.sagemaker.overtaken_by = "two-model"

    outcome = world.train(GIVEN)

    assert outcome.error == "SupersededError"
    assert "two-model" in world.email()
    assert world.aws.sagemaker.endpoints[LIVE]["EndpointConfigName"] == "two-model"
    assert left_behind(world) == ([], ["one-model", "two-model"], ["one-model"]), (
        "it is the other one's way back"
    )


def test_a_missing_endpoint_is_created_after_the_trial() -> None:
    world = TrainingWorld()
    world.aws.sagemaker.endpoints.clear()

    outcome = world.train(GIVEN | {"endpointName": "another"})

    assert outcome.output["endpoint"] == "another"
    assert list(world.aws.sagemaker.endpoints) == ["another"]
    assert world.aws.sagemaker.called("add_tags") == []


def test_an_endpoint_that_failed_before_is_replaced() -> None:
    world = TrainingWorld()
    world.aws.sagemaker.endpoints[LIVE]["EndpointStatus"] = "Failed"

    outcome = world.train(GIVEN)

    assert outcome.output["status"] == "DEPLOYED"
    assert {"EndpointName": LIVE} in world.aws.sagemaker.called("delete_endpoint")


def test_an_endpoint_that_fails_when_it_is_created_leaves_nothing() -> None:
    world = TrainingWorld()
    world.aws.sagemaker.endpoints.clear()
    world.aws.sagemaker.statuses[LIVE] = ["Creating", "Failed", "Failed"]

    outcome = world.train(GIVEN)

    assert outcome.error == "DeploymentFailedError"
    assert left_behind(world) == ([], [], [])
    assert world.aws.sagemaker.endpoints == {}


def test_an_endpoint_that_may_not_be_seen_is_not_taken_for_missing() -> None:
    world = TrainingWorld()
    world.aws.sagemaker.faults["describe_endpoint"] = denied("sagemaker:DescribeEndpoint")

    outcome = world.train(GIVEN)

    assert outcome.error == "AccessDeniedError"
    assert world.aws.sagemaker.called("create_endpoint") == []


def test_an_update_keeps_how_many_instances_the_owner_has_scaled_to() -> None:
    world = TrainingWorld()
    world.aws.sagemaker.endpoints[LIVE]["ProductionVariants"][0]["CurrentInstanceCount"] = 4

    world.train(GIVEN)

    (update,) = world.aws.sagemaker.called("update_endpoint")
    assert update["RetainAllVariantProperties"] is True
    assert [each["VariantPropertyType"] for each in update["ExcludeRetainedVariantProperties"]] == [
        "DesiredWeight",
        "DataCaptureConfig",
    ]


def test_a_variant_that_is_scaled_automatically_keeps_its_name_and_instance_type() -> None:
    world = TrainingWorld()
    variant = {"VariantName": "mine", "InstanceType": "ml.c7i.xlarge", "InitialInstanceCount": 2}
    world.aws.sagemaker.configs[STARTER]["ProductionVariants"] = [variant]
    world.aws.autoscaling.targets.add(f"endpoint/{LIVE}/variant/mine")

    world.train(GIVEN)

    (made,) = world.aws.sagemaker.configs["one-model"]["ProductionVariants"]
    assert (made["VariantName"], made["InstanceType"]) == ("mine", "ml.c7i.xlarge")


def test_a_variant_that_nobody_scales_is_hosted_as_the_stack_says() -> None:
    world = TrainingWorld(environment={"HOSTING_INSTANCE_TYPE": "serverless"})

    world.train(GIVEN)

    (update,) = world.aws.sagemaker.called("update_endpoint")
    assert "RetainAllVariantProperties" not in update, "a serverless variant has no instances to keep"


def test_a_call_whose_answer_was_lost_goes_on_where_it_was() -> None:
    world = TrainingWorld()
    world.aws.sagemaker.serve(LIVE, "one-model")

    answer = world.call("deploy_model", {"endpoint": LIVE, "config": "one-model", "progress": None})

    assert answer["live"] is True
    assert world.aws.sagemaker.called("update_endpoint") == []
    assert world.aws.sagemaker.called("add_tags") == [], "the way back stays what it was"
