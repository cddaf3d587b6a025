"""A folder with a model and its model.json classifies; a wrong model.json is refused when it is loaded."""

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto
from PIL import Image

from model.errors import InferenceError, ModelSpecError
from model.inference import Classifier, best_predictions

from .models import spec_document, write_model


def png(color: Any, mode: str = "L") -> bytes:
    out = io.BytesIO()
    Image.new(mode, (5, 3), color).save(out, "PNG")
    return out.getvalue()


def test_the_answer_is_softmax_of_the_logits(tmp_path: Path) -> None:
    classifier = Classifier(write_model(tmp_path))

    scores = classifier.scores(png(255))

    powers = np.exp([-4.0, 0.0, 4.0])
    assert scores == pytest.approx(powers / powers.sum())


def test_probabilities_pass_as_they_are(tmp_path: Path) -> None:
    document = spec_document(output={"kind": "probabilities"})
    classifier = Classifier(write_model(tmp_path, document, [[0.2, 0.3, 0.5]]))

    assert classifier.scores(png(255)) == pytest.approx([0.2, 0.3, 0.5])


@pytest.mark.parametrize(
    ("kind", "weight", "second"), [("logits", 2.0, 1 / (1 + np.exp(-2))), ("probabilities", 0.7, 0.7)]
)
def test_one_unit_for_two_labels_is_the_second_one(
    tmp_path: Path, kind: str, weight: float, second: float
) -> None:
    document = spec_document(output={"kind": kind}, labels=["no", "yes"])
    classifier = Classifier(write_model(tmp_path, document, [[weight]]))

    assert classifier.scores(png(255)) == pytest.approx([1 - second, second])


def test_normalisation_follows_the_formula_in_every_layout(tmp_path: Path) -> None:
    identity: list[list[float]] = [[1.0, 0, 0], [0, 1, 0], [0, 0, 1]]
    given = {"channels": 3, "color": "RGB", "mean": [0.1, 0.2, 0.3], "std": [0.5, 0.25, 0.2]}
    expected = np.exp([(200 / 255 - 0.1) / 0.5, (100 / 255 - 0.2) / 0.25, (50 / 255 - 0.3) / 0.2])
    for layout in ("NCHW", "NHWC"):
        document = spec_document(input={**given, "layout": layout})
        classifier = Classifier(write_model(tmp_path / layout, document, identity))

        scores = classifier.scores(png((200, 100, 50), "RGB"))

        assert scores == pytest.approx(expected / expected.sum(), rel=1e-5)


@pytest.mark.parametrize(("element", "scale"), [(TensorProto.FLOAT16, 1 / 255), (TensorProto.UINT8, 1.0)])
def test_half_floats_and_bytes_can_be_served(tmp_path: Path, element: int, scale: float) -> None:
    document = spec_document(input={"scale": scale})
    weight = 1.0 if scale < 1 else 1 / 255
    classifier = Classifier(write_model(tmp_path, document, [[-weight, 0.0, weight]], element))

    assert classifier.scores(png(255)) == pytest.approx(
        np.exp([-1, 0, 1]) / np.exp([-1, 0, 1]).sum(), rel=1e-3
    )


@pytest.mark.parametrize(
    ("changes", "weights", "key"),
    [
        ({"labels": ["a", "b"]}, [[1.0, 2.0, 3.0]], "labels"),
        ({"labels": ["a", "b", "c", "d"]}, [[1.0, 2.0, 3.0]], "labels"),
        ({"input": {"name": "image"}}, None, "input.name"),
        ({"output": {"name": "scores"}}, None, "output.name"),
    ],
)
def test_a_spec_that_contradicts_the_model_is_refused(
    tmp_path: Path, changes: dict[str, Any], weights: list[list[float]] | None, key: str
) -> None:
    write_model(tmp_path, spec_document(**changes), weights)

    with pytest.raises(ModelSpecError) as caught:
        Classifier(tmp_path)

    assert caught.value.key == key


def test_a_size_that_the_model_does_not_take_is_refused(tmp_path: Path) -> None:
    write_model(tmp_path)
    (tmp_path / "model.json").write_text(
        (tmp_path / "model.json").read_text("utf-8").replace('"width": 2', '"width": 3'), "utf-8"
    )

    with pytest.raises(ModelSpecError, match=r"input\.width: is 3, but the model takes 2"):
        Classifier(tmp_path)


def test_logits_called_probabilities_are_refused_at_the_start(tmp_path: Path) -> None:
    document = spec_document(output={"kind": "probabilities"}, input={"mean": [-1]})
    write_model(tmp_path, document, [[-4.0, 0.0, 4.0]])

    with pytest.raises(ModelSpecError, match=r"output\.kind"):
        Classifier(tmp_path)


def test_a_missing_or_broken_model_is_refused(tmp_path: Path) -> None:
    write_model(tmp_path)
    (tmp_path / "model.onnx").write_bytes(b"not a model")
    with pytest.raises(ModelSpecError, match="cannot be loaded"):
        Classifier(tmp_path)

    (tmp_path / "model.onnx").unlink()
    with pytest.raises(ModelSpecError, match=r"no model\.onnx"):
        Classifier(tmp_path)


def test_an_answer_that_is_no_number_is_an_error(tmp_path: Path) -> None:
    classifier = Classifier(write_model(tmp_path, spec_document(input={"scale": 9}), [[1e38, 0.0, 0.0]]))

    with pytest.raises(InferenceError, match="not finite"):
        classifier.scores(png(255))


def test_the_best_come_first_and_equal_ones_keep_their_order() -> None:
    labels = [f"label {number}" for number in range(7)]
    scores = np.array([0.1, 0.3, 0.1, 0.2, 0.1, 0.1, 0.1])

    best = best_predictions(scores, labels)

    assert [item.label for item in best] == ["label 1", "label 3", "label 0", "label 2", "label 4"]


def test_many_threads_get_the_same_answer(tmp_path: Path) -> None:
    classifier = Classifier(write_model(tmp_path))
    pictures = [png(value) for value in range(0, 256, 5)] * 4

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(classifier.scores, pictures))

    assert np.array_equal(answers, [classifier.scores(picture) for picture in pictures])
