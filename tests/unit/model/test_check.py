"""What a server would answer wrongly is found before it is hosted, said, and where possible put right."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from model import photos
from model.check import Report, check_model
from model.errors import ModelSpecError
from model.fix import fix_model
from model.inference import Classifier
from model.pictures import encode_png
from tests.unit.model.models import spec_document, write_model

ROOT = Path(__file__).parents[3]
SIDE = 4
LABELS = ["dark", "middle", "light"]
PICTURES = {
    "grey.png": encode_png(np.full((SIDE, SIDE), 100, np.uint8)),
    "light.png": encode_png(np.full((SIDE, SIDE), 240, np.uint8)),
}


def check(folder: Path) -> Report:
    return check_model(folder, PICTURES)


def names(report: Report) -> list[str]:
    return [problem.name for problem in report.problems]


def write_graph(
    folder: Path,
    nodes: list[Any],
    outputs: list[Any],
    element: int = TensorProto.FLOAT,
    batch: int | str = "N",
    **spec: Any,
) -> Path:
    """A model with `floats`, N x 1 x 4 x 4, and `means`, N x 1, for `nodes` to go on from."""
    weights = [
        numpy_helper.from_array(np.array([2, 3], np.int64), "axes"),
        numpy_helper.from_array(np.array([[-4.0, 0.0, 4.0]], np.float32), "weights"),
        numpy_helper.from_array(np.array([np.nan] * 3, np.float32), "nothing"),
    ]
    begin = [
        helper.make_node("Cast", ["picture"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["floats", "axes"], ["means"], keepdims=0),
        helper.make_node("MatMul", ["means", "weights"], ["scores"]),
    ]
    picture = helper.make_tensor_value_info("picture", element, [batch, 1, SIDE, SIDE])
    graph = helper.make_graph([*begin, *nodes], "test", [picture], outputs, weights)
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("ai.onnx.ml", 3)]
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), str(folder / "model.onnx"))
    size = {"width": SIDE, "height": SIDE}
    document = spec_document(**{**spec, "input": size | spec.get("input", {})})
    (folder / "model.json").write_text(json.dumps(document), "utf-8")
    return folder


def floats(name: str, width: int = 3) -> Any:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", width])


SOFTMAX = helper.make_node("Softmax", ["scores"], ["probabilities"], axis=1)


@pytest.mark.parametrize("name", ["digits", "photos"])
def test_our_own_models_pass(name: str) -> None:
    folder = photos.built(ROOT) if name == "photos" else ROOT / "model" / "artifacts" / "digits"
    report = check_model(folder, PICTURES)

    assert report.passed, report.problems
    assert not report.notes
    assert set(report.answers) == set(PICTURES)
    assert report.milliseconds


def test_probabilities_declared_as_logits_are_found_and_put_right(tmp_path: Path) -> None:
    folder = write_graph(tmp_path / "model", [SOFTMAX], [floats("probabilities")])

    report = check(folder)
    fixed, done = fix_model(folder, tmp_path / "fixed", PICTURES)

    assert names(report) == ["output.kind"]
    assert "probabilities already" in report.problems[0].message
    assert fixed.passed
    assert len(done) == 1
    assert Classifier(tmp_path / "fixed").spec.output.kind == "probabilities"
    assert json.loads((folder / "model.json").read_text("utf-8"))["output"]["kind"] == "logits"


def test_logits_declared_as_probabilities_are_found_even_where_a_blank_hides_them(tmp_path: Path) -> None:
    # Black gives 0, 0, 0: inside 0…1. The server looks at that alone.
    folder = write_graph(tmp_path / "model", [], [floats("scores")], output={"kind": "probabilities"})

    report = check(folder)
    fixed, _ = fix_model(folder, tmp_path / "fixed", PICTURES)

    assert names(report) == ["output.kind"]
    assert "they are logits" in report.problems[0].message
    assert fixed.passed


def test_a_label_as_a_string_is_refused_or_the_scores_beside_it_are_taken(tmp_path: Path) -> None:
    label = helper.make_node("Cast", ["scores"], ["label"], to=TensorProto.STRING)
    strings = helper.make_tensor_value_info("label", TensorProto.STRING, ["N", 3])
    alone = write_graph(tmp_path / "alone", [label], [strings])
    beside = write_graph(tmp_path / "beside", [label], [strings, floats("scores")])

    assert "the label itself; export it with a score" in check(alone).problems[0].message
    assert not fix_model(alone, tmp_path / "still", PICTURES)[0].passed
    assert "scores has the scores" in check(beside).problems[0].message
    assert fix_model(beside, tmp_path / "fixed", PICTURES)[0].passed


@pytest.mark.parametrize(
    ("labels", "order"),
    [
        ({"classlabels_strings": ["light", "dark", "middle"]}, ["light", "dark", "middle"]),
        ({"classlabels_int64s": [0, 1, 2]}, LABELS),
    ],
)
def test_dictionaries_of_zipmap_are_refused_or_cut_off(tmp_path: Path, labels: Any, order: list[str]) -> None:
    mapped = helper.make_node("ZipMap", ["probabilities"], ["mapped"], domain="ai.onnx.ml", **labels)
    key = TensorProto.STRING if "classlabels_strings" in labels else TensorProto.INT64
    value = helper.make_tensor_type_proto(TensorProto.FLOAT, [])
    kind = helper.make_sequence_type_proto(helper.make_map_type_proto(key, value))
    output = helper.make_value_info("mapped", kind)
    folder = write_graph(tmp_path / "model", [SOFTMAX, mapped], [output], output={"kind": "probabilities"})

    report = check(folder)
    fixed, _ = fix_model(folder, tmp_path / "fixed", PICTURES)

    assert names(report) == ["output"]
    assert "zipmap" in report.problems[0].message
    assert fixed.passed, fixed.problems
    assert list(Classifier(tmp_path / "fixed").labels) == order


def test_zipmap_with_other_labels_is_left_to_the_person(tmp_path: Path) -> None:
    mapped = helper.make_node(
        "ZipMap", ["probabilities"], ["mapped"], domain="ai.onnx.ml", classlabels_strings=["a", "b", "c"]
    )
    value = helper.make_tensor_type_proto(TensorProto.FLOAT, [])
    kind = helper.make_sequence_type_proto(helper.make_map_type_proto(TensorProto.STRING, value))
    folder = write_graph(tmp_path / "model", [SOFTMAX, mapped], [helper.make_value_info("mapped", kind)])

    assert not fix_model(folder, tmp_path / "fixed", PICTURES)[0].passed


def test_whole_numbers_scaled_to_fractions_are_found_and_put_right(tmp_path: Path) -> None:
    folder = write_graph(tmp_path / "model", [], [floats("scores")], element=TensorProto.UINT8)

    report = check(folder)
    fixed, _ = fix_model(folder, tmp_path / "fixed", PICTURES)

    assert names(report) == ["uint8"]
    assert "nearly black" in report.problems[0].message
    assert fixed.passed
    assert fixed.answers["light.png"].label == "light"


def test_half_precision_is_served_as_it_is(tmp_path: Path) -> None:
    half = helper.make_node("Cast", ["scores"], ["half"], to=TensorProto.FLOAT16)
    output = helper.make_tensor_value_info("half", TensorProto.FLOAT16, ["N", 3])
    folder = write_graph(tmp_path / "model", [half], [output], element=TensorProto.FLOAT16)

    assert check(folder).passed


def test_a_fixed_batch_of_one_is_served_and_of_more_is_refused(tmp_path: Path) -> None:
    assert check(write_graph(tmp_path / "one", [], [floats("scores")], batch=1)).passed

    report = check(write_graph(tmp_path / "eight", [], [floats("scores")], batch=8))
    assert "batches of 8 only" in report.problems[0].message


def test_a_wrong_number_of_labels_is_refused(tmp_path: Path) -> None:
    report = check(write_graph(tmp_path, [], [floats("scores")], labels=["a", "b"]))

    assert "2 labels, the model answers 3" in report.problems[0].message


def test_what_is_not_a_number_is_refused(tmp_path: Path) -> None:
    broken = helper.make_node("Add", ["scores", "nothing"], ["answer"])

    assert names(check(write_graph(tmp_path, [broken], [floats("answer")]))) == ["finite"]


@pytest.mark.parametrize(
    ("change", "key"), [({"width": 8}, "input.width"), ({"channels": 3, "color": "RGB"}, "input.channels")]
)
def test_a_wrong_shape_is_refused_and_names_the_key(tmp_path: Path, change: dict[str, Any], key: str) -> None:
    change = {"mean": [], "std": []} | change
    report = check(write_graph(tmp_path, [], [floats("scores")], input=change))

    assert names(report) == [key]
    assert "but the model takes" in report.problems[0].message


def test_a_model_that_the_picture_does_not_reach_is_refused(tmp_path: Path) -> None:
    nothing = helper.make_node("Sub", ["scores", "scores"], ["answer"])

    assert names(check(write_graph(tmp_path, [nothing], [floats("answer")]))) == ["constant"]


def test_a_feature_output_that_is_not_there_is_refused(tmp_path: Path) -> None:
    report = check(write_graph(tmp_path, [], [floats("scores")], output={"features": "embedding"}))

    assert names(report) == ["output.features"]


def test_confidence_in_noise_is_noted(tmp_path: Path) -> None:
    report = check(write_model(tmp_path, weights=[[-40.0, 0.0, 40.0]]))

    assert report.passed
    assert any("a white picture shows light" in note for note in report.notes)


@pytest.mark.parametrize("content", [b"", b"no model", b"\x08\x08"])
def test_a_file_that_is_no_model_is_refused(tmp_path: Path, content: bytes) -> None:
    (write_model(tmp_path) / "model.onnx").write_bytes(content)

    assert not check(tmp_path).passed


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    assert "no model.json" in check(tmp_path).problems[0].message


def test_fixing_does_not_write_over_anything(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "model")
    (tmp_path / "fixed").mkdir()
    (tmp_path / "fixed" / "mine.txt").write_text("mine")

    with pytest.raises(ModelSpecError, match="not empty"):
        fix_model(folder, tmp_path / "fixed", PICTURES)
