"""Every picture ends once: what fails, dies or is denied, and what finalize_images makes of it.

In Standard and Express alike, with Step Functions' status events and with all of them lost.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.workflow.interpreter import ServiceError
from tests.workflow.world import ARN, MANUAL, SomePendingError, World, event, raised

TASKS = [
    "Claim Image",
    "Serialize Image Data",
    "Classify Image Data",
    "Annotate Image",
    "Filter Inference Data",
    "Record Result",
    "Notify Success",
]
DENIED = ServiceError("AccessDenied", "User is not authorized to perform it")
both = pytest.mark.parametrize("express", [False, True], ids=["standard", "express"])
# An Express execution sends none; of a Standard one they are best effort.
events = pytest.mark.parametrize("events", [False, True], ids=["events lost", "events"])


def finish(world: World, *, events: bool, names: tuple[str, ...] = ("one",)) -> None:
    """All that AWS brings about after the executions: queued outcomes, status events, the schedule."""
    world.finalize_queue()
    if events and not world.express:
        for name in names:
            if world.endings[world.arn(name)].status != "SUCCEEDED":
                world.finalize(world.status_event(name))
    world.sweep()


def assert_ended_once(world: World, status: str) -> None:
    assert world.record()["status"] == status
    assert len(world.messages) == 1
    assert not world.pending


@both
@events
@pytest.mark.parametrize("state", TASKS)
def test_whatever_fails_is_recorded_and_notified_once(state: str, express: bool, events: bool) -> None:
    world = World(faults={state: raised("Lambda.Unknown", "boom")}, express=express)
    ending = world.classify(MANUAL)
    assert (ending.status, ending.error) == ("FAILED", "Lambda.Unknown")
    world.faults.clear()
    finish(world, events=events)
    assert_ended_once(world, "CLASSIFIED" if state == "Notify Success" else "FAILED")


@both
@events
@pytest.mark.parametrize("state", [*TASKS[1:], "Record Failure", "Notify Failure"])
def test_an_execution_that_dies_is_finished_once(state: str, express: bool, events: bool) -> None:
    world = World(dies_in=state, express=express)
    if state.endswith("Failure"):
        world.faults["Serialize Image Data"] = raised("CorruptImageError", "broken")
    world.classify(event())
    world.sweep(1)
    if express:
        world.sweep(4)
    assert world.pending, "it may still be at work, or be tried again"
    world.dies_in = ""
    finish(world, events=events)
    world.sweep()
    assert_ended_once(world, "CLASSIFIED" if state == "Notify Success" else "FAILED")
    if state == "Notify Failure":
        assert world.record()["error"]["name"] == "CorruptImageError"


@both
@events
@pytest.mark.parametrize(
    "denied",
    [
        ["Claim Image", "Record Failure"],
        ["Claim Image", "Notify Failure"],
        ["Record Result", "Record Failure"],
        ["Serialize Image Data", "Record Failure", "Notify Failure"],
        ["Notify Success"],
        ["Filter Inference Data", "Notify Failure"],
        ["Claim Image", "Record Failure", "Notify Failure"],
        ["Serialize Image Data", "Record Failure", "Queue Outcome"],
    ],
    ids=", ".join,
)
def test_what_is_denied_is_done_when_it_is_allowed_again(
    denied: list[str], express: bool, events: bool
) -> None:
    world = World(faults=dict.fromkeys(denied, DENIED), express=express)
    assert world.classify(event()).error == "AccessDenied"
    world.faults.clear()
    finish(world, events=events)
    assert_ended_once(world, "CLASSIFIED" if denied == ["Notify Success"] else "FAILED")


@pytest.mark.parametrize("claims", [True, False], ids=["claimed", "unclaimed"])
def test_two_messages_about_one_execution_at_once_notify_once(
    claims: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The queue's and the status event: the second comes while the first is being published."""
    broken = ["Serialize Image Data" if claims else "Claim Image", "Record Failure"]
    world = World(faults=dict.fromkeys(broken, DENIED))
    world.classify(event())
    world.faults.clear()
    publish, second = world.publish, [world.status_event()]

    def publish_slowly(message: dict[str, Any]) -> None:
        while second:
            world.finalize(second.pop())
        publish(message)

    monkeypatch.setattr(world, "publish", publish_slowly)
    world.finalize_queue()
    assert second == []
    assert_ended_once(world, "FAILED")


