"""Training on few, unequal and wrongly labelled photos, against nearest centroid and logistic regression.

On the photo model's features, the same for all: balanced accuracy on pictures that none of them saw. The
pictures are small pieces of eight photos that packages carry, to be told apart by where they are from, of 56
pixels and of 32; with LOUPE_BENCH_PHOTOS=FOLDER, a folder by class, its photos as well. Then the digits model
against scikit-learn's classifiers. Take --rounds 20 for twenty draws.
"""

import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from bench.context import ROOT, Bench
from bench.figures import CannotRunHereError, Figure, at_least, part_of
from model.calibration import softmax
from model.dataset.store import Part
from model.errors import WeightsError
from model.fitted import publish
from model.fitting import Parts, fit_last_layer
from model.head import FittedHead, fit_head
from model.hyperparameters import Hyperparameters
from model.images import read_pixels
from model.inference import Classifier
from model.labels import noise_share
from model.onnx_backbone import OnnxBackbone
from model.photos import built
from model.pictures import HELD_OUT, encode_png, grey_digits
from model.spec import InputSpec, read_spec

SIZES = (1, 3, 5, 10, 30)
PIECES, PIECE, SMALL_PIECE = 70, 56, 32
PHOTOS = "LOUPE_BENCH_PHOTOS"
THRESHOLD = 0.93
# Among equals chance decides: a hundredth below is not worse.
ALIKE = 0.99

Features = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Pictures:
    """Files' bytes, each with its class, and their features."""

    name: str
    files: list[bytes]
    targets: Integers
    features: Features

    @property
    def classes(self) -> int:
        return int(self.targets.max()) + 1


def run(bench: Bench) -> Iterator[Figure]:
    """A draw a round."""
    bench.say("features of pieces of photos")
    pieces = _pieces(PIECE)
    yield from few_shot(bench, pieces)
    yield from few_shot(bench, _pieces(SMALL_PIECE))
    if folder := os.environ.get(PHOTOS):
        bench.say(f"features of the photos in {folder}")
        yield from few_shot(bench, _folder(Path(folder)))
    yield imbalance(bench, pieces)
    yield noise(bench, pieces)
    yield served(bench, pieces)
    yield from digits()


def few_shot(bench: Bench, pictures: Pictures) -> Iterator[Figure]:
    """Balanced accuracy with a few pictures a class."""
    smallest = int(np.bincount(pictures.targets).min())
    for size in (each for each in SIZES if each <= smallest - 3):
        ours, centroid, logistic, sure, right = [], [], [], 0, 0
        for draw in range(bench.rounds):
            train, test = _split(pictures.targets, size, 1000 * size + draw)
            seen, truth = pictures.features[train], pictures.targets[train]
            unseen, answer = pictures.features[test], pictures.targets[test]
            found = fit_head(seen, truth, pictures.classes)
            ours.append(_balanced(found.head.logits(unseen).argmax(1), answer))
            centroid.append(_balanced(_nearest_centroid(seen, truth, unseen), answer))
            logistic.append(_balanced(_logistic(seen, truth).predict(unseen), answer))
            confidence, hits = _confidence(found, unseen, answer)
            sure += int((confidence >= THRESHOLD).sum())
            right += int(hits[confidence >= THRESHOLD].sum())
        detail = {"acceptedAt0.93": sure, "ofTheseRight": right, "draws": bench.rounds}
        what = f"{pictures.name}, {size} a class"
        yield part_of(what, "nearest centroid", ours, centroid, "balanced", at_least(ALIKE), detail=detail)
        yield part_of(what, "logistic regression", ours, logistic, "balanced", at_least(ALIKE))


def imbalance(bench: Bench, pictures: Pictures) -> Figure:
    """Three classes with 60 pictures and one with 3."""
    ours, theirs = [], []
    for draw in range(bench.rounds):
        train, test = _split(pictures.targets, 55, draw)
        kept = train[(pictures.targets[train] < 4)]
        rare = np.flatnonzero(pictures.targets[kept] == draw % 4)[3:]
        kept = np.delete(kept, rare)
        test = test[pictures.targets[test] < 4]
        seen, truth = pictures.features[kept], pictures.targets[kept]
        unseen, answer = pictures.features[test], pictures.targets[test]
        ours.append(_balanced(fit_head(seen, truth, 4).head.logits(unseen).argmax(1), answer))
        plain = fit_head(seen, truth, 4, balanced=False)
        theirs.append(_balanced(plain.head.logits(unseen).argmax(1), answer))
    return part_of(
        "3 pictures of one class, 55 of three",
        "classes unweighted",
        ours,
        theirs,
        "balanced",
        at_least(ALIKE),
    )


