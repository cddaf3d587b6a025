"""Several lists of the table as one, by time: each is a partition of an index, read on from where it was."""

import heapq
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from loupe_api.records import GroupRecord, ImageRecord, Page

Record = TypeVar("Record", GroupRecord, ImageRecord)
Read = Callable[[Mapping[str, str] | None], Page[Record]]
# Where a list has been read to is `createdAt/id` of its last record, or BEGIN before its first. AT is the
# place of the last record of all lists.
BEGIN, AT = "", "at"


@dataclass
class Merged(Generic[Record]):
    """The records of all lists in the order of time, each list read piece by piece as far as it is needed.

    `positions` say how far each list was gone through; with them another walk goes on. What has come into a
    list meanwhile, at a place that was gone past, is left out.
    """

    lists: Mapping[str, Read[Record]]
    key: str
    positions: dict[str, str]
    newest_first: bool = True
    _last: str = field(init=False)

    def __post_init__(self) -> None:
        self._last = self.positions[AT]

    def __iter__(self) -> Iterator[Record]:
        walks = [self._walk(name) for name in self.lists]
        for name, record in heapq.merge(
            *walks, key=lambda each: each[1].created_at, reverse=self.newest_first
        ):
            self.positions[name] = self.positions[AT] = f"{record.created_at}/{record.key_value}"
            yield record

    def take(
        self,
        limit: int,
        is_wanted: Callable[[Record], bool] = lambda _: True,
        budget: "Budget | None" = None,
    ) -> tuple[list[Record], dict[str, str] | None]:
        """Up to `limit` records that are wanted, as far as the budget goes; and the positions to go on from,
        None at the end.
        """
        budget = budget or Budget(sys.maxsize)
        taken: list[Record] = []
        records = iter(self)
        for record in records:
            budget.spend(1)
            if is_wanted(record):
                taken.append(record)
            if len(taken) == limit or budget.is_spent:
                break
        after = dict(self.positions)
        return taken, after if next(records, None) is not None else None

    def _walk(self, name: str) -> Iterator[tuple[str, Record]]:
        start = self._start(self.positions[name])
        while True:
            page = self.lists[name](start)
            for record in page.records:
                if not self._is_past(record):
                    yield name, record
            if page.next_key is None:
                return
            start = page.next_key

    def _is_past(self, record: Record) -> bool:
        """Whether a former walk was there already: what moved to another list meanwhile is given once."""
        if self._last == BEGIN:
            return False
        created_at, _, identity = self._last.partition("/")
        if record.created_at == created_at:
            return record.key_value == identity
        return (record.created_at > created_at) == self.newest_first

    def _start(self, position: str) -> dict[str, str] | None:
        if position == BEGIN:
            return None
        created_at, _, value = position.partition("/")
        return {"createdAt": created_at, self.key: value}


def beginnings(*lists: str) -> dict[str, str]:
    """The positions before anything was read."""
    return dict.fromkeys((AT, *lists), BEGIN)


@dataclass
class Budget:
    """How much more may be looked at."""

    left: int

    def spend(self, amount: int) -> None:
        self.left -= amount

    @property
    def is_spent(self) -> bool:
        return self.left <= 0
