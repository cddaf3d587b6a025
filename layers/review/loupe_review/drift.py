"""Whether what comes now is what the model was evaluated on: the population stability index. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log, sqrt
from typing import Any, Protocol

# Of equal width, those of the evaluation's reliability diagram (model.calibration).
BINS = 15
# Of a bin that is empty on one side, the logarithm would be infinite: every bin counts half a picture more.
PSEUDO_COUNT = 0.5
# What is usually called a moderate and a large shift: Siddiqi, Credit Risk Scorecards, 2006.
MODERATE, LARGE = 0.1, 0.25
# 95 of 100 standard normal values are below this.
Z95 = 1.644854


@dataclass(frozen=True)
class Shift:
    """A population stability index, and what it is below by chance alone in 95 of 100 cases: both sides are
    samples.
    """

    index: float
    by_chance: float
    pictures: int

    @property
    def verdict(self) -> str:
        """`large`, `moderate` or `none`; an index that chance explains is none."""
        if self.index <= max(self.by_chance, MODERATE):
            return "none"
        return "large" if self.index > LARGE else "moderate"


def population_stability(expected: Sequence[float], actual: Sequence[float]) -> Shift | None:
    """Of two counts over the same bins; None where either side has no picture.

    What chance does is chi-squared with a degree of freedom less than there are bins, times 1/n + 1/m:
    Yurdakul, Statistical Properties of Population Stability Index, 2018.
    """
    # A bin that both sides leave empty says nothing.
    pairs = [(before, now) for before, now in zip(expected, actual, strict=True) if before or now]
    n, m = sum(before for before, _ in pairs), sum(now for _, now in pairs)
    if not n or not m:
        return None
    more = PSEUDO_COUNT * len(pairs)
    index = 0.0
    for before, now in pairs:
        a, b = (before + PSEUDO_COUNT) / (n + more), (now + PSEUDO_COUNT) / (m + more)
        index += (b - a) * log(b / a)
    return Shift(index, _chi_squared_95(len(pairs) - 1) * (1 / n + 1 / m), int(m))


class Guess(Protocol):
    """What a model said of a picture."""

    @property
    def confidence(self) -> float: ...

    @property
    def label(self) -> str: ...


def confidence_shift(evaluation: Mapping[str, Any] | None, guesses: Sequence[Guess]) -> Shift | None:
    """Of how sure the model is, over the evaluation's bins; None without an evaluation or pictures."""
    if evaluation is None:
        return None
    before, now = [0] * BINS, [0] * BINS
    for each in evaluation["calibration"]["bins"]:  # empty ones are left out there
        before[round(each["low"] * BINS)] += each["count"]
    for guess in guesses:
        now[min(int(guess.confidence * BINS), BINS - 1)] += 1
    return population_stability(before, now)


def class_shift(evaluation: Mapping[str, Any] | None, guesses: Sequence[Guess]) -> Shift | None:
    """Of what the model says, against what it said in the evaluation: the sums of the matrix's columns."""
    if evaluation is None:
        return None
    labels: list[str] = list(evaluation["labels"])
    said = [sum(row[place] for row in evaluation["confusionMatrix"]) for place in range(len(labels))]
    now = Counter(each.label for each in guesses)
    unknown = sum(count for label, count in now.items() if label not in labels)
    return population_stability([*said, 0], [*(now[label] for label in labels), unknown])


def _chi_squared_95(degrees: int) -> float:
    """The 95th percentile, by Wilson and Hilferty's approximation (1931); 0 for no degree of freedom."""
    if degrees < 1:
        return 0.0
    part = 2 / (9 * degrees)
    return float(degrees * (1 - part + Z95 * sqrt(part)) ** 3)