def noise(bench: Bench, pictures: Pictures) -> Figure:
    """A fifth of the labels flipped: accuracy on right labels, and whether it is noticed."""
    ours, theirs, noticed = [], [], 0
    for draw in range(max(1, bench.rounds // 3)):
        train, test = _split(pictures.targets, 40, draw)
        generator = np.random.default_rng(draw)
        truth = pictures.targets[train].copy()
        flipped = generator.random(len(truth)) < 0.2
        truth[flipped] = (truth[flipped] + generator.integers(1, pictures.classes, flipped.sum())) % (
            pictures.classes
        )
        seen, unseen = pictures.features[train], pictures.features[test]
        found = fit_head(seen, truth, pictures.classes)
        answers = softmax(found.calibration.log_probabilities(found.logits))
        noticed += noise_share(answers, found.targets) is not None
        ours.append(_balanced(found.head.logits(unseen).argmax(1), pictures.targets[test]))
        theirs.append(_balanced(_logistic(seen, truth).predict(unseen), pictures.targets[test]))
    detail = {"noticed": noticed, "draws": len(ours)}
    return part_of(
        "a fifth of the labels flipped", "logistic regression", ours, theirs, "balanced", detail=detail
    )


def served(bench: Bench, pictures: Pictures) -> Figure:
    """Answers of the served model to files against what was measured on prepared pictures, to the picture."""
    folder, spec = built(ROOT), _spec()
    train, test = _split(pictures.targets, 10, 1)
    labels = tuple(f"photo {number}" for number in range(pictures.classes))

    def part(chosen: Integers) -> Part:
        pixels = np.stack([read_pixels(pictures.files[place], spec) for place in chosen])
        return Part(pixels, pictures.targets[chosen], [str(place) for place in chosen], labels, spec)

    test = test[:60]
    fitted = fit_last_layer(Hyperparameters(), folder, Parts(part(train), part(test)))
    publish(bench.folder / "model", Hyperparameters(), fitted)
    classifier = Classifier(bench.folder / "model")
    from_files = [int(classifier.scores(pictures.files[place]).argmax()) for place in test]
    prepared = [int(classifier.scores_of_pixels(pixels).argmax()) for pixels in part(test).pictures]
    same = sum(one == other for one, other in zip(from_files, prepared, strict=True))
    return part_of(
        "answered alike when served", "when evaluated", [same], [len(test)], "pictures", at_least(1)
    )


def digits() -> Iterator[Figure]:
    """The digits model, asked with files, on the pictures of people whom it was not trained on."""
    bunch = load_digits()
    files = [encode_png(picture) for picture in grey_digits(bunch.images)]
    train, test = slice(None, -HELD_OUT), slice(-HELD_OUT, None)
    classifier = Classifier(ROOT / "model" / "artifacts" / "digits")
    said = np.array([classifier.scores(content).argmax() for content in files[test]])
    ours = [float((said == bunch.target[test]).mean())]
    peers = {"logistic regression": LogisticRegression(max_iter=300), "a support vector machine": SVC()}
    for name, peer in peers.items():
        fitted = make_pipeline(StandardScaler(), peer).fit(bunch.data[train], bunch.target[train])
        theirs = [float(fitted.score(bunch.data[test], bunch.target[test]))]
        yield part_of("digits of unseen people", name, ours, theirs, "right", at_least(1))


def _confidence(
    found: FittedHead, unseen: Features, answer: Integers
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    answers = softmax(found.calibration.log_probabilities(found.head.logits(unseen)))
    return answers.max(1), answers.argmax(1) == answer


def _nearest_centroid(seen: Features, truth: Integers, unseen: Features) -> Integers:
    centres = np.stack([seen[truth == target].mean(0) for target in range(truth.max() + 1)])
    return np.asarray(((unseen[:, None] - centres[None]) ** 2).sum(-1).argmin(1))


def _logistic(seen: Features, truth: Integers) -> LogisticRegression:
    return LogisticRegression(max_iter=300, class_weight="balanced").fit(seen, truth)


def _balanced(said: Integers, truth: Integers) -> float:
    return float(np.mean([(said[truth == target] == target).mean() for target in np.unique(truth)]))


def _split(targets: Integers, size: int, seed: int) -> tuple[Integers, Integers]:
    generator = np.random.default_rng(seed)
    chosen = [generator.permutation(np.flatnonzero(targets == each))[:size] for each in np.unique(targets)]
    train = np.concatenate(chosen)
    rest = np.setdiff1d(np.arange(len(targets)), train)
    return train, generator.permutation(rest)


@cache
def _spec() -> InputSpec:
    """As data of many shapes is prepared for the photo model."""
    try:
        takes = read_spec(built(ROOT)).input
    except WeightsError as error:
        raise CannotRunHereError(str(error)) from None
    return InputSpec(takes.width, takes.height, 3, "RGB", resize="center_crop", filter=takes.filter)


def _with_features(name: str, files: list[bytes], targets: Integers) -> Pictures:
    spec = _spec()
    pixels = np.stack([read_pixels(content, spec) for content in files])
    part = Part(pixels, targets, [""] * len(files), ("", ""), spec)
    return Pictures(name, files, targets, OnnxBackbone(built(ROOT), spec).features(part))


def _folder(folder: Path) -> Pictures:
    paths = sorted(path for path in folder.glob("*/*") if path.is_file())
    names = sorted({path.parent.name for path in paths})
    targets = np.array([names.index(path.parent.name) for path in paths], np.int64)
    return _with_features(f"photos of {folder.name}", [path.read_bytes() for path in paths], targets)


def _pieces(side: int) -> Pictures:
    """Pieces of photos, some lighter, some darker, some mirrored."""
    generator = np.random.default_rng(7)
    files, targets = [], []
    for target, path in enumerate(_package_photos()):
        with Image.open(path) as opened:
            photo = opened.convert("RGB")
        for _ in range(PIECES):
            left, top = (int(generator.integers(0, length - side)) for length in photo.size)
            piece = photo.crop((left, top, left + side, top + side))
            light = generator.uniform(0.7, 1.3)
            piece = piece.point(lambda value, by=light: int(value * by))
            if generator.random() < 0.5:
                piece = piece.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
            buffer = io.BytesIO()
            piece.save(buffer, "PNG")
            files.append(buffer.getvalue())
            targets.append(target)
    return _with_features(f"pieces of 8 photos, {side} px", files, np.array(targets, np.int64))


def _package_photos() -> list[Path]:
    names = ("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg", "motorcycle_left.png")
    found = [_package("skimage") / "data" / name for name in (*names, "ihc.png", "hubble_deep_field.jpg")]
    return [*found, _package("matplotlib") / "mpl-data" / "sample_data" / "grace_hopper.jpg"]


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise CannotRunHereError(f"{name} is not installed: make setup")
    return Path(spec.origin).parent
