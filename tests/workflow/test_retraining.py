"""A training that answers start by themselves: once, with the last one's data, or people read why not."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from loupe_core.errors import LoupeError, NotificationFailedError, RecordsUnavailableError
from loupe_review.publishing import Published
from loupe_review.retraining import Retrainer
from loupe_review.review import CONCLUDED, LABEL, NONE, Decision, Review
from loupe_review.settings import RetrainSettings
from tests.unit.review.test_rules import answer, review
from tests.workflow.review_world import ReviewWorld

LAST = {"name": "animals", "source": "s3://training/uploads/1/", "hyperparameters": {"seed": "3"}}


@dataclass
class Aws:
    """Step Functions, the dataset and the topic. `kill` breaks the call of this name once, before or after it
    has had its effect.
    """

    given: Mapping[str, Any] | None = field(default_factory=lambda: dict(LAST))
    pictures: int | None = None
    busy: bool = False
    kill: tuple[str, bool] | None = None
    started: dict[str, Any] = field(default_factory=dict)
    starts: list[str] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    published: list[int] = field(default_factory=list)

    def running(self) -> bool:
        return self.busy

    def last_given(self) -> Mapping[str, Any] | None:
        self._dies("last_given", RecordsUnavailableError)
        return self.given

    def start(self, name: str, given: str) -> None:
        self._dies("start", RecordsUnavailableError)
        self.starts.append(name)
        self.started.setdefault(name, json.loads(given))
        self._dies("start", RecordsUnavailableError, after=True)

    def publish(self, what: Any) -> Any:
        """A message, or the answers as a dataset."""
        if isinstance(what, dict):
            self._dies("notify", NotificationFailedError)
            self.messages.append(what)
            return None
        self._dies("publish", RecordsUnavailableError)
        count = len(list(what)) if self.pictures is None else self.pictures
        self.published.append(count)
        return Published("s3://training/reviewed/12/" if count else "", count, 0)

    def _dies(self, call: str, error: type[LoupeError], after: bool = False) -> None:
        if self.kill == (call, after):
            self.kill = None
            raise error(call)


class World(ReviewWorld):
    """The Reviews table with answers, and what retraining asks of AWS."""

    def begin(self, after: int = 3) -> None:
        self.aws = Aws()
        self.after, self.answers = after, 0

    def retrain(self, meanwhile: Any = None) -> dict[str, Any]:
        settings = RetrainSettings("ReviewsTable", "training", "uploads", "topic", "machine", self.after)
        aws: Any = self.aws
        table: Any = self.reviews if meanwhile is None else Overtaken(self.reviews, meanwhile)
        return Retrainer(settings, table, aws, aws, aws, self.clock).run()

    def answered(self, count: int, choice: str = LABEL) -> None:
        """So many new answers, each a second after the other."""
        for _ in range(count):
            self.answers += 1
            self.later(seconds=1)
            at = self.now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
            made = review(self.answers)
            said = answer("ann", "cat", choice)
            self.reviews.create(
                Review.parse(
                    {
                        **made.to_attributes(),
                        "status": CONCLUDED,
                        "answers": [{**said.as_json(), "at": at}],
                        "decision": Decision(choice, at, said.label).as_json(),
                    }
                )
            )


class Overtaken:
    """The table, where somebody acts between a run's look and its write."""

    def __init__(self, table: Any, meanwhile: Any) -> None:
        self._table, self._meanwhile = table, meanwhile

    def __getattr__(self, name: str) -> Any:
        if name == "write_retraining" and self._meanwhile is not None:
            act, self._meanwhile = self._meanwhile, None
            act()
        return getattr(self._table, name)


@pytest.fixture
def world() -> World:
    made = World()
    made.begin()
    return made


def test_enough_new_answers_start_a_training_with_the_last_ones_data(world: World) -> None:
    world.answered(2)
    assert world.retrain() == {"answers": 2, "execution": ""}
    world.answered(1)
    made = world.retrain()
    (name,) = world.aws.starts
    assert made == {"answers": 3, "execution": name}
    assert name.startswith("animals-answers-")
    assert len(name) <= 45
    assert world.aws.started[name] == {
        **LAST,
        "reviewed": "s3://training/reviewed/12/",
        "afterAnswers": 3,
    }


