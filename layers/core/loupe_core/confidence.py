"""The rule that lets a classification pass."""

import math
from collections.abc import Sequence

from loupe_core.errors import ThresholdConfidenceNotMetError
from loupe_core.inference import Prediction


def percent(score: float) -> str:
    """A score for people: 0.9312 is 93.1%.

    Rounded down, here as on the page and on annotated pictures: 92.99 % must not read as the 93 % that it
    missed. The billionth is for scores such as 0.29, which are stored a little below what they say.
    """
    return f"{math.floor(score * 1000 + 1e-9) / 10:.1f}%"


def require_confidence(ranked: Sequence[Prediction], threshold: float) -> Prediction:
    """The best of `ranked` (best first, not empty) if its score is the threshold or more."""
    best = ranked[0]
    if best.score >= threshold:
        return best
    raise ThresholdConfidenceNotMetError(not_met(best, threshold))


def not_met(best: Prediction, threshold: float) -> str:
    """What is said of a picture below the threshold."""
    # Rounded down: 92.999 % must not read as the 93 % that it missed.
    percent = math.floor(best.score * 10_000) / 100
    return (
        f"THRESHOLD_CONFIDENCE_NOT_MET: the best guess is {best.label} with {percent:.2f}%, "
        f"below the threshold of {threshold:.2%}."
    )
