"""Agreement and drift, as numbers. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import log, sqrt

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


def fleiss_kappa(ratings: Sequence[Sequence[object]]) -> float | None:
    """Agreement beyond chance of several people on the same pictures; each entry is what they said of one.

    Pictures that fewer than two looked at do not count; None where none is left, or all said one thing, so
    that chance explains everything. Pictures may have different numbers of raters. Fleiss: Measuring nominal
    scale agreement among many raters, 1971.
    """
    rated = [Counter(each) for each in ratings if len(each) > 1]
    if not rated:
        return None
    agreed = [_agreeing_pairs(each) for each in rated]
    whole: Counter[object] = Counter()
    for each in rated:
        whole.update(each)
    chance = sum((count / whole.total()) ** 2 for count in whole.values())
    if chance == 1:
        return None
    return (sum(agreed) / len(agreed) - chance) / (1 - chance)


def _agreeing_pairs(said: Counter[object]) -> float:
    """The share of the pairs of raters that said the same."""
    return sum(count * (count - 1) for count in said.values()) / (said.total() * (said.total() - 1))


def _chi_squared_95(degrees: int) -> float:
    """The 95th percentile, by Wilson and Hilferty's approximation (1931); 0 for no degree of freedom."""
    if degrees < 1:
        return 0.0
    part = 2 / (9 * degrees)
    return float(degrees * (1 - part + Z95 * sqrt(part)) ** 3)
