"""A model may hold a loop: one that does not end is an error of the model, at its load and at its check."""

from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from model import check, inference
from model.errors import ModelError
from model.inference import Classifier
from tests.unit.model.models import spec_document, write_model


@pytest.fixture
def endless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model that adds nothing to its answer 2^62 times."""
    for module in (inference, check):
        monkeypatch.setattr(module, "MAX_FIRST_RUN_SECONDS", 0.2)
    folder = write_model(tmp_path / "endless", spec_document())
    model = onnx.load(str(folder / "model.onnx"))
    floats = helper.make_tensor_value_info
    scalar: list[int] = []
    body = helper.make_graph(
        [helper.make_node("Identity", ["go_on"], ["still"]), helper.make_node("Abs", ["sum"], ["more"])],
        "body",
        [
            floats("count", TensorProto.INT64, scalar),
            floats("go_on", TensorProto.BOOL, scalar),
            floats("sum", TensorProto.FLOAT, None),
        ],
        [floats("still", TensorProto.BOOL, scalar), floats("more", TensorProto.FLOAT, None)],
    )
    graph = model.graph
    graph.node[-1].output[0] = "before"
    graph.node.append(helper.make_node("Loop", ["times", "true", "before"], ["answer"], body=body))
    graph.initializer.append(helper.make_tensor("times", TensorProto.INT64, scalar, [2**62]))
    graph.initializer.append(helper.make_tensor("true", TensorProto.BOOL, scalar, [True]))
    onnx.save(model, str(folder / "model.onnx"))
    return folder


def test_it_is_not_served(endless: Path) -> None:
    with pytest.raises(ModelError, match="terminate"):
        Classifier(endless)


def test_its_check_says_so(endless: Path) -> None:
    report = check.check_model(endless, {})

    assert [problem.name for problem in report.problems] == ["run"]
    assert "terminate" in report.problems[0].message
