"""The workflow as an Express one: at least once, no events, no questions, five minutes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from moto import mock_aws

from loupe.cost.stack_usage import picture_path
from tests.workflow.definitions import EXPRESS, ROOT, load, states
from tests.workflow.interpreter import ServiceError
from tests.workflow.test_endings import TASKS
from tests.workflow.world import BY_HAND, World, event, raised

DENIED = ServiceError("AccessDenied", "User is not authorized to perform it")
MIDDAY = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        yield


@pytest.fixture
def world() -> World:
    return World(express=True)


def settle_all(world: World) -> list[str]:
    """Settles what is owing, as settle_image's executions would, and gives how they ended."""
    owing, world.owing = world.owing, []
    return [world.settle_owing(settling).output["status"] for _, settling in owing]


def only_record(world: World) -> dict[str, Any]:
    (record,) = world.records()
    return record


@pytest.mark.parametrize("execution_input", [BY_HAND, event()], ids=["by hand", "event"])
def test_a_picture_is_recorded_and_told_and_owes_nothing(world: World, execution_input: Any) -> None:
    ending = world.classify(execution_input)
    assert ending.output["label"] == "7"
    record = only_record(world)
    assert record["status"]["S"] == "CLASSIFIED"
    assert "owing" not in record
    assert len(world.messages) == 1
    assert world.sweep().output == {"status": "SWEPT"}
    assert world.owing == []


def test_a_refusal_is_told_and_owes_nothing(world: World) -> None:
    assert world.classify({**BY_HAND, "threshold": 0.99}).error == "ThresholdConfidenceNotMetError"
    assert "owing" not in only_record(world)
    assert len(world.messages) == 1


def test_a_repeated_event_is_handled_once(world: World) -> None:
    world.classify(event())
    assert world.classify(event(), "two").output["status"] == "DUPLICATE"
    assert len(world.messages) == 1


def test_an_execution_that_aws_runs_a_second_time_under_its_name_changes_nothing(world: World) -> None:
    world.classify(event())
    assert world.classify(event()).output["status"] == "DUPLICATE"
    assert world.calls.count("Classify Image Data") == 1
    assert len(world.messages) == 1


@pytest.mark.parametrize("minutes", [5, 6])
def test_a_claim_lives_as_long_as_an_express_execution_may_run(world: World, minutes: int) -> None:
    world.dies_in = "Serialize Image Data"
    world.classify(event())
    world.dies_in = ""
    ending = world.classify(event(), "two", MIDDAY + timedelta(minutes=minutes))
    assert ending.output["status"] == ("DUPLICATE" if minutes == 5 else "CLASSIFIED")
    assert "Check Claimant" not in world.calls


@pytest.mark.parametrize(
    "state", [state for state in TASKS if state not in ("Look Up Version", "Claim Image")]
)
def test_an_execution_that_dies_is_swept_up_and_settled_once(world: World, state: str) -> None:
    world.dies_in = state
    world.classify(event())
    world.dies_in = ""
    assert world.sweep(5).output == {"status": "SWEPT"}
    assert world.owing == [], "it may still be at work"
    world.sweep()
    world.sweep()
    assert settle_all(world) == ["SETTLED"]
    record = only_record(world)
    assert record["status"]["S"] == ("CLASSIFIED" if state == "Notify Success" else "FAILED")
    assert "owing" not in record
    assert len(world.messages) == 1


@pytest.mark.parametrize("state", ["Record Failure", "Notify Failure"])
def test_one_that_dies_while_it_fails_is_settled_too(world: World, state: str) -> None:
    world.dies_in = state
    world.faults = {"Serialize Image Data": raised("CorruptImageError", "broken")}
    world.classify(event())
    world.dies_in = ""
    world.sweep()
    assert settle_all(world) == ["SETTLED"]
    record = only_record(world)
    told = "States.Timeout" if state == "Record Failure" else "CorruptImageError"
    assert record["error"]["M"]["name"]["S"] == told
    assert "owing" not in record
    assert len(world.messages) == 1


@pytest.mark.parametrize("state", TASKS)
def test_whatever_fails_is_recorded_and_told_once(world: World, state: str) -> None:
    world.faults = {state: raised("Lambda.Unknown", "boom")}
    ending = world.classify(BY_HAND)
    if state == "Look Up Version":
        assert ending.status == "SUCCEEDED"
        return
    assert (ending.status, ending.error) == ("FAILED", "Lambda.Unknown")
    world.faults.clear()
    settle_all(world)
    record = only_record(world)
    assert record["status"]["S"] == ("CLASSIFIED" if state == "Notify Success" else "FAILED")
    assert "owing" not in record
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
        ["Note Told"],
        ["Record Result", "Record Failure", "Note Told"],
    ],
)
def test_what_cannot_be_recorded_or_told_is_settled_when_the_fault_is_lifted(
    world: World, denied: list[str]
) -> None:
    world.faults = dict.fromkeys(denied, DENIED)
    world.classify(event())
    lift = world.faults.clear
    # The first try of settling meets the fault as well.
    world.before["Finish At Once"] = lambda: world.before.update({"Finish At Once": lift})
    if denied == ["Note Told"]:
        lift()
    assert settle_all(world) in (["SETTLED"], ["NOTHING_OWING"])
    record = only_record(world)
    right = denied in (["Notify Success"], ["Note Told"])
    assert record["status"]["S"] == ("CLASSIFIED" if right else "FAILED")
    assert "owing" not in record
    assert len(world.messages) == 1


def test_where_settling_cannot_be_asked_for_the_sweep_finds_it(world: World) -> None:
    world.faults = dict.fromkeys(["Notify Success", "Leave Owing"], DENIED)
    world.classify(event())
    assert world.owing == []
    world.faults.clear()
    world.sweep()
    assert settle_all(world) == ["SETTLED"]
    assert only_record(world)["status"]["S"] == "CLASSIFIED"
    assert len(world.messages) == 1


def test_a_sweep_that_cannot_start_settling_fails(world: World) -> None:
    world.dies_in = "Serialize Image Data"
    world.classify(event())
    world.dies_in = ""
    world.faults = {"Settle": DENIED}
    assert world.sweep().error == "UnsweptError"


def test_the_two_ways_to_classify_and_to_tell_are_the_same() -> None:
    """Parallel, and a state after telling, would cost Standard transitions: so these stand there twice."""
    found = dict(states(load("classify_image", **EXPRESS)))
    for one, other in [
        ("Classify Image Data", "Classify Image Data Alone"),
        ("Notify Success", "Notify Success And Note"),
    ]:
        for field in ("Resource", "Arguments", "TimeoutSeconds", "Retry"):
            assert found[one][field] == found[other][field]


@pytest.mark.parametrize("express", [False, True])
@pytest.mark.parametrize("faces", [False, True])
def test_the_estimate_of_the_cost_counts_the_states_that_an_execution_enters(
    express: bool, faces: bool
) -> None:
    world = World(express=express, detect_faces=str(faces).lower())
    path, _ = picture_path(ROOT, express, faces)
    assert world.classify(event()).entered == path
