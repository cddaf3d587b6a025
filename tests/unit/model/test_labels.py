"""Unequal classes are said, wrong labels are said and listed; a weak model is not taken for wrong labels."""

import numpy as np
import pytest

from model.calibration import Calibration, calibrate, most_confidence, softmax
from model.hyperparameters import Hyperparameters
from model.intervals import wilson
from model.labels import class_weights, noise_share, said_of_weights, suspects


def answers(right: float, flipped: float, count: int = 600, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Of a model that is right in that share, more where it is sure; and targets of which some lie."""
    generator = np.random.default_rng(seed)
    truth = generator.integers(0, 4, count)
    sure = generator.random(count)
    said = np.where(generator.random(count) < right + (1 - right) * sure, truth, (truth + 1) % 4)
    probabilities = softmax(np.eye(4)[said] * (1 + 4 * sure)[:, None])
    lies = generator.random(count) < flipped
    return probabilities, np.where(lies, (truth + generator.integers(1, 4, count)) % 4, truth)


def test_a_fifth_of_flipped_labels_is_noticed() -> None:
    probabilities, targets = answers(right=0.9, flipped=0.2)

    share = noise_share(probabilities, targets)

    assert share == pytest.approx(0.2, abs=0.08)


@pytest.mark.parametrize("right", [0.5, 0.9, 1.0])
def test_a_weak_model_with_right_labels_is_not_blamed_on_them(right: float) -> None:
    probabilities, targets = answers(right, flipped=0.0)

    share = noise_share(probabilities, targets)
    assert share is None or share < 0.15


def test_the_suspects_are_the_surest_contradictions() -> None:
    probabilities = np.array([[0.9, 0.1], [0.3, 0.7], [0.45, 0.55], [0.8, 0.2]])

    found = suspects(probabilities, np.array([0, 0, 0, 1]), ["a", "b", "c", "d"], ["cat", "dog"])

    assert [each.file for each in found] == ["d", "b", "c"]
    assert found[0].to_dict() == {"file": "d", "label": "dog", "said": "cat", "confidence": 0.8}


def test_classes_weigh_alike_where_they_are_unequal() -> None:
    targets = np.repeat([0, 1], [475, 25])

    weights = class_weights(targets, 2)

    assert weights is not None
    assert weights[0] * 475 == pytest.approx(weights[1] * 25)
    assert "rare has 25 pictures, common 475" in str(said_of_weights(targets, ["common", "rare"]))
    assert class_weights(np.repeat([0, 1], [60, 50]), 2) is None
    assert said_of_weights(np.repeat([0, 1], [60, 50]), ["a", "b"]) is None


def test_few_answers_do_not_calibrate_and_never_make_surer() -> None:
    logits, targets = np.eye(2)[[0, 1] * 4] * 0.5, np.array([0, 1] * 4)

    found = calibrate(logits, targets, 2)

    assert found.temperature >= 1.0
    assert not found.calibrated
    assert softmax(found.log_probabilities(logits * 100)).max() == pytest.approx(9 / 10, abs=1e-3)


def test_a_temperature_at_the_end_of_its_range_is_not_calibrated() -> None:
    generator = np.random.default_rng(1)
    logits, targets = generator.normal(size=(400, 3)) * 50, generator.integers(0, 3, 400)

    found = calibrate(logits, targets, 3)

    assert not found.calibrated
    assert softmax(found.log_probabilities(logits)).max() < 0.7


def test_no_answer_is_surer_than_the_evidence() -> None:
    probabilities = np.array([[0.99, 0.01]] * 12)

    assert most_confidence(probabilities, np.zeros(12, np.int64)) == pytest.approx(13 / 14)
    assert most_confidence(probabilities, np.ones(12, np.int64)) < 0.34
    assert softmax(Calibration(spread=0.2).log_probabilities(np.array([[1e3, 0.0]])))[0] == pytest.approx(
        [0.9, 0.1]
    )


@pytest.mark.parametrize(
    ("right", "count", "low", "high"), [(4, 4, 0.51, 1.0), (92, 100, 0.85, 0.96), (0, 0, 0.0, 1.0)]
)
def test_an_interval_is_wide_for_few_pictures(right: int, count: int, low: float, high: float) -> None:
    assert wilson(right, count) == pytest.approx((low, high), abs=0.006)


@pytest.mark.parametrize(("epochs", "pictures", "steps"), [(12, 50, 12), (12, 256, 24), (1, 2_000, 15)])
def test_a_training_of_few_steps_is_said_to_be_mostly_chance(epochs: int, pictures: int, steps: int) -> None:
    said = Hyperparameters(epochs=epochs).said_of_steps(pictures)
    assert said is not None
    assert said.startswith(f"Only {steps} steps of training")


@pytest.mark.parametrize(("epochs", "pictures"), [(0, 20), (0, 1), (0, 60_000), (30, 50), (3, 60_000)])
def test_by_the_number_of_pictures_there_are_enough(epochs: int, pictures: int) -> None:
    assert Hyperparameters(epochs=epochs).said_of_steps(pictures) is None
