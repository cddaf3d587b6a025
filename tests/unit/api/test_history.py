"""An execution's history, made readable."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from loupe_api.history import public_error, visits
from loupe_core.executions import FAILURES, LOST
from loupe_core.outcomes import Failure
from loupe_review.images import REASONS
from tests.unit.api.world import World

ARN = "arn:aws:states:eu-west-1:123456789012:execution:loupe-classify-image:one"
START = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Story:
    """Events as Step Functions writes them, one a second, each following the last unless said otherwise."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def tell(self, kind: str, after: int | None = None, **details: object) -> int:
        number = len(self.events) + 1
        event: dict[str, Any] = {
            "id": number,
            "previousEventId": number - 1 if after is None else after,
            "type": kind,
            "timestamp": START + timedelta(seconds=number),
        }
        event.update(details)
        self.events.append(event)
        return number

    def enter(self, name: str, after: int | None = None) -> int:
        return self.tell("TaskStateEntered", after, stateEnteredEventDetails={"name": name})

    def leave(self, name: str, after: int | None = None) -> int:
        return self.tell("TaskStateExited", after, stateExitedEventDetails={"name": name})

    def fail(self, error: str, cause: str = "") -> int:
        self.tell("TaskScheduled")
        return self.tell("TaskFailed", taskFailedEventDetails={"error": error, "cause": cause})

    def summary(self) -> list[tuple[str, str, int, str | None]]:
        return [
            (item.state, item.status, item.retries, item.error.name if item.error else None)
            for item in visits(self.events)
        ]


def test_states_have_times_and_the_one_that_runs_has_no_end() -> None:
    story = Story()
    story.tell("ExecutionStarted")
    story.enter("Claim Image")
    story.leave("Claim Image")
    story.enter("Serialize Image Data")
    items = visits(story.events)
    assert [(item.state, item.status) for item in items] == [
        ("Claim Image", "SUCCEEDED"),
        ("Serialize Image Data", "RUNNING"),
    ]
    assert (items[0].entered_at, items[0].exited_at) == (
        "2026-11-21T12:00:02.000Z",
        "2026-11-21T12:00:03.000Z",
    )
    assert items[1].exited_at is None


def test_an_error_that_a_retry_got_over_is_counted_only() -> None:
    story = Story()
    story.enter("Classify")
    story.fail("EndpointThrottledError")
    story.fail("EndpointThrottledError")
    story.tell("TaskScheduled")
    story.tell("TaskSucceeded")
    story.leave("Classify")
    story.tell("ExecutionSucceeded")
    assert story.summary() == [("Classify", "SUCCEEDED", 2, None)]


@pytest.mark.parametrize("exit_is_told", [True, False])
def test_an_error_that_was_caught_is_the_states_own(exit_is_told: bool) -> None:
    story = Story()
    story.enter("Classify")
    story.fail("EndpointFailedError")
    story.fail("EndpointRejectedError", '{"errorMessage": "refused", "stackTrace": ["secret.py"]}')
    if exit_is_told:
        story.leave("Classify")
    story.enter("Record Failure")
    story.leave("Record Failure")
    story.enter("Fail")
    story.tell("ExecutionFailed")
    assert story.summary() == [
        ("Classify", "FAILED", 1, "EndpointRejectedError"),
        ("Record Failure", "SUCCEEDED", 0, None),
        ("Fail", "FAILED", 0, None),
    ]
    error = visits(story.events)[0].error
    assert error is not None
    assert error.cause == "refused"


def test_while_a_retry_is_awaited_the_state_runs() -> None:
    story = Story()
    story.enter("Classify")
    story.fail("EndpointNotReadyError")
    assert story.summary() == [("Classify", "RUNNING", 1, None)]


def test_branches_are_told_apart_and_their_parallel_ends_after_them() -> None:
    story = Story()
    outer = story.tell("ParallelStateEntered", stateEnteredEventDetails={"name": "Look"})
    started = story.tell("ParallelStateStarted", outer)
    one, two = story.enter("Classify", started), story.enter("Detect Faces", started)
    story.tell("TaskTimedOut", two, taskTimedOutEventDetails={"error": "States.Timeout"})
    left = story.leave("Classify", one)
    story.leave("Detect Faces", len(story.events) - 1)
    story.tell("ParallelStateSucceeded", left)
    story.tell("ParallelStateExited", stateExitedEventDetails={"name": "Look"})
    story.tell("ExecutionSucceeded")
    assert story.summary() == [
        ("Look", "SUCCEEDED", 0, None),
        ("Classify", "SUCCEEDED", 0, None),
        ("Detect Faces", "FAILED", 0, "States.Timeout"),
    ]


