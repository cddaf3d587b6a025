"""Every outcome is finalized once: cleaned up, notified, recorded; whatever is denied, repeated or lost."""

from __future__ import annotations

import json

import pytest

from loupe_core.runs import CleanupPendingError
from loupe_training.errors import NotificationError
from tests.workflow.interpreter import ServiceError
from tests.workflow.training_aws import client_error, denied
from tests.workflow.training_world import (
    ARN,
    BUCKET,
    GIVEN,
    LIVE,
    STARTER,
    TrainingWorld,
    is_untouched,
    left_behind,
)

HOUR = 3600.0
MUTE = client_error("AuthorizationError", "not authorized to perform: SNS:Publish", status=403)


def with_leftovers(status: str = "ABORTED") -> TrainingWorld:
    """An execution that was stopped during its trial."""
    world = TrainingWorld()
    sagemaker = world.aws.sagemaker
    sagemaker.serve("one-trial", "one-model")
    sagemaker.models["one-model"] = {}
    world.stop(GIVEN, status=status)
    return world


@pytest.mark.parametrize(
    ("status", "error"), [("ABORTED", "ExecutionAborted"), ("TIMED_OUT", "States.Timeout")]
)
def test_a_stopped_execution_is_cleaned_up_and_notified(status: str, error: str) -> None:
    world = with_leftovers(status)

    outcome = world.status_event()

    assert outcome["error"] == error
    assert is_untouched(world)
    assert f"Error:         {error}" in world.email()
    assert "Data:          s3://theirs/animals/" in world.email()
    assert "Left over" not in world.email()
    assert world.aws.sagemaker.called("stop_training_job") == [{"TrainingJobName": "one-train"}]
    stopped = [
        each["executionArn"].split(":execution:")[1] for each in world.aws.states.called("stop_execution")
    ]
    assert stopped == ["import:one-dataset", "import:one-backbone", "build:one-build", "release:one-release"]


def test_with_every_status_event_lost_the_schedule_removes_the_trial_and_notifies_once() -> None:
    world = with_leftovers()

    first, second = world.sweep(), world.sweep()

    assert is_untouched(world)
    assert len(world.messages) == 1
    assert first == {"finalized": ["one"], "pending": []}
    assert second == {"finalized": [], "pending": []}


def test_an_event_that_comes_twice_and_after_the_schedule_notifies_once() -> None:
    world = with_leftovers()

    world.sweep()
    world.status_event()
    world.status_event()

    assert len(world.messages) == 1


def test_an_execution_that_finalized_itself_is_left_alone_by_event_and_schedule() -> None:
    world = TrainingWorld()
    world.train(GIVEN)
    world.train(GIVEN | {"minimumAccuracy": 0.98}, "two")

    world.status_event("one")
    world.status_event("two")
    assert world.sweep() == {"finalized": [], "pending": []}

    assert len(world.messages) == 2


def test_an_execution_that_could_not_finalize_itself_is_finalized_by_the_schedule() -> None:
    world = TrainingWorld(faults={"Finalize Failure": ServiceError("Lambda.Unknown", "killed")})
    failed = world.train(GIVEN | {"minimumAccuracy": 0.98})
    assert (failed.status, world.messages) == ("FAILED", [])

    world.sweep()

    assert "97.25%, below the minimum of 98.00%" in world.email()
    assert world.record()["outcome"]["error"] == "AccuracyTooLowError"


def test_an_execution_that_runs_is_left_alone() -> None:
    world = with_leftovers()
    world.aws.states.executions[ARN + "one"]["status"] = "RUNNING"

    assert world.sweep() == {"finalized": [], "pending": []}
    assert world.status_event() == {}
    assert left_behind(world)[0] == ["one-trial"]


def test_a_trial_that_is_being_created_is_removed_when_it_can_be() -> None:
    world = with_leftovers()
    world.aws.sagemaker.statuses["one-trial"] = ["Creating"]

    with pytest.raises(CleanupPendingError, match="one-trial"):
        world.status_event()
    assert world.messages == []
    world.sweep()

    assert is_untouched(world)
    assert len(world.messages) == 1


def test_what_cannot_be_removed_for_an_hour_is_named_and_rings_the_alarm() -> None:
    world = with_leftovers()
    world.aws.sagemaker.endpoints["one-trial"]["EndpointStatus"] = "Creating"
    world.now += 2 * HOUR

    with pytest.raises(CleanupPendingError):
        world.sweep()

    assert "Left over:     the endpoint one-trial (Creating): remove or stop manually" in world.email()
    world.aws.sagemaker.endpoints["one-trial"]["EndpointStatus"] = "InService"
    world.sweep()
    assert is_untouched(world)
    assert len(world.messages) == 1


def test_two_calls_at_once_do_not_notify_twice() -> None:
    world = with_leftovers()
    world.aws.sagemaker.statuses["one-trial"] = ["Creating"]
    with pytest.raises(CleanupPendingError):
        world.status_event()
    record = json.loads(world.aws.s3.buckets[BUCKET]["runs/one/run.json"])
    held = record | {"claimed_until": world.now + 100}
    world.aws.s3.buckets[BUCKET]["runs/one/run.json"] = json.dumps(held).encode()

    with pytest.raises(CleanupPendingError, match="Another call"):
        world.status_event()
    assert world.messages == []

    world.now += 101
    world.status_event()
    assert len(world.messages) == 1