def test_a_late_acknowledgement_of_a_failure_notifies_no_second_time() -> None:
    """The status event comes before it: nobody knows by the execution whether SNS took the message."""
    world = World(acknowledgements_lost=True)
    assert world.classify({**MANUAL, "threshold": 1}).status == "FAILED"
    world.finalize(world.status_event())
    assert len(world.messages) == 1
    record = world.record()
    assert world.table.acknowledge(record["imageId"], record["claimId"], "REJECTED", world.now)
    world.sweep()
    assert_ended_once(world, "REJECTED")


def test_without_claim_record_and_queue_there_is_still_the_status_event() -> None:
    world = World(faults=dict.fromkeys(["Claim Image", "Record Failure", "Queue Outcome"], DENIED))
    world.classify(event())
    assert (world.records(), world.queue) == ([], [])
    world.finalize(world.status_event())
    assert_ended_once(world, "FAILED")


@events
def test_an_execution_that_is_stopped_before_its_claim_is_recorded_as_failed(events: bool) -> None:
    world = World(dies_in="Claim Image")
    world.classify(event())
    world.abort()
    assert world.records() == []
    world.sweep(1)
    assert world.records() == []
    if events:
        world.finalize(world.status_event())
    world.sweep(5)
    assert_ended_once(world, "FAILED")


@both
def test_duplicates_that_could_not_claim_their_picture_notify_once(express: bool) -> None:
    world = World(faults=dict.fromkeys(["Claim Image", "Record Failure"], DENIED), express=express)
    assert [world.classify(event(), name).status for name in ("one", "two")] == ["FAILED", "FAILED"]
    assert world.messages == []
    world.faults.clear()
    finish(world, events=True, names=("one", "two"))
    assert_ended_once(world, "FAILED")


def test_an_aborted_execution_is_recorded_and_may_be_tried_again() -> None:
    world = World(dies_in="Serialize Image Data")
    world.classify(event())
    world.abort()
    world.dies_in = ""
    world.finalize(world.status_event())
    assert world.record()["error"]["name"] == "ExecutionAborted"
    assert_ended_once(world, "FAILED")
    assert world.classify(event(), "two").output["status"] == "CLASSIFIED"


def test_an_aborted_execution_whose_picture_was_taken_over_leaves_nothing_pending() -> None:
    world = World(dies_in="Serialize Image Data")
    world.classify(event())
    world.abort()
    world.dies_in = ""
    world.classify(event(), "two")
    finish(world, events=True)
    assert_ended_once(world, "CLASSIFIED")
    assert world.record()["executionArn"] == ARN + "two"


def test_what_was_recorded_and_notified_is_left_alone() -> None:
    world = World()
    world.classify({**MANUAL, "threshold": 1})
    finish(world, events=True)
    assert_ended_once(world, "REJECTED")


def test_a_lost_acknowledgement_of_an_execution_that_succeeded_notifies_no_second_time() -> None:
    world = World(acknowledgements_lost=True)
    world.classify(event())
    assert world.pending
    world.sweep()
    assert_ended_once(world, "CLASSIFIED")


@both
def test_what_finalizing_is_denied_stays_pending_and_says_so(express: bool) -> None:
    world = World(sns_down=True, express=express)
    world.classify(event())
    for _ in range(3):
        with pytest.raises(SomePendingError):
            world.sweep()
    assert world.pending
    world.sns_down = False
    world.sweep()
    assert_ended_once(world, "CLASSIFIED")


def test_an_execution_that_aws_runs_a_second_time_under_its_name_changes_nothing() -> None:
    world = World(express=True)
    world.classify(event())
    world.sweep(0.01)
    assert world.classify(event()).output["status"] == "DUPLICATE"
    assert len(world.messages) == 1


