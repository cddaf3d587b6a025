"""Confidence that means something: temperature scaling, a cap by the evidence, and their measure.

Guo, Pleiss, Sun, Weinberger: On Calibration of Modern Neural Networks, ICML 2017.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

BINS = 15
# A temperature from fewer answers is mostly chance: it may make a model less sure, never surer.
ENOUGH = 50
COLDEST, HOTTEST = 0.02, 100.0


@dataclass(frozen=True)
class Bin:
    """Predictions whose confidence fell in one range: how many, how sure on average, how often right."""

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


@dataclass(frozen=True)
class Calibration:
    """A temperature, and the share of each answer that is spread over all classes alike.

    `calibrated` says whether enough pictures stand behind it and the temperature is no end of its range.
    """

    temperature: float = 1.0
    spread: float = 0.0
    pictures: int = 0
    calibrated: bool = False

    def log_probabilities(self, logits: Floats) -> Floats:
        """What the model answers in the end, as logits: softmax of it gives the probabilities."""
        classes = logits.shape[1]
        mixed = (1 - self.spread) * softmax(logits / self.temperature) + self.spread / classes
        return np.asarray(np.log(np.maximum(mixed, 1e-30)))


def softmax(logits: Floats) -> Floats:
    """Probabilities by row."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    total: Floats = powers / powers.sum(axis=1, keepdims=True)
    return total


def negative_log_likelihood(logits: Floats, targets: Integers) -> float:
    """Mean over rows."""
    probabilities = softmax(logits)[np.arange(len(targets)), targets]
    return float(-np.log(np.maximum(probabilities, 1e-12)).mean())


def calibrate(logits: Floats, targets: Integers, classes: int) -> Calibration:
    """From answers to pictures that the model was not fitted to, N x classes; there may be none."""
    count = len(targets)
    if not count:
        return Calibration(spread=_spread_for(0.0, classes))
    fitted = fit_temperature(logits, targets)
    at_an_end = not COLDEST * 1.01 < fitted < HOTTEST * 0.99
    temperature = fitted if count >= ENOUGH else max(1.0, fitted)
    cap = most_confidence(softmax(logits / temperature), targets)
    return Calibration(
        temperature, _spread_for(cap, classes), count, calibrated=count >= ENOUGH and not at_an_end
    )


def most_confidence(probabilities: Floats, targets: Integers) -> float:
    """The surest that the evidence lets a model be: of the m surest answers r were right, so the next like
    them is right with (r + 1) / (m + 2), by Laplace's rule of succession; the best m counts.
    """
    order = np.argsort(-probabilities.max(axis=1), kind="stable")
    right = np.cumsum((probabilities.argmax(axis=1) == targets)[order])
    counts = np.arange(1, len(order) + 1)
    return float(((right + 1) / (counts + 2)).max()) if len(order) else 0.5


def _spread_for(cap: float, classes: int) -> float:
    """The share to spread so that no answer is surer than `cap`; the best label stays the best."""
    cap = max(cap, (1 + 1 / classes) / 2)
    return round((1 - cap) / (1 - 1 / classes), 6)


def fit_temperature(logits: Floats, targets: Integers, low: float = COLDEST, high: float = HOTTEST) -> float:
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
