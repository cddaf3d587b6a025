"""A last layer for frozen features: from one picture a class to many, and no surer than its evidence.

Features that are never negative (what a ReLU leaves) are taken by their square root, which evens out the few
large ones; each picture's are brought to length 1, all are centred and divided by ONE deviation. A deviation
of each feature's own, from a handful of pictures, is mostly chance, and unseen pictures would explode in it.
On these a multinomial regression is fitted in which every class weighs alike.

How it does is measured out of fold: each picture is answered by a head that has not seen it. The same answers
choose the penalty, fit the temperature and show which labels look wrong. No torch in here.
"""

import hashlib
import logging
import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from model.calibration import Calibration, calibrate, negative_log_likelihood

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Features = npt.NDArray[np.float32]

# The inverse of the penalty, weakest penalty last.
STRENGTHS = (0.01, 0.1, 1.0, 10.0)
# Without a second picture of a class there is nothing to choose by.
STRENGTH_UNTRIED = 1.0
FOLDS = 5
# Up to here the folds take seconds; with more, a part set aside says as much.
MAX_FOLDED = 5000
# Products a step of the fit: beyond, one strength and fewer steps, or it would take most of an hour.
MAX_WORK = 2e9
WORK_FOR_THREADS = 1e7
STEPS, STEPS_OF_MANY = 300, 60

logger = logging.getLogger("model.train")


@dataclass(frozen=True)
class Head:
    """`weights` (features x classes) and `offsets` for features as `prepared` gives them."""

    weights: Floats
    offsets: Floats
    root: bool

    def logits(self, features: Features) -> Floats:
        """N x classes, before any temperature."""
        found: Floats = prepared(features, self.root) @ self.weights + self.offsets
        return found


@dataclass(frozen=True)
class FittedHead:
    """A head and what is known of it: answers to pictures it had not seen (`held_out` names their places)."""

    head: Head
    logits: Floats
    held_out: Integers
    targets: Integers
    calibration: Calibration
    strength: float

    @property
    def accuracy(self) -> float | None:
        """The share of right answers to pictures it had not seen; None where none could be set aside."""
        if not len(self.held_out):
            return None
        return float((self.logits.argmax(1) == self.targets).mean())


def prepared(features: Features, root: bool) -> Floats:
    """N x features, each row of length 1."""
    values = np.asarray(features, np.float64)
    if root:
        values = np.sqrt(np.maximum(values, 0))
    length = np.sqrt((values**2).sum(axis=1, keepdims=True))
    return np.asarray(values / np.maximum(length, 1e-6))


def fit_head(
    features: Features,
    targets: Integers,
    classes: int,
    validation: tuple[Features, Integers] | None = None,
    balanced: bool = True,
    seed: int = 7,
) -> FittedHead:
    """Fit and measure. Few pictures are folded, those of `validation` with them; of many, `validation` is the
    measure. Every class has a picture.
    """
    root = bool((features >= 0).all())
    inputs = prepared(features, root)
    if validation is not None and len(targets) + len(validation[1]) > MAX_FOLDED:
        truth = validation[1]
        unseen = prepared(validation[0], root)
        tried = {
            strength: _fitted(inputs, targets, classes, strength, balanced)
            for strength in _strengths(inputs, classes)
        }
        answers = {strength: unseen @ weights + offsets for strength, (weights, offsets) in tried.items()}
        held_out = np.arange(len(truth))
    else:
        if validation is not None:
            inputs = np.concatenate([inputs, prepared(validation[0], root)])
            targets = np.concatenate([targets, validation[1]])
        tried = {}
        held_out, answers = _out_of_fold(inputs, targets, classes, balanced, seed)
        truth = targets[held_out]
    strength = _best(answers, truth)
    weights, offsets = tried.get(strength) or _fitted(inputs, targets, classes, strength, balanced)
    logits = answers.get(strength, np.empty((0, classes)))
    return FittedHead(
        Head(weights, offsets, root), logits, held_out, truth, calibrate(logits, truth, classes), strength
    )


