"""Transfer learning from any ONNX classifier: its features stay, its last layer is trained anew.

The backbone is a folder as model.serve takes it (model.onnx, model.json). onnxruntime computes its features
once, quantised models included: quick without a GPU. What is written is a classifier again. No torch in here.
"""

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from model.backbone_graph import FEATURES, cut, ends_of, finish, normalised
from model.calibration import Calibration
from model.dataset.store import Part
from model.errors import BackboneError, ModelSpecError
from model.head import Head
from model.inference import DTYPES, cpu_count, input_tensor
from model.spec import MODEL_FILE, InputSpec, ModelSpec, read_spec

LOGITS = "loupe_logits"
_EVERY = 2000

Features = npt.NDArray[np.float32]

logger = logging.getLogger("model.train")


class OnnxBackbone:
    """A classifier without its last layer, or an embedding."""

    def __init__(self, folder: Path, shape: InputSpec) -> None:
        """`shape` is what the data was prepared for. Raises BackboneError."""
        spec, self.model = _loaded(folder)
        _check_shape(spec.input, shape)
        named = spec.output.features
        ends = ends_of(self.model, spec.input.name, named or spec.output.name)
        self._source = ends.picture.name
        self._dtype = _dtype_of(ends.picture)
        # The picture is fitted in as it was in preparing, and normalised as the backbone wants it.
        self.input = replace(
            spec.input,
            resize=shape.resize,
            resize_short=shape.resize_short,
            filter=shape.filter,
            name=self._source,
        )
        embedding = named is not None or self._is_embedding(ends.answer, len(spec.labels))
        features = cut(self.model, ends, embedding)
        found = _run_blank(self.model, self._source, self._blank(), features)
        if found.size < 2:
            raise BackboneError(
                f"the backbone's features are {found.size} number; there is nothing to learn from"
            )
        finish(self.model, features, found.ndim)
        self._session = _session(self.model)

    def features(self, part: Part) -> Features:
        """N x features of a part's pictures."""
        found: list[Any] = []
        with ThreadPoolExecutor(cpu_count()) as pool:
            for start in range(0, len(part), _EVERY):
                found += pool.map(self._features_of, part.pictures[start : start + _EVERY])
                if len(part) > _EVERY:
                    logger.info("features=%d of=%d", len(found), len(part))
        return np.stack(found)

    def write(self, head: Head, calibration: Calibration, folder: Path) -> None:
        """model.onnx with the new last layer; temperature and spread are in it."""
        model = onnx.ModelProto()
        model.CopyFrom(self.model)
        graph = model.graph
        given = normalised(model, head.root)
        classes = head.weights.shape[1]
        for name, values in (
            ("loupe_weights", head.weights / calibration.temperature),
            ("loupe_offsets", head.offsets / calibration.temperature),
            ("loupe_kept", np.array([1 - calibration.spread])),
            ("loupe_spread", np.array([max(calibration.spread / classes, 1e-30)])),
        ):
            graph.initializer.append(numpy_helper.from_array(values.astype(np.float32), name))
        nodes = (
            ("Gemm", [given, "loupe_weights", "loupe_offsets"], "loupe_sharp"),
            ("Softmax", ["loupe_sharp"], "loupe_shares"),
            ("Mul", ["loupe_shares", "loupe_kept"], "loupe_less"),
            ("Add", ["loupe_less", "loupe_spread"], "loupe_mixed"),
            ("Log", ["loupe_mixed"], LOGITS),
        )
        for kind, taken, name in nodes:
            node = helper.make_node(kind, taken, [name])
            if kind == "Softmax":
                node.attribute.append(helper.make_attribute("axis", 1))
            graph.node.append(node)
        del graph.output[:]
        graph.output.append(helper.make_tensor_value_info(LOGITS, TensorProto.FLOAT, [None, classes]))
        folder.mkdir(parents=True, exist_ok=True)
        onnx.save(model, str(folder / MODEL_FILE))

    def _is_embedding(self, answer: str, labels: int) -> bool:
        """Whether the model answers other numbers than one for each label."""
        size = _run_blank(self.model, self._source, self._blank(), answer).size
        if size == labels or (size == 1 and labels == 2):
            return False
        logger.info("the backbone answers %d numbers for %d labels: they are its embedding", size, labels)
        return True

    def _blank(self) -> npt.NDArray[np.generic]:
        blank = np.zeros((self.input.height, self.input.width, self.input.channels), np.uint8)
        return input_tensor(blank, self.input, self._dtype)

    def _features_of(self, picture: npt.NDArray[np.uint8]) -> Features:
        if self.input.color == "BGR":
            picture = picture[:, :, ::-1]
        tensor = input_tensor(picture, self.input, self._dtype)
        (answer,) = self._session.run([FEATURES], {self._source: tensor})
        return np.asarray(answer[0], np.float32)


def _loaded(folder: Path) -> tuple[ModelSpec, onnx.ModelProto]:
    try:
        return read_spec(folder), onnx.load(str(folder / MODEL_FILE))
    except (ModelSpecError, OSError, ValueError) as error:
        raise BackboneError(f"the backbone cannot be loaded: {error}") from None
    except Exception as error:  # protobuf's DecodeError shares no base class but Exception
        raise BackboneError(f"{MODEL_FILE} of the backbone is no ONNX model: {error}") from None


def _check_shape(spec: InputSpec, shape: InputSpec) -> None:
    if (spec.width, spec.height, spec.channels) != (shape.width, shape.height, shape.channels):
        color = "L" if spec.channels == 1 else "RGB"
        raise BackboneError(
            f"the backbone takes {spec.width} x {spec.height} {color}, the data is {shape.width} x "
            f"{shape.height} {shape.color}; prepare the data with side {spec.width} and color {color}"
        )


def _dtype_of(picture: Any) -> type[np.generic]:
    """The input's element type. Raises BackboneError for one, or a batch, that cannot be fed."""
    tensor = picture.type.tensor_type
    name = f"tensor({TensorProto.DataType.Name(tensor.elem_type).lower()})"
    if name not in DTYPES:
        raise BackboneError(f"the backbone takes {name}; float, float16 and uint8 can be fed")
    sizes = [item.dim_value for item in tensor.shape.dim]
    if len(sizes) != 4:
        raise BackboneError(f"the backbone takes {len(sizes)} dimensions; a batch of pictures has 4")
    if sizes[0] > 1:
        raise BackboneError(
            f"the backbone takes batches of {sizes[0]} only; export it with batch 1 or a free batch"
        )
    return DTYPES[name]


def _run_blank(
    model: onnx.ModelProto, source: str, blank: npt.NDArray[np.generic], wanted: str
) -> npt.NDArray[Any]:
    """What the graph makes of a blank picture. Raises BackboneError."""
    session = _session(model)
    try:
        (answer,) = session.run([wanted], {source: blank})
    except Exception as error:  # onnxruntime's exceptions share no base class but Exception
        raise BackboneError(f"the backbone does not run: {str(error).splitlines()[0]}") from None
    found: npt.NDArray[Any] = np.asarray(answer)
    if found.dtype.kind not in "fiu":
        raise BackboneError(f"the backbone's output {wanted!r} is no numbers but {found.dtype}")
    return found


def _session(model: onnx.ModelProto) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    # One thread a picture, as many pictures at once as there are processors: no thread waits for another.
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # onnxruntime's exceptions share no base class but Exception
        raise BackboneError(f"the backbone cannot be loaded: {str(error).splitlines()[0]}") from None
