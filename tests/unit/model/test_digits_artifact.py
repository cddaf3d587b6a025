"""The committed digits model is as good as its card says; the demonstration's pictures are as they claim."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.inference import Classifier
from model.pictures import HELD_OUT, THRESHOLD, encode_png, grey_digits, held_out_pictures

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "model" / "artifacts" / "digits"
PICTURES = ROOT / "events" / "images"


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier(FOLDER)


@pytest.fixture(scope="module")
def digits() -> Any:
    from sklearn.datasets import load_digits  # a second, which collecting tests need not take

    return load_digits()


def test_the_published_accuracy_is_what_the_server_measures(classifier: Classifier, digits: Any) -> None:
    pictures = [encode_png(image) for image in grey_digits(digits.images[-HELD_OUT:])]

    answers = [classifier.classify(picture, 1)[0] for picture in pictures]

    right = np.array([int(answer.label) for answer in answers]) == digits.target[-HELD_OUT:]
    accepted = np.array([answer.score for answer in answers]) >= THRESHOLD
    published = json.loads((FOLDER / "model.json").read_text("utf-8"))["about"]["ordered"]
    assert right.mean() == pytest.approx(published["accuracy"], abs=1e-3)
    assert accepted.mean() == pytest.approx(published["acceptedShare"], abs=1e-3)
    assert right[accepted].mean() >= THRESHOLD


def test_dark_on_light_is_read_as_light_on_dark_is(classifier: Classifier, digits: Any) -> None:
    for image in grey_digits(digits.images[-40:]):
        light, dark = classifier.scores(encode_png(image)), classifier.scores(encode_png(255 - image))

        assert light.argmax() == dark.argmax()


@pytest.mark.parametrize("value", [0, 127, 255])
def test_an_empty_page_is_no_digit(classifier: Classifier, value: int) -> None:
    (best,) = classifier.classify(encode_png(np.full((28, 28), value, np.uint8)), 1)

    assert best.score < 0.5


def test_the_demonstration_has_sure_and_unsure_pictures(classifier: Classifier) -> None:
    answers = {path.name: classifier.classify(path.read_bytes(), 1)[0] for path in PICTURES.glob("*.png")}

    unsure = {name: answer for name, answer in answers.items() if "unsure" in name}
    sure = {name: answer for name, answer in answers.items() if "unsure" not in name}
    assert unsure
    assert sure
    assert all(answer.score < THRESHOLD for answer in unsure.values())
    assert all(name == f"digit-{answer.label}.png" and answer.score > 0.99 for name, answer in sure.items())


def test_the_pictures_are_the_ones_that_the_script_writes(classifier: Classifier) -> None:
    written = held_out_pictures(classifier)

    assert {name: png for name, (png, _, _) in written.items()} == {
        path.name: path.read_bytes() for path in PICTURES.glob("*.png")
    }


def test_the_artefact_is_small_enough_to_live_in_the_repository() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 1_000_000
