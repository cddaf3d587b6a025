"""Accuracy against coverage: what a threshold lets through, and which one gives the accuracy wanted.

El-Yaniv, Wiener: On the Foundations of Noise-free Selective Classification, JMLR 2010.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

WANTED = (0.9, 0.95, 0.98, 0.99, 0.995)
MAX_POINTS = 101
# A threshold that fewer pictures back up is chance.
FEWEST = 5


def accepted(confidence: Floats, right: npt.NDArray[np.bool_], threshold: float) -> dict[str, Any]:
    """What a threshold lets through: the share of pictures, and the share of those that is right."""
    taken = confidence >= threshold
    return {
        "value": threshold,
        "acceptedShare": float(taken.mean()),
        "acceptedAccuracy": float(right[taken].mean()) if taken.any() else None,
    }


def curve(confidence: Floats, right: npt.NDArray[np.bool_]) -> list[dict[str, float]]:
    """Coverage and accuracy from the surest picture to all, at most MAX_POINTS places of a threshold."""
    thresholds, counts, hits = _steps(confidence, right)
    if not len(counts):
        return []
    places = np.unique(np.linspace(0, len(counts) - 1, MAX_POINTS).round().astype(int))
    return [
        {
            "threshold": _down(thresholds[place]),
            "coverage": round(float(counts[place] / len(confidence)), 5),
            "accuracy": round(float(hits[place] / counts[place]), 5),
        }
        for place in places.tolist()
    ]


def suggestions(confidence: Floats, right: npt.NDArray[np.bool_]) -> list[dict[str, Any]]:
    """For each wanted accuracy the lowest threshold that reaches it: "for 99 % right accept at 0.87 (82 %)".
    `threshold` is None where no threshold does, or only one that fewer than FEWEST pictures pass.
    """
    thresholds, counts, hits = _steps(confidence, right)
    found: list[dict[str, Any]] = []
    for wanted in WANTED:
        good: Integers = np.flatnonzero((hits >= wanted * counts) & (counts >= FEWEST))
        if not len(good):
            found.append({"accuracy": wanted, "threshold": None, "coverage": 0.0, "count": 0})
            continue
        place = int(good[-1])
        found.append(
            {
                "accuracy": wanted,
                "threshold": _down(thresholds[place]),
                "coverage": round(float(counts[place] / len(confidence)), 5),
                "count": int(counts[place]),
                "reached": round(float(hits[place] / counts[place]), 5),
            }
        )
    return found


def by_class(probabilities: Floats, targets: Integers, labels: Sequence[str]) -> list[dict[str, Any]]:
    """The same for each label that was said, for a threshold is put to what is said."""
    said = probabilities.argmax(axis=1)
    confidence, right = probabilities.max(axis=1), said == targets
    return [
        {"label": label, "suggestions": suggestions(confidence[chosen], right[chosen])}
        for place, label in enumerate(labels)
        if (chosen := said == place).any()
    ]


def _steps(confidence: Floats, right: npt.NDArray[np.bool_]) -> tuple[Floats, Integers, Integers]:
    """By threshold from the highest: how many pass and how many of those are right; equal ones together."""
    order = np.argsort(-confidence, kind="stable")
    ordered = confidence[order]
    ends = np.flatnonzero(np.append(np.diff(ordered) != 0, True)) if len(ordered) else np.empty(0, np.int64)
    hits = np.cumsum(right[order].astype(np.int64))
    return ordered[ends], (ends + 1).astype(np.int64), hits[ends].astype(np.int64)


def _down(threshold: float) -> float:
    """Four decimals, never above the confidence it stands for."""
    return float(np.floor(threshold * 10_000) / 10_000)
