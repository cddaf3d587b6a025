"""Confidences as numbers: over all, and period by period."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import fmean, median

from loupe.training.captures import Inference

MAX_PERIODS = 12
# In seconds; the shortest that needs no more than MAX_PERIODS is taken.
LENGTHS = (1, 5, 15, 60, 300, 900, 3600, 3 * 3600, 6 * 3600, 86400, 7 * 86400, 30 * 86400)


@dataclass(frozen=True)
class Confidence:
    """How sure the model was from one time on: how often, on average, at the least, and how often enough."""

    start: datetime
    count: int
    mean: float
    median: float
    least: float
    accepted: float


def summarise(inferences: Sequence[Inference], threshold: float) -> Confidence:
    """Of at least one inference."""
    values = [each.confidence for each in inferences]
    return Confidence(
        start=min(each.at for each in inferences),
        count=len(values),
        mean=fmean(values),
        median=median(values),
        least=min(values),
        accepted=sum(value >= threshold for value in values) / len(values),
    )


def by_period(inferences: Sequence[Inference], threshold: float) -> tuple[timedelta, list[Confidence]]:
    """The periods' length, and what was in each that had any; each `start` is its period's beginning."""
    first, last = (pick(each.at for each in inferences) for pick in (min, max))
    span = (last - first).total_seconds()
    length = next((each for each in LENGTHS if span / each < MAX_PERIODS - 1), 0)
    length = length or math.ceil(span / (MAX_PERIODS - 1))
    periods: dict[int, list[Inference]] = {}
    for each in inferences:
        periods.setdefault(int(each.at.timestamp() // length), []).append(each)
    found = []
    for number, inside in sorted(periods.items()):
        figures = summarise(inside, threshold)
        start = datetime.fromtimestamp(number * length, UTC)
        found.append(Confidence(start, *list(vars(figures).values())[1:]))
    return timedelta(seconds=length), found