def folds_of(contents: list[bytes], targets: Integers, folds: int, seed: int) -> Integers:
    """The fold of each picture: every class spread evenly, equal pictures together."""
    generator = np.random.default_rng(seed)
    fold_of: dict[bytes, int] = {}
    places = np.empty(len(targets), np.int64)
    start = 0
    for target in np.unique(targets):
        members = generator.permutation(np.flatnonzero(targets == target))
        for index in members.tolist():
            if contents[index] not in fold_of:
                fold_of[contents[index]] = start % folds
                start += 1
            places[index] = fold_of[contents[index]]
    return places


def _out_of_fold(
    inputs: Floats, targets: Integers, classes: int, balanced: bool, seed: int
) -> tuple[Integers, dict[float, Floats]]:
    """Which pictures could be answered by a head that has not seen them, and the answers by strength."""
    counts = np.bincount(targets, minlength=classes)
    # A class of one picture can't be learned without it: such pictures are never held out.
    folded = np.flatnonzero(counts[targets] >= 2)
    if not len(folded):
        return folded, {}
    folds = int(min(max(FOLDS, 2), counts[counts >= 2].max()))
    contents = [hashlib.blake2b(row.tobytes(), digest_size=16).digest() for row in inputs[folded]]
    places = np.full(len(targets), -1)
    places[folded] = folds_of(contents, targets[folded], folds, seed)
    answers = {strength: np.full((len(targets), classes), np.nan) for strength in _strengths(inputs, classes)}
    for fold in range(folds):
        rest = places != fold
        if not (np.bincount(targets[rest], minlength=classes) > 0).all():
            continue  # copies of one picture are all of a class
        for strength, found in answers.items():
            weights, offsets = _fitted(inputs[rest], targets[rest], classes, strength, balanced)
            found[~rest] = inputs[~rest] @ weights + offsets
    first = next(iter(answers.values()))
    held_out = np.flatnonzero(~np.isnan(first[:, 0]))
    return held_out, {strength: found[held_out] for strength, found in answers.items()}


def _best(answers: dict[float, Floats], truth: Integers) -> float:
    """The strength whose answers are likeliest once a temperature has made them honest."""
    if not len(truth):
        return STRENGTH_UNTRIED
    costs = {}
    for number, (strength, logits) in enumerate(answers.items(), 1):
        temperature = calibrate(logits, truth, logits.shape[1]).temperature
        costs[strength] = negative_log_likelihood(logits / temperature, truth)
        logger.info(
            "epoch=%d loss=%.4f accuracy=%.4f validation_loss=%.4f epochs=%d strength=%g",
            number,
            costs[strength],
            float((logits.argmax(1) == truth).mean()),
            *(costs[strength], len(answers), strength),
        )
    return min(costs, key=lambda strength: costs[strength])


def _strengths(inputs: Floats, classes: int) -> tuple[float, ...]:
    return STRENGTHS if inputs.size * classes <= MAX_WORK else (STRENGTH_UNTRIED,)


def _fitted(
    inputs: Floats, targets: Integers, classes: int, strength: float, balanced: bool
) -> tuple[Floats, Floats]:
    """Weights and offsets for prepared features; the centring and the one scale are inside them."""
    # Imported here: it takes a second, which those need not wait who use a head that is trained.
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    centre = inputs.mean(0)
    scale = float(np.sqrt(inputs.var(0).mean())) or 1.0
    many = inputs.size * classes > MAX_WORK
    # On small matrices threads wait for each other longer than they work.
    threads = None if inputs.size * classes > WORK_FOR_THREADS else 1
    model = LogisticRegression(
        C=strength,
        class_weight="balanced" if balanced else None,
        max_iter=STEPS_OF_MANY if many else STEPS,
        tol=1e-4,
    )
    with warnings.catch_warnings(), threadpool_limits(threads):
        # A fit that was not driven to its last digit is as good on pictures that it has not seen.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(((inputs - centre) / scale).astype(np.float32), targets)
    weights, offsets = np.asarray(model.coef_, np.float64).T, np.asarray(model.intercept_, np.float64)
    if len(offsets) == 1:
        # Two classes have one column: half of it against, half for.
        weights, offsets = np.hstack([-weights / 2, weights / 2]), np.array([-offsets[0] / 2, offsets[0] / 2])
    plain = weights / scale
    return plain, offsets - centre @ plain
