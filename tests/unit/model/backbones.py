"""Small backbones in the shapes that exporters give them: a convolution, a mean over places, a last layer."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from model.dataset.store import Part
from model.spec import InputSpec

SIDE, FEATURES, LABELS = 8, 6, ("a", "b", "c")


@dataclass
class Shape:
    """What is unusual about a backbone."""

    element: int = TensorProto.FLOAT
    batch: int | str = "batch"
    weights_first: bool = False
    leading_constant: bool = False
    other_output_first: bool = False
    last: str = "gemm"
    no_convolution: bool = False


def write_backbone(folder: Path, shape: Shape | None = None, output: str | None = None) -> Path:
    """A folder with model.onnx and model.json; the features are each colour's mean, in several mixtures."""
    shape = shape or Shape()
    generator = np.random.default_rng(3)
    half = shape.element == TensorProto.FLOAT16
    kind = np.float16 if half else np.float32
    stored = {
        "kernel": generator.normal(size=(FEATURES, 3, 1, 1)).astype(kind),
        "last": generator.normal(size=(3 if shape.no_convolution else FEATURES, len(LABELS))).astype(kind),
        "bias": np.zeros(len(LABELS), kind),
        "kernel_last": generator.normal(size=(len(LABELS), FEATURES, 1, 1)).astype(kind),
    }
    nodes = [helper.make_node("Cast", ["picture"], ["numbers"], to=_number(half))]
    if shape.leading_constant:
        scale = numpy_helper.from_array(np.array(0.5, kind), "half")
        nodes.append(helper.make_node("Constant", [], ["half"], value=scale))
        nodes.append(helper.make_node("Mul", ["half", "numbers"], ["halved"]))
    taken = nodes[-1].output[0]
    if not shape.no_convolution:
        nodes.append(helper.make_node("Conv", [taken, "kernel"], ["map"]))
        nodes.append(helper.make_node("Relu", ["map"], ["positive"]))
        taken = "positive"
    nodes += _last(shape.last, taken)
    answer = nodes[-1].output[0]
    outputs = [answer, taken] if not shape.other_output_first else [taken, answer]
    inputs = [helper.make_tensor_value_info("picture", shape.element, [shape.batch, 3, SIDE, SIDE])]
    used = {name for node in nodes for name in node.input}
    initializers = [numpy_helper.from_array(value, name) for name, value in stored.items() if name in used]
    if shape.weights_first:
        listed = [
            helper.make_tensor_value_info(each.name, each.data_type, each.dims) for each in initializers
        ]
        inputs = [*listed, *inputs]
    graph = helper.make_graph(
        nodes,
        "backbone",
        inputs,
        [helper.make_tensor_value_info(name, _number(half), None) for name in outputs],
        initializers,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save(model, str(folder / "model.onnx"))
    (folder / "model.json").write_text(json.dumps(_document(output)), "utf-8")
    return folder


def colours(count: int, seed: int = 1, labels: tuple[str, ...] = LABELS, noise: int = 30) -> Part:
    """Pictures of red, green and blue, by turns, each a little off."""
    generator = np.random.default_rng(seed)
    targets = np.arange(count) % len(labels)
    pictures = generator.integers(0, 2 * noise, (count, SIDE, SIDE, 3))
    for place, target in enumerate(targets):
        pictures[place, :, :, target] += 120
    spec = InputSpec(SIDE, SIDE, 3, "RGB", mean=(0.0,) * 3, std=(1.0,) * 3)
    names = [f"{place}.png" for place in range(count)]
    return Part(pictures.clip(0, 255).astype(np.uint8), targets, names, labels, spec)


def _number(half: bool) -> int:
    return int(TensorProto.FLOAT16 if half else TensorProto.FLOAT)


def _last(kind: str, taken: str) -> list[Any]:
    pooled = [
        helper.make_node("GlobalAveragePool", [taken], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["flat"], axis=1),
    ]
    if kind == "embedding":
        return pooled
    if kind == "convolution":
        return [
            helper.make_node("Conv", [taken, "kernel_last"], ["scores_map"]),
            helper.make_node("GlobalAveragePool", ["scores_map"], ["scores"]),
            helper.make_node("Flatten", ["scores"], ["answer"], axis=1),
        ]
    return [
        *pooled,
        helper.make_node("Gemm", ["flat", "last", "bias"], ["scores"]),
        helper.make_node("Softmax", ["scores"], ["answer"], axis=1),
    ]


def _document(output: str | None) -> dict[str, Any]:
    said: dict[str, Any] = {"kind": "probabilities"}
    if output:
        said["name"] = output
    return {
        "name": "colours",
        "input": {"width": SIDE, "height": SIDE, "channels": 3, "color": "RGB", "filter": "bilinear"},
        "output": said,
        "labels": list(LABELS),
    }
