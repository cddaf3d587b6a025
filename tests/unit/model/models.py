"""Small ONNX models whose answers can be worked out by hand, with their model.json."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def spec_document(**changes: Any) -> dict[str, Any]:
    """A valid model.json of a 2 x 2 grey model with three labels; `input` and `output` are merged."""
    document: dict[str, Any] = {
        "name": "means",
        "input": {
            "width": 2,
            "height": 2,
            "channels": 1,
            "color": "L",
            "scale": 1 / 255,
            "mean": [0],
            "std": [1],
        },
        "output": {"kind": "logits"},
        "labels": ["dark", "middle", "light"],
    }
    for key, value in changes.items():
        if isinstance(value, dict) and isinstance(document.get(key), dict):
            document[key] = {**document[key], **value}
        else:
            document[key] = value
    return document


def write_model(
    folder: Path,
    document: dict[str, Any] | None = None,
    weights: list[list[float]] | None = None,
    element: int = TensorProto.FLOAT,
) -> Path:
    """A model that answers mean-of-each-channel x weights (channels x outputs), beside its model.json."""
    document = document or spec_document()
    given = document["input"]
    channels, height, width = given["channels"], given["height"], given["width"]
    first_last = given.get("layout", "NCHW") == "NHWC"
    shape = ["batch", height, width, channels] if first_last else ["batch", channels, height, width]
    matrix = np.asarray(weights or [[-4.0, 0.0, 4.0]] * channels, np.float32)
    nodes = [
        helper.make_node("Cast", ["picture"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["floats", "axes"], ["means"], keepdims=0),
        helper.make_node("MatMul", ["means", "weights"], ["answer"]),
    ]
    graph = helper.make_graph(
        nodes,
        "means",
        [helper.make_tensor_value_info("picture", element, shape)],
        [helper.make_tensor_value_info("answer", TensorProto.FLOAT, ["batch", matrix.shape[1]])],
        [
            numpy_helper.from_array(np.array([1, 2] if first_last else [2, 3], np.int64), "axes"),
            numpy_helper.from_array(matrix, "weights"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save(model, str(folder / "model.onnx"))
    (folder / "model.json").write_text(json.dumps(document), "utf-8")
    return folder