def test_answers_count_once_and_the_next_training_takes_as_many_again(world: World) -> None:
    world.answered(3)
    world.retrain()
    assert world.retrain() == {"answers": 0, "execution": ""}
    world.answered(2)
    assert world.retrain()["answers"] == 2
    world.answered(1)
    world.retrain()
    assert len(world.aws.starts) == 2
    assert world.aws.published == [3, 6], "the dataset is of all answers"


def test_what_teaches_nothing_does_not_count(world: World) -> None:
    world.answered(5, NONE)
    world.answered(2)
    assert world.retrain() == {"answers": 2, "execution": ""}


def test_answers_of_several_days_count_and_those_of_long_ago_do_not(world: World) -> None:
    world.answered(1)
    world.later(days=89)
    world.answered(1)
    world.later(days=2)
    world.answered(1)
    assert world.retrain()["answers"] == 2


@pytest.mark.parametrize("whose", ["a person's", "its own"])
def test_while_a_training_runs_none_is_started(world: World, whose: str) -> None:
    world.answered(3)
    world.aws.busy = True
    assert world.retrain() == {"answers": 0, "execution": ""}
    world.aws.busy = False
    assert world.retrain()["execution"]


def test_two_runs_at_the_same_time_start_one_training(world: World) -> None:
    world.answered(3)
    made = world.retrain(meanwhile=world.retrain)
    assert made["execution"] == ""
    assert len(set(world.aws.starts)) == 1


@pytest.mark.parametrize("call", ["last_given", "publish", "start"])
@pytest.mark.parametrize("after", [False, True])
def test_a_run_that_dies_at_any_call_is_finished_by_the_next_one(
    world: World, call: str, after: bool
) -> None:
    world.answered(3)
    world.aws.kill = (call, after)
    try:
        world.retrain()
    except LoupeError:
        world.later(minutes=5)
        world.retrain()
    assert len(world.aws.started) == 1
    assert world.retrain() == {"answers": 0, "execution": ""}
    assert len(world.aws.started) == 1
    assert not world.aws.messages, "what comes of it the training says itself"


@pytest.mark.parametrize(
    ("changes", "why"),
    [({"given": None}, "loupe train --data DATA --with-reviews"), ({"pictures": 0}, "deleted or replaced")],
)
def test_where_nothing_can_be_trained_people_read_why_once(
    world: World, changes: Mapping[str, Any], why: str
) -> None:
    world.answered(3)
    for name, value in changes.items():
        setattr(world.aws, name, value)
    for _ in range(3):
        world.retrain()
    (message,) = world.aws.messages
    assert not world.aws.starts
    assert message["Subject"] == "Loupe: 3 answers, but no training"
    texts = json.loads(message["Message"])
    assert why in texts["email"]
    assert json.loads(texts["https"])["status"] == "NOT_RETRAINED"


def test_a_message_that_was_not_sent_is_sent_by_the_next_run(world: World) -> None:
    world.answered(3)
    world.aws.given, world.aws.kill = None, ("notify", False)
    with pytest.raises(NotificationFailedError):
        world.retrain()
    world.retrain()
    world.retrain()
    assert len(world.aws.messages) == 1


def test_the_state_of_retraining_is_no_review(world: World) -> None:
    world.answered(3)
    world.retrain()
    assert len(list(world.reviews.all())) == 3


def test_days_between_two_moments_are_asked_one_by_one(world: World) -> None:
    world.now = world.now.replace(hour=23, minute=59, second=58)
    world.answered(4)
    found: Iterable[Review] = world.reviews.decided(
        (world.now - timedelta(days=1)).isoformat().replace("+00:00", "Z"),
        world.now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    )
    assert [each.image_id for each in found] == [f"{number:032x}" for number in (1, 2, 3, 4)]
