"""Following a training execution, and stopping it."""

from collections.abc import Iterator

import pytest

from loupe.errors import ServiceError, TargetError
from loupe.polling import LOST_POLLS
from loupe.training.follow import Follower
from loupe.training.workflow import Epoch, JobStarted, StateEntered, execution_name, parse_epoch
from tests.unit.command.training.fakes import (
    ARN,
    JOB,
    FakeTraining,
    entered,
    epoch_line,
    scheduled,
    submitted,
)

LOOKS = [
    ([entered(1, "Route By Survey", "Choice"), entered(2, "Copy Dataset", "Map")], []),
    ([entered(5, "Train Model"), scheduled(6, JOB)], []),
    ([], ["pictures=80 classes=2 weights=5", epoch_line(1, 0.5)]),
    ([entered(9, "Evaluate Model")], [epoch_line(2, 0.9)]),
]


def follow(workflow: FakeTraining) -> Follower:
    return Follower(workflow, ARN, wait=lambda seconds: None)


def test_states_and_epochs_come_once_and_in_order() -> None:
    follower = follow(FakeTraining(LOOKS))

    happened = list(follower.run())

    assert happened == [
        StateEntered("Copy Dataset"),
        StateEntered("Train Model"),
        JobStarted(JOB),
        Epoch(1, 3, 0.5, 0.5, 0.4),
        StateEntered("Evaluate Model"),
        Epoch(2, 3, 0.5, 0.9, 0.4),
    ]
    assert follower.outcome is not None
    assert follower.outcome.status == "SUCCEEDED"


def test_the_states_of_a_nested_execution_come_in_its_place() -> None:
    workflow = FakeTraining(
        [
            ([entered(1, "Build Model"), submitted(3)], []),
            ([], [epoch_line(1, 0.5)]),
            ([entered(9, "Release Model")], []),
        ],
        nested=[entered(1, "Train Model"), scheduled(2, JOB)],
    )

    happened = list(follow(workflow).run())

    assert happened == [
        StateEntered("Build Model"),
        StateEntered("Train Model"),
        JobStarted(JOB),
        Epoch(1, 3, 0.5, 0.5, 0.4),
        StateEntered("Release Model"),
    ]


def test_a_network_that_is_away_for_a_moment_is_borne() -> None:
    follower = follow(FakeTraining(LOOKS, lost=LOST_POLLS))

    assert StateEntered("Evaluate Model") in list(follower.run())


def test_a_network_that_stays_away_is_named_with_the_execution_that_goes_on() -> None:
    follower = follow(FakeTraining(LOOKS, lost=LOST_POLLS + 1))

    with pytest.raises(TargetError, match=f"goes on by itself: {ARN}"):
        list(follower.run())


def test_a_log_that_does_not_answer_once_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    workflow = FakeTraining(LOOKS)
    read, refusals = workflow.log_lines, [ServiceError("Throttled"), TargetError("Nobody there")]

    def now_and_then(job: str, since_ms: int) -> Iterator[tuple[str, int, str]]:
        if refusals:
            raise refusals.pop()
        return read(job, since_ms)

    monkeypatch.setattr(workflow, "log_lines", now_and_then)

    happened = list(follow(workflow).run())

    assert StateEntered("Evaluate Model") in happened
    assert [each.number for each in happened if isinstance(each, Epoch)] == [1, 2]


def test_who_may_not_read_the_log_sees_the_states() -> None:
    follower = follow(FakeTraining(LOOKS, log_refused=True))

    happened = list(follower.run())

    assert not any(isinstance(each, Epoch) for each in happened)
    assert StateEntered("Evaluate Model") in happened
    assert follower.log_trouble is not None


def test_stopping_waits_until_the_training_job_has_ended() -> None:
    workflow = FakeTraining(LOOKS)
    follower = follow(workflow)
    happening = follower.run()
    while next(happening) != JobStarted(JOB):
        pass
    said: list[str] = []

    outcome = follower.stop(said.append)

    assert outcome.status == "ABORTED"
    assert workflow.calls == ["stop", "look at job", f"stop {JOB}", "look at job", "look at job"]
    assert JOB in said[0]


def test_stopping_before_training_has_begun_asks_for_no_job() -> None:
    workflow = FakeTraining(LOOKS)
    follower = follow(workflow)
    next(follower.run())

    assert follower.stop(lambda text: None).status == "ABORTED"
    assert workflow.calls == ["stop"]


@pytest.mark.parametrize(
    "line",
    [
        "prepared {}",
        "epoch=x loss=1 accuracy=1 validation_loss=1",
        "epoch=1 loss=a accuracy=0.5 validation_loss=b",
    ],
)
def test_other_lines_of_the_log_are_no_epochs(line: str) -> None:
    assert parse_epoch(line) is None


def test_a_loss_may_be_no_number() -> None:
    found = parse_epoch("epoch=1 loss=nan accuracy=0.5000 validation_loss=0.7 epochs=5 seconds=2")

    assert found is not None
    assert (found.number, found.of, found.accuracy) == (1, 5, 0.5)


def test_execution_names_are_unique_and_short_enough_for_the_jobs() -> None:
    names = {execution_name("x" * 24) for _ in range(20)}

    assert len(names) == 20
    assert all(len(name) <= 45 for name in names)
