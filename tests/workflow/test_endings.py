"""Every picture ends once: faults, aborted executions and what settle_image makes of them."""

from __future__ import annotations

import pytest

from tests.workflow.interpreter import ServiceError
from tests.workflow.world import ARN, BY_HAND, World, event, raised

TASKS = [
    "Look Up Version",
    "Claim Image",
    "Serialize Image Data",
    "Classify Image Data",
    "Filter Inference Data",
]
TASKS += ["Annotate Image", "Record Result", "Notify Success"]


@pytest.mark.parametrize("state", TASKS)
def test_whatever_fails_is_recorded_and_told_once(state: str) -> None:
    world = World(faults={state: raised("Lambda.Unknown", "boom")})
    ending = world.classify(BY_HAND)
    if state == "Look Up Version":
        assert ending.status == "SUCCEEDED"
        return
    assert (ending.status, ending.error) == ("FAILED", "Lambda.Unknown")
    world.faults.clear()
    assert world.settle().status == "SUCCEEDED"
    (record,) = world.records()
    assert record["status"]["S"] == ("CLASSIFIED" if state == "Notify Success" else "FAILED")
    assert len(world.messages) == 1


@pytest.mark.parametrize(
    "denied",
    [
        ["Claim Image", "Record Failure"],
        ["Record Result", "Record Failure"],
        ["Serialize Image Data", "Record Failure", "Notify Failure"],
        ["Notify Success"],
        ["Filter Inference Data", "Notify Failure"],
        ["Claim Image", "Record Failure", "Notify Failure"],
    ],
)
def test_what_cannot_be_recorded_or_told_is_settled_when_the_fault_is_lifted(denied: list[str]) -> None:
    refusal = ServiceError("AccessDenied", "User is not authorized to perform it")
    world = World(faults=dict.fromkeys(denied, refusal))
    assert world.classify(event()).error == "AccessDenied"
    lift = world.faults.clear
    world.before["Finish"] = lambda: world.before.update({"Finish": lift})
    assert world.settle().status == "SUCCEEDED"
    (record,) = world.records()
    assert record["status"]["S"] == ("CLASSIFIED" if denied == ["Notify Success"] else "FAILED")
    assert len(world.messages) == 1


def test_an_aborted_execution_is_recorded_and_told_after_a_grace() -> None:
    world = World()
    world.classify(event())
    record = world.records()[0]
    world.messages.clear()
    world.endings[ARN + "one"].entered[:] = ["Assign Input", "Claim Image", "Serialize Image Data"]
    world.put_record({**record, "status": {"S": "RECEIVED"}})
    assert world.settle(status="ABORTED").output["status"] == "SETTLED"
    (record,) = world.records()
    assert record["error"]["M"]["name"]["S"] == "ExecutionAborted"
    assert len(world.messages) == 1
    assert world.classify(event(), "two").output["status"] == "CLASSIFIED"


def test_an_aborted_execution_whose_picture_was_taken_up_owes_nothing() -> None:
    world = World()
    world.classify(event())
    world.endings[ARN + "one"].entered[:] = ["Assign Input", "Claim Image", "Serialize Image Data"]
    world.put_record({**world.records()[0], "executionArn": {"S": ARN + "two"}})
    world.settle(status="ABORTED")
    assert len(world.messages) == 1
    assert world.records()[0]["executionArn"]["S"] == ARN + "two"


def test_an_ending_that_was_recorded_and_told_owes_nothing() -> None:
    world = World()
    world.classify({**BY_HAND, "threshold": 1})
    assert world.settle().output["status"] == "NOTHING_OWING"
    assert len(world.messages) == 1


SETTLING = ["Read Ending", "Describe Ending", "Read Record", "Finish", "Check Finish"]


@pytest.mark.parametrize("state", SETTLING)
def test_settling_goes_on_where_it_was_refused(state: str) -> None:
    refusal = ServiceError("AccessDenied", "User is not authorized to perform it")
    world = World(faults={"Notify Success": refusal})
    world.classify(event())
    world.faults = {state: refusal}
    times = 3

    def count() -> None:
        nonlocal times
        times -= 1
        world.before[state] = count if times else world.faults.clear

    world.before[state] = count
    ending = world.settle()
    assert ending.output["status"] == "SETTLED"
    assert ending.entered.count("Wait To Try Again") == 3
    assert world.records()[0]["status"]["S"] == "CLASSIFIED"
    assert len(world.messages) == 1


def test_settling_that_told_but_could_not_record_tells_no_second_time() -> None:
    refusal = ServiceError("AccessDenied", "User is not authorized to perform it")
    world = World(faults=dict.fromkeys(["Claim Image", "Record Failure", "Notify Failure"], refusal))
    world.classify(event())
    del world.faults["Notify Failure"]
    world.before["Read Finish"] = world.faults.clear
    assert world.settle().output["status"] == "SETTLED"
    assert world.records()[0]["status"]["S"] == "FAILED"
    assert len(world.messages) == 1


def test_a_finish_whose_answer_is_lost_is_not_begun_a_second_time() -> None:
    world = World(faults={"Notify Success": ServiceError("AccessDenied", "")})
    world.classify(event())
    world.faults.clear()
    world.lost_answers = 1
    assert world.settle().output["status"] == "SETTLED"
    assert len(world.messages) == 1


def test_settling_gives_up_after_about_a_day_and_says_so() -> None:
    world = World(faults={"Notify Success": ServiceError("AccessDenied", "")})
    world.classify(event())
    world.faults["Read Ending"] = ServiceError("AccessDenied", "")
    ending = world.settle()
    assert (ending.status, ending.error) == ("FAILED", "UnsettledError")
    assert ARN + "one" in ending.cause


@pytest.mark.parametrize(
    "denied", [["Claim Image", "Record Failure"], ["Claim Image", "Record Failure", "Notify Failure"]]
)
def test_duplicates_that_could_not_claim_their_picture_tell_once(denied: list[str]) -> None:
    world = World(faults=dict.fromkeys(denied, ServiceError("AccessDenied", "User is not authorized")))
    assert [world.classify(event(), name).status for name in ("one", "two")] == ["FAILED", "FAILED"]
    assert world.messages == []
    world.before["Read Finish"] = world.faults.clear
    assert world.settle("one").output["status"] == "SETTLED"
    assert world.settle("two").output["status"] == "SETTLED"
    assert len(world.records()) == 1
    assert len(world.messages) == 1
