"""MobileNetV2 for 224 × 224 pixels as an ONNX file: the real network's layers and sizes, random weights.

What it answers means nothing; what it costs is what the real one costs. After Sandler et al., "MobileNetV2:
Inverted Residuals and Linear Bottlenecks" (2018), table 2.
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from model.spec import InputSpec, ModelSpec, OutputSpec

SIDE, CLASSES = 224, 1000
FIRST, LAST = 32, 1280
# Expansion, channels, repetitions, stride of the first.
BLOCKS = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
OPSET = 17


class _Network:
    """Nodes and weights as they are added; batch normalisation is folded into the convolutions."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self._random = np.random.default_rng(0)

    def convolution(
        self, source: str, channels: tuple[int, int], kernel: int = 1, stride: int = 1, groups: int = 1
    ) -> str:
        name = f"conv{len(self.nodes)}"
        taken, given = channels
        shape = (given, taken // groups, kernel, kernel)
        # He's initialisation keeps activations of one size through the layers.
        scale = np.sqrt(2 / (shape[1] * kernel * kernel))
        weights = (self._random.standard_normal(shape) * scale).astype(np.float32)
        self.weights.append(numpy_helper.from_array(weights, f"{name}.weight"))
        self.weights.append(numpy_helper.from_array(np.zeros(given, np.float32), f"{name}.bias"))
        self.nodes.append(
            helper.make_node(
                "Conv",
                [source, f"{name}.weight", f"{name}.bias"],
                [name],
                kernel_shape=[kernel, kernel],
                strides=[stride, stride],
                pads=[kernel // 2] * 4,
                group=groups,
            )
        )
        return name

    def then(self, operation: str, *sources: str) -> str:
        name = f"{operation.lower()}{len(self.nodes)}"
        self.nodes.append(helper.make_node(operation, list(sources), [name]))
        return name

    def clipped(self, source: str) -> str:
        return self.then("Clip", source, "zero", "six")

    def block(self, source: str, taken: int, given: int, expansion: int, stride: int) -> str:
        """An inverted residual: widen, filter each channel by itself, narrow."""
        wide = taken * expansion
        inner = source
        if expansion > 1:
            inner = self.clipped(self.convolution(inner, (taken, wide)))
        inner = self.clipped(self.convolution(inner, (wide, wide), 3, stride, groups=wide))
        inner = self.convolution(inner, (wide, given))
        return self.then("Add", source, inner) if stride == 1 and taken == given else inner


def write_mobilenet(folder: Path) -> Path:
    """model.onnx and model.json in `folder`, as the model server takes them."""
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save(_model(), folder / "model.onnx")
    spec = ModelSpec(
        name="mobilenet",
        input=InputSpec(
            width=SIDE,
            height=SIDE,
            channels=3,
            color="RGB",
            resize="center_crop",
            resize_short=SIDE,
            mean=(0.485, 0.456, 0.406),
            std=(0.229, 0.224, 0.225),
        ),
        output=OutputSpec(kind="logits"),
        labels=tuple(f"class {number}" for number in range(CLASSES)),
    )
    (folder / "model.json").write_text(spec.to_json(), "utf-8")
    return folder


def _model() -> onnx.ModelProto:
    network = _Network()
    for name, value in (("zero", 0.0), ("six", 6.0)):
        network.weights.append(numpy_helper.from_array(np.array(value, np.float32), name))
    last = network.clipped(network.convolution("input", (3, FIRST), 3, 2))
    channels = FIRST
    for expansion, given, repetitions, stride in BLOCKS:
        for number in range(repetitions):
            last = network.block(last, channels, given, expansion, stride if number == 0 else 1)
            channels = given
    last = network.clipped(network.convolution(last, (channels, LAST)))
    # The classifier is a convolution over one pixel: the same sums as a fully connected layer.
    last = network.then("GlobalAveragePool", last)
    last = network.then("Flatten", network.convolution(last, (LAST, CLASSES)))
    network.nodes[-1].output[0] = "output"
    graph = helper.make_graph(
        network.nodes,
        "mobilenet_v2",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, ["batch", CLASSES])],
        network.weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
    onnx.checker.check_model(model)
    return model
