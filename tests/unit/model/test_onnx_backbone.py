"""A new last layer on features: of the output that is named, of any element type, or refused with words."""

import json
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto

from model.calibration import softmax
from model.errors import BackboneError
from model.fitted import publish
from model.fitting import Parts, fit_last_layer
from model.hyperparameters import Hyperparameters
from model.inference import Classifier
from model.onnx_backbone import OnnxBackbone
from tests.unit.model.backbones import FEATURES, Shape, colours, write_backbone

TRAIN = colours(30)


@pytest.mark.parametrize(
    ("shape", "output"),
    [
        (Shape(), None),
        (Shape(element=TensorProto.FLOAT16), None),
        (Shape(element=TensorProto.UINT8), None),
        (Shape(batch=1), None),
        (Shape(weights_first=True), None),
        (Shape(leading_constant=True), None),
        (Shape(other_output_first=True), "answer"),
        (Shape(last="convolution"), None),
        (Shape(last="embedding"), None),
    ],
    ids=str,
)
def test_the_features_are_what_the_last_layer_takes(shape: Shape, output: str | None, tmp_path: Path) -> None:
    backbone = OnnxBackbone(write_backbone(tmp_path, shape, output), TRAIN.input)

    assert backbone.features(TRAIN).shape == (len(TRAIN), FEATURES), "not pixels, not scores"


@pytest.mark.parametrize(
    "shape",
    [
        Shape(),
        Shape(element=TensorProto.FLOAT16),
        Shape(element=TensorProto.UINT8),
        Shape(weights_first=True),
        Shape(last="convolution"),
    ],
    ids=str,
)
def test_what_is_written_serves_as_it_was_measured(shape: Shape, tmp_path: Path) -> None:
    folder = write_backbone(tmp_path / "backbone", shape)
    if shape.element == TensorProto.UINT8:
        _pixels_go_in_as_they_are(folder)
    fitted = fit_last_layer(Hyperparameters(), folder, Parts(TRAIN, colours(9, seed=2)))

    publish(tmp_path / "model", Hyperparameters(name="new"), fitted)

    served = Classifier(tmp_path / "model")
    pixels, expected = fitted.check
    answers = np.stack([served.scores_of_pixels(picture) for picture in pixels])
    assert answers == pytest.approx(
        softmax(expected), abs=0.02 if shape.element != TensorProto.FLOAT else 1e-5
    )
    assert served.spec.input.filter == TRAIN.input.filter, "resized as in preparing, not as the backbone was"


@pytest.mark.parametrize(
    ("shape", "output", "says"),
    [
        (Shape(no_convolution=True), None, "raw pixels"),
        (Shape(batch=4), None, "batches of 4 only"),
        (Shape(element=TensorProto.INT8), None, r"takes tensor\(int8\)"),
        (Shape(), "logits", "no output 'logits'; it has answer"),
    ],
    ids=str,
)
def test_what_cannot_be_used_is_refused_with_words(
    shape: Shape, output: str | None, says: str, tmp_path: Path
) -> None:
    folder = write_backbone(tmp_path, shape, output)

    with pytest.raises(BackboneError, match=says):
        OnnxBackbone(folder, TRAIN.input)


def test_a_head_of_ours_may_be_a_backbone_again(tmp_path: Path) -> None:
    folder = write_backbone(tmp_path / "backbone")
    fitted = fit_last_layer(Hyperparameters(), folder, Parts(TRAIN, colours(9, seed=2)))
    publish(tmp_path / "model", Hyperparameters(), fitted)

    again = OnnxBackbone(tmp_path / "model", TRAIN.input)

    assert again.features(TRAIN).shape == (len(TRAIN), FEATURES)


def _pixels_go_in_as_they_are(folder: Path) -> None:
    document = json.loads((folder / "model.json").read_text("utf-8"))
    document["input"]["scale"] = 1
    (folder / "model.json").write_text(json.dumps(document), "utf-8")
