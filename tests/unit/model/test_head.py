"""Few pictures: at least nearest centroid's accuracy, and no confidence without evidence."""

import numpy as np
import numpy.typing as npt
import pytest

from model.calibration import softmax
from model.head import fit_head, folds_of

CLASSES, WIDTH, UNSEEN = 5, 120, 40

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]


def features(
    counts: list[int], seed: int, spread: float = 1.0, negative: bool = False
) -> tuple[Floats, Integers]:
    """Features as a network's last ReLU leaves them: mostly near 0, few large, each class with its own."""
    world = np.random.default_rng(11)
    centres = world.exponential(0.15, (len(counts), WIDTH)) + (world.random((len(counts), WIDTH)) < 0.06)
    generator = np.random.default_rng(seed)
    targets = np.repeat(np.arange(len(counts)), counts)
    noise = generator.exponential(0.5 * spread, (len(targets), WIDTH)) * generator.normal(
        size=(len(targets), 1)
    )
    values = centres[targets] + noise + generator.normal(0, 0.35 * spread, (len(targets), WIDTH))
    return (values if negative else np.maximum(values, 0)).astype(np.float32), targets


def nearest_centroid(train: Floats, targets: Integers, unseen: Floats) -> Integers:
    centres = np.stack([train[targets == target].mean(0) for target in range(targets.max() + 1)])
    found: Integers = ((unseen[:, None] - centres[None]) ** 2).sum(-1).argmin(1)
    return found


@pytest.mark.parametrize("each", [1, 3, 5, 10, 30])
@pytest.mark.parametrize("negative", [False, True])
def test_it_is_at_least_as_good_as_nearest_centroid(each: int, negative: bool) -> None:
    ours, theirs = [], []
    # A single draw of one picture a class says nothing.
    for draw in range(20 if each == 1 else 3):
        train, targets = features([each] * CLASSES, draw, negative=negative)
        unseen, truth = features([UNSEEN] * CLASSES, draw + 100, negative=negative)
        found = fit_head(train, targets, CLASSES)
        ours.append((found.head.logits(unseen).argmax(1) == truth).mean())
        theirs.append((nearest_centroid(train, targets, unseen) == truth).mean())

    assert np.mean(ours) >= np.mean(theirs) - 0.005


@pytest.mark.parametrize("each", [1, 2, 3, 5, 10])
@pytest.mark.parametrize("spread", [1.0, 2.0])
def test_where_it_is_sure_it_is_right(each: int, spread: float) -> None:
    sure, right = 0, 0
    for draw in range(4):
        train, targets = features([each] * CLASSES, draw, spread)
        unseen, truth = features([UNSEEN] * CLASSES, draw + 100, spread)
        found = fit_head(train, targets, CLASSES)
        answers = softmax(found.calibration.log_probabilities(found.head.logits(unseen)))
        chosen = answers.max(1) >= 0.93
        sure += int(chosen.sum())
        right += int((answers.argmax(1) == truth)[chosen].sum())

    assert right >= 0.93 * sure


@pytest.mark.parametrize("classes", [2, 10])
def test_one_picture_a_class_is_no_evidence(classes: int) -> None:
    train, targets = features([1] * classes, 1)

    found = fit_head(train, targets, classes)

    answers = softmax(found.calibration.log_probabilities(found.head.logits(train)))
    assert found.accuracy is None
    assert not found.calibration.calibrated
    assert answers.max() <= 0.76
    assert (answers.argmax(1) == targets).all(), "less sure, not otherwise"


def test_a_small_class_weighs_as_much_as_a_large_one() -> None:
    train, targets = features([475, 25], 3, spread=1.6)
    unseen, truth = features([200, 200], 4, spread=1.6)

    recalls = {}
    for balanced in (True, False):
        answers = fit_head(train, targets, 2, balanced=balanced).head.logits(unseen).argmax(1)
        recalls[balanced] = [float((answers[truth == target] == target).mean()) for target in (0, 1)]

    assert recalls[True][1] > recalls[False][1]
    assert np.mean(recalls[True]) >= 0.85


def test_a_fold_holds_no_copy_of_what_it_is_not_trained_on() -> None:
    contents = [bytes([place % 7]) for place in range(42)]

    folds = folds_of(contents, np.arange(42) % 2, 5, seed=1)

    assert all(len({int(folds[place]) for place in range(42) if place % 7 == same}) == 1 for same in range(7))


def test_features_without_any_difference_are_no_failure() -> None:
    found = fit_head(np.ones((6, 4), np.float32), np.array([0, 0, 0, 1, 1, 1]), 2)

    answers = softmax(found.calibration.log_probabilities(found.head.logits(np.ones((1, 4), np.float32))))
    assert answers.max() < 0.76
