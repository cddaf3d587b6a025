"""Confidence that means something: temperature scaling and its measure.

Guo, Pleiss, Sun, Weinberger: On Calibration of Modern Neural Networks, ICML 2017.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

BINS = 15


@dataclass(frozen=True)
class Bin:
    """Predictions whose confidence fell in one range: how many, how sure on average, how often right."""

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


def softmax(logits: Floats) -> Floats:
    """Probabilities by row."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    total: Floats = powers / powers.sum(axis=1, keepdims=True)
    return total


def negative_log_likelihood(logits: Floats, targets: Integers) -> float:
    """Mean over rows."""
    probabilities = softmax(logits)[np.arange(len(targets)), targets]
    return float(-np.log(np.maximum(probabilities, 1e-12)).mean())


def fit_temperature(logits: Floats, targets: Integers, low: float = 0.2, high: float = 10.0) -> float:
    """The T that makes softmax(logits / T) likeliest, by golden-section search over log T.

    N right answers do not prove that the next is right: each target keeps 1 / (N + 2) for all classes alike,
    as Platt's scaling does (Platt 1999). Else a model without a mistake would be infinitely sure.
    """
    doubt = 1 / (len(targets) + 2)

    def cost(temperature: float) -> float:
        scaled = logits / temperature
        likelihoods = np.log(np.maximum(softmax(scaled), 1e-30))
        return (1 - doubt) * negative_log_likelihood(scaled, targets) - doubt * float(likelihoods.mean())

    ratio = (5**0.5 - 1) / 2
    left, right = float(np.log(low)), float(np.log(high))
    while right - left > 1e-4:
        one, two = right - ratio * (right - left), left + ratio * (right - left)
        if cost(float(np.exp(one))) < cost(float(np.exp(two))):
            right = two
        else:
            left = one
    return round(float(np.exp((left + right) / 2)), 4)


def reliability(probabilities: Floats, targets: Integers, bins: int = BINS) -> list[Bin]:
    """The bins of a reliability diagram, empty ones left out."""
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == targets
    index = np.minimum((confidence * bins).astype(int), bins - 1)
    found = []
    for number in range(bins):
        inside = index == number
        if inside.any():
            low, high = number / bins, (number + 1) / bins
            mean = float(confidence[inside].mean())
            found.append(Bin(low, high, int(inside.sum()), mean, float(right[inside].mean())))
    return found


def expected_calibration_error(probabilities: Floats, targets: Integers, bins: int = BINS) -> float:
    """Mean gap between confidence and accuracy over the bins, weighted by their counts."""
    found = reliability(probabilities, targets, bins)
    return sum(item.count * abs(item.confidence - item.accuracy) for item in found) / len(targets)
