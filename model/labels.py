"""What a dataset's labels do to a model: classes of unequal size, and labels that look wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from model.intervals import wilson

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

# Below this the largest class is not so much larger that weights would change anything.
UNEQUAL = 1.5
# Of the surest third of the answers, this share must contradict its label, with this many pictures to say so.
NOISY_SHARE, NOISY_PICTURES = 0.05, 20
MAX_SUSPECTS = 200


@dataclass(frozen=True)
class Suspect:
    """A picture whose label a model that has not seen it contradicts."""

    file: str
    label: str
    said: str
    confidence: float

    def to_dict(self) -> dict[str, Any]:
        return {
            "file": self.file,
            "label": self.label,
            "said": self.said,
            "confidence": round(self.confidence, 4),
        }


def class_weights(targets: Integers, classes: int) -> Floats | None:
    """Weights by class such that each weighs alike, 1 on average over pictures; None for equal classes."""
    counts = np.bincount(targets, minlength=classes)
    present = counts[counts > 0]
    if present.max() < UNEQUAL * present.min():
        return None
    return np.asarray(np.where(counts > 0, len(targets) / (len(present) * np.maximum(counts, 1)), 0.0))


def said_of_weights(targets: Integers, labels: Sequence[str]) -> str | None:
    """A sentence about classes of unequal size, or None."""
    counts = np.bincount(targets, minlength=len(labels))
    if class_weights(targets, len(labels)) is None:
        return None
    few, many = int(np.where(counts > 0, counts, counts.max()).argmin()), int(counts.argmax())
    return (
        f"{labels[few]} has {counts[few]:,} pictures, {labels[many]} {counts[many]:,}: every class weighs "
        "alike in training (class_weights=none lets every picture weigh alike)"
    )


def noise_share(probabilities: Floats, targets: Integers) -> float | None:
    """The share of labels that look wrong, of answers to unseen pictures; None where nothing says so.

    A weak model is wrong where it is unsure. Where it contradicts labels in the surest third of its answers,
    the labels are wrong, or pictures of two classes are alike.
    """
    third = np.argsort(-probabilities.max(axis=1), kind="stable")[: len(targets) // 3]
    if len(third) < NOISY_PICTURES:
        return None
    wrong = int((probabilities[third].argmax(axis=1) != targets[third]).sum())
    low, _ = wilson(wrong, len(third))
    return wrong / len(third) if low > NOISY_SHARE else None


def suspects(
    probabilities: Floats, targets: Integers, names: Sequence[str], labels: Sequence[str]
) -> list[Suspect]:
    """Pictures whose label is contradicted, the surest contradiction first: by the model's best label over
    the given one.
    """
    places = np.arange(len(targets))
    said = probabilities.argmax(axis=1)
    margin = probabilities[places, said] - probabilities[places, targets]
    order = [int(place) for place in np.argsort(-margin, kind="stable") if said[place] != targets[place]]
    return [
        Suspect(
            names[place],
            labels[targets[place]],
            labels[said[place]],
            float(probabilities[place, said[place]]),
        )
        for place in order[:MAX_SUSPECTS]
    ]
