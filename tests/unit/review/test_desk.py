"""Which picture a reviewer gets, where many wait."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import cast

import pytest

from loupe_review.desk import LOOKED_AT, MAX_LOOKED_AT, Desk
from loupe_review.review import LABEL, WAITING, Review
from loupe_review.table import ReviewsTable
from tests.unit.review.test_rules import NOON, review

MANY = 2 * LOOKED_AT + 30


class FakeTable:
    """The Reviews table, whose queue says how many of it were read."""

    def __init__(self, reviews: list[Review]) -> None:
        self.items = {each.review_id: each for each in reviews}
        self.read = 0

    def queue(self, status: str, limit: int, at_once: int | None = None) -> Iterator[Review]:
        waiting = sorted(
            (each for each in self.items.values() if each.status == status), key=lambda e: e.order
        )
        for each in waiting[:limit]:
            self.read += 1
            yield each

    def change(self, review_id: str, rule: Callable[[Review], Review]) -> Review:
        self.items[review_id] = rule(self.items[review_id])
        return self.items[review_id]

    def add_labels(self, labels: set[str]) -> None:
        """Not what this is about."""


def desk_of(reviews: list[Review]) -> tuple[Desk, FakeTable]:
    table = FakeTable(reviews)
    return Desk(cast(ReviewsTable, table), lambda: NOON), table


@pytest.mark.parametrize("required", [1, 2])
def test_who_has_answered_or_skipped_all_in_front_gets_those_behind(required: int) -> None:
    desk, table = desk_of([review(number, required) for number in range(MANY)])
    seen = []
    for turn in range(MANY):
        given = desk.next("ann")
        assert given is not None, f"{MANY - turn} wait for ann"
        seen.append(given.review_id)
        if turn % 2:
            desk.skip(given.review_id, "ann")
        else:
            desk.answer(given.review_id, "ann", LABEL, "cat")
    assert sorted(seen) == sorted(table.items)
    assert desk.next("ann") is None
    left = sum(each.status == WAITING for each in table.items.values())
    assert left == (MANY if required == 2 else MANY // 2)
    assert desk.next("bob") is not None


def test_no_more_is_read_than_one_needs() -> None:
    desk, table = desk_of([review(number) for number in range(MANY)])
    desk.next("ann")
    assert table.read == LOOKED_AT


def test_who_gets_nothing_reads_no_endless_queue() -> None:
    many = [review(number).changed(skipped=("ann",)) for number in range(MAX_LOOKED_AT + LOOKED_AT)]
    desk, table = desk_of(many)
    assert desk.next("ann") is None
    assert table.read == MAX_LOOKED_AT
