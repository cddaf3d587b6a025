"""Accuracy against coverage, and the threshold that gives the accuracy that is asked for."""

import numpy as np

from model.thresholds import accepted, by_class, curve, suggestions

CONFIDENCE = np.array([0.99, 0.98, 0.97, 0.9, 0.9, 0.87, 0.8, 0.7, 0.6, 0.5])
RIGHT = np.array([True] * 6 + [False, True, False, False])


def of(wanted: float, found: list[dict[str, float]]) -> dict[str, float]:
    return next(each for each in found if each["accuracy"] == wanted)


def test_the_lowest_threshold_that_is_right_often_enough_is_suggested() -> None:
    found = suggestions(CONFIDENCE, RIGHT)

    assert of(0.99, found) == {
        "accuracy": 0.99, "threshold": 0.87, "coverage": 0.6, "count": 6, "reached": 1.0,
    }  # fmt: skip
    taken = accepted(CONFIDENCE, RIGHT, of(0.99, found)["threshold"])
    assert (taken["acceptedShare"], taken["acceptedAccuracy"]) == (0.6, 1.0)


def test_few_pictures_back_no_threshold() -> None:
    found = suggestions(CONFIDENCE[:3], RIGHT[:3])

    assert all(each["threshold"] is None for each in found)
    assert suggestions(np.empty(0), np.empty(0, bool))[0]["threshold"] is None


def test_equal_confidences_pass_together() -> None:
    points = curve(CONFIDENCE, RIGHT)

    assert [each["coverage"] for each in points] == [0.1, 0.2, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
    assert points[-1]["accuracy"] == 0.7
    assert len(curve(np.linspace(0, 1, 5000), np.ones(5000, bool))) == 101


def test_a_class_has_thresholds_of_its_own() -> None:
    probabilities = np.stack([CONFIDENCE, 1 - CONFIDENCE], axis=1)
    targets = np.where(RIGHT, 0, 1)

    found = by_class(probabilities, targets, ["cat", "dog"])

    assert [each["label"] for each in found] == ["cat"], "dog is never said"
