"""Agreement, as a number. Pure."""

from collections import Counter
from collections.abc import Sequence


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
