"""EfficientNet-Lite as an ONNX graph, from the tensors of a PyTorch state_dict. No torch.

EfficientNet (Tan and Le, ICML 2019) without squeeze-and-excitation and with ReLU6, as Google published it in
2020 for small machines. TensorFlow trained the weights: padding is its asymmetric SAME, batch norm's epsilon
1e-3. Batch norm is folded into the convolutions.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import ModelProto, NodeProto, TensorProto, checker, helper, numpy_helper

from model.errors import WeightsError

IMAGE, LOGITS, FEATURES = "image", "logits", "features"
OPSET = 17
IR_VERSION = 8
EPSILON = 1e-3
# kernel, stride, expansion, repeats
_STAGES = ((3, 1, 1, 1), (3, 2, 6, 2), (5, 2, 6, 2), (3, 2, 6, 3), (5, 1, 6, 3), (5, 2, 6, 4), (3, 1, 6, 1))

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Variant:
    """One of the family: the input's side in pixels, and how deep it is beside Lite0."""

    name: str
    side: int
    depth: float


LITE0 = Variant("lite0", 224, 1.0)
LITE2 = Variant("lite2", 260, 1.2)


def build_graph(
    weights: Mapping[str, npt.NDArray[np.generic]], variant: Variant, temperature: float
) -> ModelProto:
    """`image` N x 3 x side x side to `logits` N x 1000, divided by `temperature`, and to `features` N x 1280.

    `features` is what the last layer takes, for transfer learning. Raises WeightsError for a tensor that
    is missing or does not fit.
    """
    try:
        model = _build(weights, variant, temperature)
        checker.check_model(model, full_check=True)
    except KeyError as error:
        raise WeightsError(f"there is no tensor {error}") from None
    except (ValueError, checker.ValidationError) as error:
        raise WeightsError(f"the tensors do not fit together: {error}") from None
    return model


def _build(weights: Mapping[str, Any], variant: Variant, temperature: float) -> ModelProto:
    graph = _Graph(weights)
    value, size = graph.convolution(IMAGE, "_conv_stem", "_bn0", 2, variant.side)
    number = 0
    for stage, (_, first_stride, expansion, repeats) in enumerate(_STAGES):
        deep = stage not in (0, len(_STAGES) - 1)
        for repeat in range(math.ceil(repeats * variant.depth) if deep else repeats):
            stride = first_stride if repeat == 0 else 1
            value, size = graph.block(value, f"_blocks.{number}", stride, expansion, size)
            number += 1
    value, _ = graph.convolution(value, "_conv_head", "_bn1", 1, size)
    pooled = graph.add("GlobalAveragePool", [value])
    graph.add("Flatten", [pooled], FEATURES, axis=1)
    last = graph.constant("_fc.weight", _floats(weights, "_fc.weight").T / temperature)
    offsets = graph.constant("_fc.bias", _floats(weights, "_fc.bias") / temperature)
    graph.add("Gemm", [FEATURES, last, offsets], LOGITS)
    classes, width = weights["_fc.weight"].shape
    return helper.make_model(
        helper.make_graph(
            graph.nodes,
            f"efficientnet-{variant.name}",
            [helper.make_tensor_value_info(IMAGE, TensorProto.FLOAT, ["N", 3, variant.side, variant.side])],
            [
                helper.make_tensor_value_info(LOGITS, TensorProto.FLOAT, ["N", classes]),
                helper.make_tensor_value_info(FEATURES, TensorProto.FLOAT, ["N", width]),
            ],
            graph.initializers,
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="loupe",
    )


@dataclass
class _Graph:
    """Nodes and weights as they are added."""

    weights: Mapping[str, Any]
    nodes: list[NodeProto] = field(default_factory=list)
    initializers: list[TensorProto] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._limits = [self.constant("zero", np.float32(0)), self.constant("six", np.float32(6))]

    def constant(self, name: str, values: Any) -> str:
        self.initializers.append(numpy_helper.from_array(np.array(values, np.float32, order="C"), name))
        return name

    def add(self, kind: str, inputs: list[str], output: str | None = None, **attributes: Any) -> str:
        output = output or f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def block(self, value: str, name: str, stride: int, expansion: int, size: int) -> tuple[str, int]:
        """An inverted residual: widen, convolve by channel, narrow; plus its input where shapes agree."""
        inner = value
        if expansion != 1:
            inner, _ = self.convolution(inner, f"{name}._expand_conv", f"{name}._bn0", 1, size)
        inner, smaller = self.convolution(
            inner, f"{name}._depthwise_conv", f"{name}._bn1", stride, size, by_channel=True
        )
        inner, _ = self.convolution(inner, f"{name}._project_conv", f"{name}._bn2", 1, smaller, limited=False)
        entry = self.weights[
            f"{name}._expand_conv.weight" if expansion != 1 else f"{name}._depthwise_conv.weight"
        ]
        channels = entry.shape[1] if expansion != 1 else entry.shape[0]
        if stride == 1 and channels == self.weights[f"{name}._project_conv.weight"].shape[0]:
            inner = self.add("Add", [value, inner])
        return inner, smaller

    def convolution(
        self,
        value: str,
        name: str,
        norm: str,
        stride: int,
        size: int,
        by_channel: bool = False,
        limited: bool = True,
    ) -> tuple[str, int]:
        """Convolution, batch norm and, if `limited`, ReLU6; gives the value and its side in pixels."""
        gamma, beta, mean, variance = (
            _floats(self.weights, f"{norm}.{part}")
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        gain = gamma / np.sqrt(variance + EPSILON)
        kernel = _floats(self.weights, f"{name}.weight") * gain[:, None, None, None]
        side = kernel.shape[2]
        after = math.ceil(size / stride)
        padding = max((after - 1) * stride + side - size, 0)
        before = padding // 2
        output = self.add(
            "Conv",
            [
                value,
                self.constant(f"{name}.weight", kernel),
                self.constant(f"{name}.bias", beta - mean * gain),
            ],
            kernel_shape=[side, side],
            strides=[stride, stride],
            group=len(kernel) if by_channel else 1,
            pads=[before, before, padding - before, padding - before],
        )
        return (self.add("Clip", [output, *self._limits]) if limited else output), after


def _floats(weights: Mapping[str, Any], name: str) -> npt.NDArray[np.float64]:
    return np.asarray(weights[name], np.float64)
