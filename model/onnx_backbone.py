"""Transfer learning from any ONNX classifier: its features stay, its last layer is trained anew.

The backbone is a folder as model.serve takes it (model.onnx, model.json). Its features are what its last
layer of weights takes; onnxruntime computes them once, quantised models included: quick without a GPU.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from torch.nn import functional

from model.calibration import negative_log_likelihood
from model.dataset.store import Part
from model.errors import BackboneError, ModelSpecError
from model.inference import cpu_count, normalisation
from model.spec import MODEL_FILE, InputSpec, read_spec

FEATURES = "loupe_features"
LOGITS = "logits"
PENALTIES = (1e-4, 1e-3, 1e-2, 1e-1)
_WEIGHTED = ("Gemm", "MatMul", "Conv", "QGemm", "QLinearMatMul", "QLinearConv", "MatMulInteger")
_QUANTISED = ("QGemm", "QLinearMatMul", "QLinearConv")

Floats = npt.NDArray[np.float64]

logger = logging.getLogger("model.train")


@dataclass(frozen=True)
class Head:
    """The new last layer: weights features x classes, and offsets; how well it does on validation."""

    weights: Floats
    offsets: Floats
    accuracy: float
    logits: Floats


class OnnxBackbone:
    """A classifier without its last layer."""

    def __init__(self, folder: Path, shape: InputSpec) -> None:
        """`shape` is what the data was prepared for. Raises BackboneError."""
        try:
            spec = read_spec(folder).input
            self.model = onnx.load(str(folder / MODEL_FILE))
        except (ModelSpecError, OSError, ValueError) as error:
            raise BackboneError(f"the backbone cannot be loaded: {error}") from None
        except Exception as error:  # protobuf's DecodeError shares no base class but Exception
            raise BackboneError(f"{MODEL_FILE} of the backbone is no ONNX model: {error}") from None
        if (spec.width, spec.height, spec.channels) != (shape.width, shape.height, shape.channels):
            color = "L" if spec.channels == 1 else "RGB"
            raise BackboneError(
                f"the backbone takes {spec.width} x {spec.height} {color}, the data is {shape.width} x "
                f"{shape.height} {shape.color}; prepare the data with side {spec.width} and color {color}"
            )
        # The picture is fitted in as it was in preparing, and normalised as the backbone wants it.
        self.input = replace(spec, resize=shape.resize, resize_short=shape.resize_short, name=None)
        self._gain, self._offset = normalisation(self.input)
        _cut(self.model)
        self._source = self.model.graph.input[0].name
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = cpu_count()
        self._session = onnxruntime.InferenceSession(
            self.model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )

    def features(self, part: Part, mirrored: bool = False) -> npt.NDArray[np.float32]:
        """N x features of a part's pictures."""
        return np.stack([self._features_of(picture) for picture in _pictures(part, mirrored)])

    def write(self, head: Head, temperature: float, folder: Path) -> None:
        """model.onnx with the new last layer; the temperature is in its weights."""
        graph = self.model.graph
        graph.initializer.extend(
            [
                numpy_helper.from_array((head.weights / temperature).astype(np.float32), "loupe_weights"),
                numpy_helper.from_array((head.offsets / temperature).astype(np.float32), "loupe_offsets"),
            ]
        )
        graph.node.append(helper.make_node("Gemm", [FEATURES, "loupe_weights", "loupe_offsets"], [LOGITS]))
        del graph.output[:]
        classes = head.weights.shape[1]
        graph.output.append(helper.make_tensor_value_info(LOGITS, TensorProto.FLOAT, [None, classes]))
        folder.mkdir(parents=True, exist_ok=True)
        onnx.save(self.model, str(folder / MODEL_FILE))

    def _features_of(self, picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        if self.input.color == "BGR":
            picture = picture[:, :, ::-1]
        values = picture * self._gain + self._offset
        tensor = values.transpose(2, 0, 1) if self.input.layout == "NCHW" else values
        batch = np.ascontiguousarray(tensor[np.newaxis], np.float32)
        (answer,) = self._session.run([FEATURES], {self._source: batch})
        return np.asarray(answer[0], np.float32)


def train_head(train: tuple[Any, Any], validation: tuple[Any, Any], classes: int, seed: int) -> Head:
    """Multinomial regression on features; the penalty that does best on validation is taken."""
    mean, std = train[0].mean(0), train[0].std(0) + 1e-6
    best: tuple[float, Head] | None = None
    for number, penalty in enumerate(PENALTIES, 1):
        weights, offsets, loss = _regression((train[0] - mean) / std, train[1], classes, penalty, seed)
        # The standardisation goes into the weights, so that the exported layer takes plain features.
        plain = weights / std[:, None]
        moved = offsets - mean @ plain
        logits = validation[0].astype(np.float64) @ plain + moved
        accuracy = float((logits.argmax(1) == validation[1]).mean())
        held_out = negative_log_likelihood(logits, validation[1])
        logger.info(
            "epoch=%d loss=%.4f accuracy=%.4f validation_loss=%.4f epochs=%d penalty=%g",
            *(number, loss, accuracy, held_out, len(PENALTIES), penalty),
        )
        if best is None or held_out < best[0]:
            best = (held_out, Head(plain, moved, accuracy, logits))
    assert best is not None
    return best[1]


def _regression(
    features: Any, targets: Any, classes: int, penalty: float, seed: int
) -> tuple[Any, Any, float]:
    torch.manual_seed(seed)
    inputs, truth = torch.from_numpy(np.asarray(features, np.float32)), torch.from_numpy(np.asarray(targets))
    weights = torch.zeros(inputs.shape[1], classes, requires_grad=True)
    offsets = torch.zeros(classes, requires_grad=True)
    optimiser = torch.optim.LBFGS([weights, offsets], max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        loss = functional.cross_entropy(inputs @ weights + offsets, truth) + penalty * weights.square().sum()
        loss.backward()
        return loss

    optimiser.step(closure)
    loss = float(closure().detach())
    return weights.detach().double().numpy(), offsets.detach().double().numpy(), loss


def _pictures(part: Part, mirrored: bool) -> Iterator[npt.NDArray[np.uint8]]:
    for picture in part.pictures:
        yield picture[:, ::-1] if mirrored else picture


def _cut(model: onnx.ModelProto) -> None:
    """Leave of the graph what comes before its last layer of weights, flattened as FEATURES."""
    graph = model.graph
    initialisers = {item.name for item in graph.initializer}
    del graph.input[1:]
    producers = {name: node for node in graph.node for name in node.output}
    name = graph.output[0].name
    while name in producers and producers[name].op_type not in _WEIGHTED:
        given = [item for item in producers[name].input if item and item not in initialisers]
        if not given:
            break
        name = given[0]
    if name not in producers or producers[name].op_type not in _WEIGHTED:
        raise BackboneError("the backbone has no last layer of weights that could be trained anew")
    last = producers[name]
    features = last.input[0]
    nodes = list(_before(features, producers))
    if last.op_type in _QUANTISED:
        nodes.append(helper.make_node("DequantizeLinear", list(last.input[:3]), ["loupe_plain"]))
        features = "loupe_plain"
    nodes.append(helper.make_node("Flatten", [features], [FEATURES], axis=1))
    del graph.node[:]
    graph.node.extend(nodes)
    del graph.output[:]
    graph.output.append(helper.make_tensor_value_info(FEATURES, TensorProto.FLOAT, None))
    del graph.value_info[:]
    used = {item for node in nodes for item in node.input}
    kept = [item for item in graph.initializer if item.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)


def _before(name: str, producers: dict[str, Any]) -> list[Any]:
    """The nodes that a value is made by, in the order in which they run."""
    wanted: dict[int, Any] = {}
    waiting = [name]
    while waiting:
        node = producers.get(waiting.pop())
        if node is not None and id(node) not in wanted:
            wanted[id(node)] = node
            waiting.extend(node.input)
    unique = {id(node): node for node in producers.values()}
    return [node for key, node in unique.items() if key in wanted]