def test_a_trial_that_may_not_be_removed_is_named_and_removed_once_it_may_be() -> None:
    world = with_leftovers()
    world.aws.sagemaker.faults["delete_endpoint"] = denied("sagemaker:DeleteEndpoint")

    world.status_event()

    assert "Left over:     the endpoint one-trial: remove or stop manually" in world.email()
    assert world.aws.sagemaker.endpoints[LIVE]["EndpointConfigName"] == STARTER
    world.aws.sagemaker.faults.clear()
    world.sweep()
    assert is_untouched(world)
    assert len(world.messages) == 1


def test_a_trial_that_may_not_be_seen_is_named() -> None:
    world = with_leftovers()
    world.aws.sagemaker.faults["describe_endpoint"] = denied("sagemaker:DescribeEndpoint")

    world.status_event()

    assert (
        "Left over:     the endpoint one-trial, if it is there, the model one-model, unless" in world.email()
    )


def test_a_model_that_may_not_be_removed_is_named() -> None:
    world = with_leftovers()
    world.aws.sagemaker.faults["delete_endpoint_config"] = denied("sagemaker:DeleteEndpointConfig")
    world.aws.sagemaker.faults["delete_model"] = denied("sagemaker:DeleteModel")

    world.status_event()

    assert "the endpoint configuration one-model, the model one-model: remove" in world.email()


def test_jobs_that_may_not_be_stopped_are_named() -> None:
    world = with_leftovers()
    world.aws.sagemaker.faults["stop_training_job"] = denied("sagemaker:StopTrainingJob")

    world.status_event()

    assert "Left over:     the job one-train, if it runs: remove or stop manually" in world.email()


def test_what_has_ended_or_never_was_is_not_left_over() -> None:
    world = TrainingWorld()
    world.stop(GIVEN)
    ended = "The request was rejected because the training job is in status Completed"
    world.aws.sagemaker.faults["stop_training_job"] = client_error("ValidationException", ended)

    world.status_event()

    assert "Left over" not in world.email()


def test_a_live_model_that_nobody_could_be_notified_of_fails_and_is_notified_later() -> None:
    world = TrainingWorld()
    world.aws.sns.faults["publish"] = MUTE

    outcome = world.train(GIVEN)

    assert outcome.error == "NotificationError"
    assert "The model is live, but nobody could be notified" in outcome.cause
    assert world.aws.sagemaker.endpoints[LIVE]["EndpointConfigName"] == "one-model"
    with pytest.raises(NotificationError):
        world.sweep()
    world.aws.sns.faults.clear()
    world.sweep()
    assert world.messages[0]["Subject"] == "Loupe: the model animals is live (97.2% accurate)"
    assert left_behind(world) == ([], ["one-model"], ["one-model"])


def test_a_model_that_went_live_before_its_execution_was_stopped_stays() -> None:
    world = TrainingWorld(faults={"Finalize Success": ServiceError("States.Timeout", "")})
    world.train(GIVEN)
    world.stop(GIVEN)

    world.status_event()

    assert world.aws.sagemaker.endpoints[LIVE]["EndpointConfigName"] == "one-model"
    assert left_behind(world) == ([], ["one-model"], ["one-model"])
    assert f"The model animals serves on the endpoint {LIVE}" in world.email()


def test_an_update_under_way_is_waited_for() -> None:
    world = with_leftovers()
    world.aws.sagemaker.statuses[LIVE] = ["Updating"]

    with pytest.raises(CleanupPendingError, match=LIVE):
        world.status_event()
    assert left_behind(world)[2] == ["one-model"], "the update may be to this model"

    world.aws.sagemaker.serve(LIVE, "one-model")
    world.sweep()
    assert left_behind(world) == ([], ["one-model"], ["one-model"])


def test_an_update_to_another_model_is_no_reason_to_wait() -> None:
    world = with_leftovers()
    world.aws.sagemaker.endpoints[LIVE] |= {
        "EndpointStatus": "Updating",
        "PendingDeploymentSummary": {"EndpointConfigName": "two-model"},
    }

    world.status_event()

    assert left_behind(world) == ([], [], [])


def test_a_model_that_another_one_would_go_back_to_stays() -> None:
    world = with_leftovers()
    world.aws.sagemaker.serve(LIVE, "two-model")
    arn = "arn:aws:sagemaker:us-east-1:123456789012:endpoint-config/two-model"
    world.aws.sagemaker.tags[arn] = {"loupe:previous-endpoint-config": "one-model"}

    world.status_event()

    assert left_behind(world) == ([], ["one-model", "two-model"], ["one-model"])


def test_a_redriven_execution_that_is_stopped_again_is_finalized_again() -> None:
    world = with_leftovers()
    world.status_event()
    world.aws.states.executions[ARN + "one"]["redriveCount"] = 1
    world.aws.sagemaker.serve("one-trial", "one-model")

    world.sweep()

    assert left_behind(world)[0] == []
    assert len(world.messages) == 2
    names = [each["TrainingJobName"] for each in world.aws.sagemaker.called("stop_training_job")]
    assert names == ["one-train", "one-train", "one-train-1"]


def test_an_input_that_is_no_object_is_named_without_harm() -> None:
    world = TrainingWorld()

    outcome = world.train(["s3://theirs/animals/"])

    assert outcome.error == "InvalidInputError"
    assert "Data:          (none)" in world.email()
