"""Many pictures, five reviewers at the API, each call throttled, failing or killed at every step in turn."""

from __future__ import annotations

import itertools
import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest

from loupe_api import models
from loupe_api.reviewing import Reviewing
from loupe_core.claims import iso
from loupe_core.errors import LoupeError
from loupe_review.correcting import Corrector
from loupe_review.errors import ReviewOverError, ReviewTakenError, UndoTooLateError
from loupe_review.review import ABORTED, CONCLUDED, LABEL
from loupe_review.rules import LEASE
from tests.workflow.review_crowd import CALLS, SERVICE, STOPPED, TOPIC, CrowdWorld, Fault
from tests.workflow.world import KilledError

# Every call of the review stack, what marks it, and how it can fail.
PLACES: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("update_item", ("ReviewsTable", "#labels"), CALLS),
    ("put_item", ("ReviewsTable", "attribute_not_exists"), CALLS),
    ("put_item", ("ReviewsTable", "revision = :seen"), CALLS),
    ("get_item", ("ReviewsTable",), CALLS),
    ("query", ("ReviewsTable", "queue-order-index"), CALLS),
    ("query", ("ReviewsTable", "imageId-createdAt-index"), CALLS),
    ("get_item", ("ImagesTable",), CALLS),
    ("update_item", ("ImagesTable", "reviewId"), CALLS),
    ("update_item", ("TokensTable",), SERVICE),
    ("get_item", ("TokensTable",), CALLS),
    ("start", (), CALLS),
    ("ring", (), CALLS),
    ("publish", (), TOPIC),
    ("Conclude Review", (), (*SERVICE, STOPPED)),
)
# Once, which Step Functions' and people's next attempts outlast, and oftener than any of them tries.
ONCE, LONG = 1, 16
FAULTS = [
    (operation, words, kind, calls)
    for calls in (ONCE, LONG)
    for operation, words, kinds in PLACES
    for kind in kinds
]
FAULT_TURNS, MAX_TURNS = 30, 1000
FEW = [
    (operation, words, kinds[number % len(kinds)], ONCE)
    for number, (operation, words, kinds) in enumerate(PLACES)
]
REVIEWERS = ("ann", "bob", "eve", "ida", "tom")
LABELS = ("1", "7", "9")


@dataclass
class Span:
    """Who had a picture from when to when, as they knew it."""

    review: str
    person: str
    since: str
    until: str


@dataclass
class Reviewer:
    """One person at work: takes, keeps, answers, skips, takes back, goes away. What fails they repeat."""

    name: str
    world: CrowdWorld
    api: Reviewing
    spans: list[Span] = field(default_factory=list)
    said: dict[str, str] = field(default_factory=dict)
    doing: Callable[[], None] | None = None
    away_until: str = ""

    def __post_init__(self) -> None:
        self.chance = random.Random(self.name)
        self.held: Span | None = None
        self.answered = ""

    def act(self) -> None:
        if iso(self.world.now) < self.away_until or self.chance.random() < 0.2:
            return
        self.doing = self.doing or self._choose()
        try:
            self.doing()
            self.doing = None
        except (ReviewOverError, ReviewTakenError, UndoTooLateError):
            self.doing = None
            self._let_go()
        except (LoupeError, KilledError):
            pass  # An answer with status 500, or none: they try again.

    def _choose(self) -> Callable[[], None]:
        if self.answered and self.chance.random() < 0.15:
            return self._undo
        self.answered = ""
        if self.held is None:
            return self._next
        what = self.chance.random()
        if what < 0.05:
            return self._skip
        if what < 0.15:
            return self._renew
        if what < 0.18:
            self.away_until = iso(self.world.now + 2 * LEASE)
        return partial(self._answer, self.chance.choice(LABELS))

    def _next(self) -> None:
        given = self.api.next(models.NextReview(), self.name).result
        if given is not None:
            self._take(given)

    def _take(self, given: models.Review) -> None:
        self.held = Span(given.review_id, self.name, iso(self.world.now), str(given.lease_until))
        self.spans.append(self.held)

    def _renew(self) -> None:
        assert self.held is not None
        self.held.until = str(self.api.lease(self.held.review, self.name).lease_until)

    def _answer(self, label: str) -> None:
        assert self.held is not None
        answer = models.NewAnswer(choice="LABEL", label=label, seconds=1.5)
        self.api.answer(self.held.review, answer, self.name)
        self.answered = self.held.review
        self.said[self.answered] = label
        self._let_go()

    def _skip(self) -> None:
        assert self.held is not None
        self.api.skip(self.held.review, self.name)
        self._let_go()

    def _undo(self) -> None:
        review, self.answered = self.answered, ""
        self.doing = lambda: self._undone(review)
        self.doing()

    def _undone(self, review: str) -> None:
        given = self.api.undo(review, self.name).result
        self.said.pop(review, None)
        self._take(given)

    def _let_go(self) -> None:
        if self.held is not None:
            self.held.until = min(self.held.until, iso(self.world.now))
        self.held = None