@pytest.mark.parametrize("minutes", [5, 6])
def test_a_claim_lives_as_long_as_an_express_execution_may_run(minutes: int) -> None:
    world = World(express=True, dies_in="Serialize Image Data")
    world.classify(event())
    world.dies_in = ""
    world.sweep(0)
    world.now = world.now.replace(minute=minutes)
    assert world.classify(event(), "two").output["status"] == ("DUPLICATE" if minutes == 5 else "CLASSIFIED")


def test_an_execution_redriven_before_it_was_finalized_goes_on() -> None:
    world = World(dies_in="Classify Image Data")
    world.classify(event())
    world.abort()
    message = world.status_event()
    world.running.add(world.arn())  # RedriveExecution
    world.finalize(message)
    world.sweep()
    assert world.record()["status"] == "RECEIVED"
    world.dies_in = ""
    assert world.classify(event()).output["status"] == "CLASSIFIED"
    assert_ended_once(world, "CLASSIFIED")


def test_an_execution_redriven_after_it_was_finalized_changes_nothing() -> None:
    world = World()

    def finalized() -> None:
        world.abort()
        world.finalize(world.status_event())
        world.running.add(world.arn())

    world.before["Annotate Image"] = finalized
    assert world.classify(event()).output["status"] == "SUPERSEDED"
    finish(world, events=True)
    assert_ended_once(world, "FAILED")


def test_a_persons_request_that_is_invalid_leaves_the_pictures_record_alone() -> None:
    world = World()
    world.classify(event())
    ending = world.classify({**MANUAL, "threshold": 7}, "two")
    assert ending.error == "InvalidInputError"
    assert world.record()["status"] == "CLASSIFIED"
    assert "InvalidInputError" in world.messages[1]["Subject"]
    finish(world, events=True, names=("one", "two"))
    assert len(world.messages) == 2


def test_a_newer_version_that_could_not_be_claimed_is_recorded_as_failed() -> None:
    world = World()
    world.classify(event())
    world.faults = dict.fromkeys(["Claim Image", "Record Failure"], DENIED)
    world.classify(event(version="v2", sequencer="0B"), "two")
    world.faults.clear()
    finish(world, events=True, names=("two",))
    assert (world.record()["status"], world.record()["versionId"]) == ("FAILED", "v2")
    assert len(world.messages) == 2


def test_two_messages_that_both_find_no_record_notify_once() -> None:
    """Queue Outcome's and the status event, handled in the same moment."""
    world = World(faults=dict.fromkeys(["Claim Image", "Record Failure"], DENIED))
    world.classify(event())
    look, publish = world.table.get, world.publish
    blind = True

    def looked_too_early(image: str) -> dict[str, Any] | None:
        nonlocal blind
        blind, found = False, None if blind else look(image)
        return found

    def meanwhile(message: dict[str, Any]) -> None:
        world.publish = publish  # type: ignore[method-assign]
        world.table.get = looked_too_early  # type: ignore[method-assign]
        world.finalize(world.status_event())
        world.table.get = look  # type: ignore[method-assign]
        publish(message)

    world.publish = meanwhile  # type: ignore[method-assign]
    world.finalize_queue()
    assert_ended_once(world, "FAILED")


def test_a_message_that_looked_before_the_other_was_done_notifies_nobody_again() -> None:
    """It found no record, and DynamoDB fails its next calls for a while: meanwhile the other message is
    handled to its end.
    """
    world = World(faults=dict.fromkeys(["Claim Image", "Record Failure"], DENIED))
    world.classify(event())
    record = world.table.record_unclaimed
    handled = []

    def late(*given: Any, **more: Any) -> dict[str, Any]:
        world.table.record_unclaimed = record  # type: ignore[method-assign]
        world.finalize_queue()
        handled.extend(world.messages)
        return record(*given, **more)

    world.table.record_unclaimed = late  # type: ignore[method-assign]
    world.finalize(world.status_event())
    assert len(handled) == 1
    assert_ended_once(world, "FAILED")