def test_face_detection_that_failed_lets_the_picture_go_on() -> None:
    story = Story()
    for name in ("Claim Image", "Serialize Image Data"):
        story.enter(name)
        story.leave(name)
    story.tell("ChoiceStateEntered", stateEnteredEventDetails={"name": "Route By Faces"})
    story.tell("ChoiceStateExited", stateExitedEventDetails={"name": "Route By Faces"})
    story.enter("Detect Faces")
    story.fail("Rekognition.AccessDeniedException")
    story.leave("Detect Faces")
    story.enter("Classify Image Data")
    assert story.summary() == [
        ("Claim Image", "SUCCEEDED", 0, None),
        ("Serialize Image Data", "SUCCEEDED", 0, None),
        ("Route By Faces", "SUCCEEDED", 0, None),
        ("Detect Faces", "FAILED", 0, "Rekognition.AccessDeniedException"),
        ("Classify Image Data", "RUNNING", 0, None),
    ]


@pytest.mark.parametrize(
    ("ending", "status"), [("ExecutionAborted", "ABORTED"), ("ExecutionTimedOut", "TIMED_OUT")]
)
def test_a_state_cut_off_by_the_executions_end_says_so(ending: str, status: str) -> None:
    story = Story()
    story.enter("Classify")
    story.tell(ending)
    assert story.summary() == [("Classify", status, 0, None)]


def test_an_images_history_is_its_executions(world: World) -> None:
    story = Story()
    story.enter("Classify")
    story.fail("Lambda.Unknown", "at arn:aws:lambda:eu-west-1:123456789012:function:x")
    story.tell("ExecutionFailed")
    world.histories.kept[ARN] = list(story.events)
    image = _image(world, "RECEIVED")

    items = world.ask("GET", f"/images/{image}/history").body["items"]

    assert [(item["state"], item["status"]) for item in items] == [("Classify", "FAILED")]
    assert items[0]["error"] == {"name": "Lambda.Unknown", "cause": ""}


@pytest.mark.parametrize(
    ("status", "states"),
    [
        ("RECEIVED", ["Claim Image"]),
        ("CLASSIFIED", ["Claim Image", "Record Result"]),
        ("REJECTED", ["Claim Image", "Record Failure"]),
    ],
)
def test_without_an_execution_history_the_record_tells(world: World, status: str, states: list[str]) -> None:
    image = _image(world, status)
    items = world.ask("GET", f"/images/{image}/history").body["items"]
    assert [item["state"] for item in items] == states


def test_before_an_execution_there_is_no_history(world: World) -> None:
    image = world.new_image(world.new_group())["newItem"]["imageId"]
    assert world.ask("GET", f"/images/{image}/history").body == {"items": []}


def _image(world: World, status: str) -> str:
    image: str = world.new_image(world.new_group())["newItem"]["imageId"]
    world.dynamodb.update_item(
        TableName="images",
        Key={"imageId": {"S": image}},
        UpdateExpression="SET executionArn = :arn, #s = :status REMOVE expiresAt",
        ExpressionAttributeNames={"#s": "status"},
        ExpressionAttributeValues={":arn": {"S": ARN}, ":status": {"S": status}},
    )
    return image


@pytest.mark.parametrize("reason", [*REASONS.values(), *FAILURES.values(), LOST])
def test_what_ended_a_picture_without_an_error_of_its_own_is_said_in_our_words(reason: Failure) -> None:
    error = public_error(reason.as_json())
    assert error is not None
    assert (error.name, error.cause) == (reason.name, reason.cause)


@pytest.mark.parametrize(
    "name", ["States.Timeout", "ExecutionAborted", "AccessDeniedError", "Lambda.Unknown"]
)
def test_what_aws_says_of_a_cause_is_not(name: str) -> None:
    error = public_error({"name": name, "cause": "arn:aws:iam::123456789012:role/x"})
    assert error is not None
    assert (error.name, error.cause) == (name, "")
