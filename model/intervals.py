"""How far an accuracy can be believed: an interval that its number of pictures allows.

Wilson: Probable Inference, the Law of Succession, and Statistical Inference, JASA 1927.
"""

from math import sqrt

# 95 of 100 such intervals hold the true share.
Z = 1.959964


def wilson(right: float, count: int) -> tuple[float, float]:
    """The 95 % interval of a share of which `right` of `count` were seen; all of 0…1 for none."""
    if count == 0:
        return 0.0, 1.0
    share = right / count
    middle = (share + Z * Z / (2 * count)) / (1 + Z * Z / count)
    half = Z / (1 + Z * Z / count) * sqrt(share * (1 - share) / count + Z * Z / (4 * count * count))
    return max(0.0, middle - half), min(1.0, middle + half)
