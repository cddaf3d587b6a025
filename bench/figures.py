"""What a benchmark yields: a ratio to a peer or to a limit, with its spread and its target."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal


class CannotRunHereError(Exception):
    """This machine lacks what a part needs; the message says what, and how to get it."""


@dataclass(frozen=True)
class Spread:
    """Samples in short: their median and how far they lie apart."""

    median: float
    least: float
    most: float
    count: int

    @classmethod
    def of(cls, samples: Sequence[float]) -> "Spread":
        """Raises ValueError if there are no samples."""
        if not samples:
            raise ValueError("no samples")
        return cls(statistics.median(samples), min(samples), max(samples), len(samples))


@dataclass(frozen=True)
class Target:
    """What a ratio must reach."""

    bound: Literal["at least", "at most"]
    value: float

    def met_by(self, ratio: float) -> bool:
        return ratio >= self.value if self.bound == "at least" else ratio <= self.value

    def __str__(self) -> str:
        return f"{'≥' if self.bound == 'at least' else '≤'} {self.value:g}"


def at_least(value: float) -> Target:
    """The ratio must be `value` or more."""
    return Target("at least", value)


def at_most(value: float) -> Target:
    """The ratio must be `value` or less."""
    return Target("at most", value)


@dataclass(frozen=True)
class Figure:
    """One row of the table.

    `ratio` is over pairs measured one after the other: a busy machine slows both sides alike. `ours` and
    `theirs` are in `unit`. `cpu_ratio` is the same ratio by processor time (user and system), where that was
    measured beside the clock. `detail` goes into the JSON only.
    """

    name: str
    against: str
    ratio: Spread
    ours: Spread
    theirs: Spread
    unit: str
    target: Target | None = None
    cpu_ratio: Spread | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)

    @property
    def met(self) -> bool | None:
        """Whether the median ratio reaches the target; None without a target."""
        return None if self.target is None else self.target.met_by(self.ratio.median)


def times_better(
    name: str,
    against: str,
    ours: Sequence[float],
    theirs: Sequence[float],
    unit: str,
    target: Target | None = None,
    **more: Any,
) -> Figure:
    """Where less is better and the peer has more: theirs ÷ ours, pair by pair."""
    ratio = Spread.of(ratios(theirs, ours))
    return Figure(name, against, ratio, Spread.of(ours), Spread.of(theirs), unit, target, **more)


def part_of(
    name: str,
    against: str,
    ours: Sequence[float],
    theirs: Sequence[float],
    unit: str,
    target: Target | None = None,
    **more: Any,
) -> Figure:
    """Ours in parts of theirs, as against a limit or a throughput: ours ÷ theirs, pair by pair."""
    ratio = Spread.of(ratios(ours, theirs))
    return Figure(name, against, ratio, Spread.of(ours), Spread.of(theirs), unit, target, **more)


def ratios(above: Sequence[float], below: Sequence[float]) -> list[float]:
    """Each pair's ratio. Raises ValueError unless there are as many on both sides."""
    return [over / under for over, under in zip(above, below, strict=True)]