class NoPictures:
    """The API's view of images: what a reviewer is shown is not what this is about."""

    def get(self, image_id: str) -> None:
        return None

    def made_urls(self, record: Any) -> Any:
        raise AssertionError


# A few pictures meet each call's failure in one way; many meet it in all.
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("pictures", [14, 200])
def test_each_picture_ends_once_whatever_fails(pictures: int, capfd: pytest.CaptureFixture[str]) -> None:
    world = CrowdWorld(digest_minutes=0)
    faults = [Fault(*each) for each in (FAULTS if pictures > len(FAULTS) else FEW)]
    api = Reviewing(world.desk, Corrector(world.desk, world.images, world.clock), NoPictures(), NoPictures())
    people = [Reviewer(name, world, api) for name in REVIEWERS]
    world.classify({"image_data": "", "s3_bucket": "uploads", "s3_key": "uploads/0.png"})
    (first,) = world.records()
    for turn, fault in enumerate(faults):
        for number in range(pictures * turn // len(faults), pictures * (turn + 1) // len(faults)):
            if number:
                one = {
                    "imageId": f"{number:032x}",
                    "claimId": f"claim {number}",
                    "key": f"uploads/{number}.png",
                }
                world.put_record({**first, **one})
        world.fault = fault
        work(world, people, partial(getattr, fault, "spent"))
        assert fault.met, fault
    world.fault = None
    # What a dead execution left pending is finished when its lease has ended.
    work(world, people, lambda: is_over(world, pictures), slowest=60)

    records = {each["imageId"]: each for each in world.records()}
    reviews = list(world.reviews.all())
    assert len(records) == len(reviews) == pictures
    assert Counter(sent(world)) == Counter(records.keys())
    said = {review: label for each in people for review, label in each.said.items()}
    for review in reviews:
        record = records[review.image_id]
        assert review.decision is not None
        if review.decision.outcome == ABORTED:
            assert (record["status"], review.review_id in said) == ("FAILED", False)
            continue
        assert (review.decision.outcome, len(review.answers)) == (LABEL, 1)
        assert (record["status"], record["label"]) == ("CLASSIFIED", said[review.review_id])
    assert overlapping([span for each in people for span in each.spans]) == []
    assert_no_token_is_anywhere(world, capfd.readouterr())


def work(world: CrowdWorld, people: list[Reviewer], done: Callable[[], bool], slowest: float = 3) -> None:
    """People act and time passes until it is done, or what lasts has lasted."""
    for turn in range(MAX_TURNS):
        if done() or (turn > FAULT_TURNS and world.fault is not None and world.fault.met):
            return
        for each in people:
            each.act()
        world.pass_time(people[0].chance.uniform(0.2, slowest))
        if world.fault is not None and world.fault.kind == STOPPED and not world.fault.spent:
            world.fault.met += world.stop_one()
    left = [each for each in world.reviews.all() if each.status != CONCLUDED]
    unended = [each for each in world.fibers.values() if not each.over]
    raise AssertionError(
        f"{world.fault} was not met, or pictures do not end: {len(world.changes)} changes, "
        f"{unended[:3]}, {left[:3]}, pending {world.pending}"
    )


def is_over(world: CrowdWorld, pictures: int) -> bool:
    ended = sum(fiber.over for fiber in world.fibers.values())
    if ended < pictures or world.changes or world.pending:
        return False
    return all(each.status == CONCLUDED for each in world.reviews.all())


def sent(world: CrowdWorld) -> list[str]:
    """Of which picture each notification was."""
    return [each["MessageAttributes"]["imageId"]["StringValue"] for each in world.messages]


def overlapping(spans: list[Span]) -> list[tuple[Span, Span]]:
    ordered = sorted(spans, key=lambda each: (each.review, each.since))
    return [
        (first, second)
        for first, second in itertools.pairwise(ordered)
        if (first.review, first.person != second.person) == (second.review, True)
        and second.since < first.until
    ]


def assert_no_token_is_anywhere(world: CrowdWorld, logged: Any) -> None:
    kept = [world._client.scan(TableName=name)["Items"] for name in ("ImagesTable", "ReviewsTable")]
    endings = [ending.output for ending in world.endings.values()]
    written = json.dumps([kept, world.messages, endings], default=str)
    assert len(world.tokens) > len(world.fibers) / 2
    assert not [
        token for token in world.tokens if token in written or token in logged.out or token in logged.err
    ]
