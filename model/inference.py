"""An ONNX image classifier and its model.json as a library: load, classify, best five. No web, no torch."""

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

from model.errors import InferenceError, ModelSpecError
from model.images import MAX_PIXELS, Pixels, read_pixels
from model.spec import MODEL_FILE, InputSpec, ModelSpec, read_spec

BEST = 5
# A model's first picture, when it is loaded or checked, takes a second or two.
MAX_FIRST_RUN_SECONDS = 30.0
FATAL = 4
DTYPES: dict[str, type[np.generic]] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(uint8)": np.uint8,
}

Floats = npt.NDArray[np.float32]
Scores = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Prediction:
    """A label and its probability."""

    label: str
    score: float


class Classifier:
    """A loaded model. Safe to call from several threads at once."""

    def __init__(self, folder: Path, threads: int = 1, max_pixels: int = MAX_PIXELS) -> None:
        """Load `model.onnx` and `model.json` and run once on a blank picture.

        `threads` is how many one inference may use. Raises ModelSpecError.
        """
        self.spec: ModelSpec = read_spec(folder)
        self._max_pixels = max_pixels
        self._session = open_session(folder / MODEL_FILE, threads)
        self._input = named_node(self.spec.input.name, self._session.get_inputs(), "input.name")
        self._output = named_node(self.spec.output.name, self._session.get_outputs(), "output.name")
        self._dtype = check_input(self._input, self.spec)
        self._check_output()

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, in the order of the scores."""
        return self.spec.labels

    def scores(self, image: bytes) -> Scores:
        """Probabilities in label order of a picture's bytes. Raises UnreadableImageError, InferenceError."""
        return self.scores_of_pixels(read_pixels(image, self.spec.input, self._max_pixels))

    def scores_of_pixels(self, pixels: Pixels) -> Scores:
        """Probabilities in label order of pixels as `read_pixels` gives them."""
        return self._probabilities(self._run(input_tensor(pixels, self.spec.input, self._dtype)))

    def classify(self, image: bytes, best: int = BEST) -> list[Prediction]:
        """The best labels of a picture's bytes, best first. Raises UnreadableImageError, InferenceError."""
        return best_predictions(self.scores(image), self.labels, best)

    def _run(self, tensor: npt.NDArray[np.generic], options: onnxruntime.RunOptions | None = None) -> Scores:
        try:
            (answer,) = self._session.run([self._output.name], {self._input.name: tensor}, options)
        except Exception as error:  # onnxruntime's exceptions share no base class but Exception
            raise InferenceError(f"onnxruntime: {str(error).splitlines()[0]}") from None
        return np.asarray(answer, dtype=np.float64).reshape(-1)

    def _probabilities(self, answer: Scores) -> Scores:
        if not np.isfinite(answer).all():
            raise InferenceError("the model answered a number that is not finite")
        logits = self.spec.output.kind == "logits"
        if answer.size == 1 and len(self.labels) == 2:
            # One unit for two classes: it is the probability, or the logit, of the second label.
            second = float(_sigmoid(answer[0]) if logits else answer[0])
            return np.array([1 - second, second])
        return _softmax(answer) if logits else np.clip(answer, 0.0, 1.0)

    def _check_output(self) -> None:
        spec = self.spec.input
        blank = np.zeros((spec.height, spec.width, spec.channels), np.uint8)
        with ended_after(MAX_FIRST_RUN_SECONDS) as options:
            answer = self._run(input_tensor(blank, spec, self._dtype), options)
        count = len(self.labels)
        if answer.size != count and not (answer.size == 1 and count == 2):
            raise ModelSpecError("labels", f"there are {count}, but the model answers {answer.size} scores")
        if self.spec.output.kind == "probabilities" and not ((answer > -1e-3) & (answer < 1.001)).all():
            raise ModelSpecError(
                "output.kind", "is probabilities, but the model answers numbers outside 0…1: logits?"
            )
        self._probabilities(answer)


@contextmanager
def ended_after(seconds: float) -> Iterator[onnxruntime.RunOptions]:
    """Options of a run that fails when it takes longer: a model may hold a loop that never ends."""
    options = onnxruntime.RunOptions()
    options.log_severity_level = FATAL

    def end() -> None:
        options.terminate = True

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield options
    finally:
        timer.cancel()


def best_predictions(scores: Scores, labels: Sequence[str], best: int = BEST) -> list[Prediction]:
    """The `best` labels with the highest scores, best first; equal scores keep the labels' order."""
    order = np.argsort(-scores, kind="stable")[:best]
    return [Prediction(labels[index], float(scores[index])) for index in order]


def named_answer(scores: Scores, labels: Sequence[str]) -> dict[str, list[Any]]:
    """What a served model answers: `{"labels": [best five], "scores": […]}`, best first."""
    best = best_predictions(scores, labels)
    return {"labels": [item.label for item in best], "scores": [round(item.score, 8) for item in best]}


def cpu_count() -> int:
    """The processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def open_session(path: Path, threads: int) -> onnxruntime.InferenceSession:
    """A model that is loaded to be served. Raises ModelSpecError."""
    if not path.is_file():
        raise ModelSpecError("(model)", f"there is no {MODEL_FILE} beside model.json")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # A spinning thread takes the processor from the requests that wait for it.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's exceptions share no base class but Exception
        raise ModelSpecError(
            "(model)", f"{MODEL_FILE} cannot be loaded: {str(error).splitlines()[0]}"
        ) from None


def named_node(name: str | None, nodes: Sequence[Any], key: str) -> Any:
    """The model's input or output of that name; without a name the first. Raises ModelSpecError."""
    if name is None:
        return nodes[0]
    for node in nodes:
        if node.name == name:
            return node
    raise ModelSpecError(key, f"the model has no {name!r}; it has {', '.join(node.name for node in nodes)}")


def check_input(node: Any, spec: ModelSpec) -> type[np.generic]:
    """The type of number that the model takes. Raises ModelSpecError if it takes another input."""
    if node.type not in DTYPES:
        raise ModelSpecError("input", f"the model takes {node.type}; float, float16 and uint8 can be served")
    if len(node.shape) != 4:
        raise ModelSpecError("input", f"the model takes {len(node.shape)} dimensions, a picture batch has 4")
    keys = ("channels", "height", "width") if spec.input.layout == "NCHW" else ("height", "width", "channels")
    for key, size in zip(keys, node.shape[1:], strict=True):
        said = getattr(spec.input, key)
        if isinstance(size, int) and size != said:
            raise ModelSpecError(
                f"input.{key}", f"is {said}, but the model takes {size} ({spec.input.layout})"
            )
    if isinstance(node.shape[0], int) and node.shape[0] != 1:
        raise ModelSpecError(
            "input", f"the model takes batches of {node.shape[0]} only; export it with batch 1 or free"
        )
    return DTYPES[node.type]


def input_tensor(pixels: Pixels, spec: InputSpec, dtype: type[np.generic]) -> npt.NDArray[np.generic]:
    """A batch of one, normalised and laid out as the model takes it, of `read_pixels`' pixels."""
    gain, offset = normalisation(spec)
    axes = (1, 1, -1)
    if spec.layout == "NCHW":
        # Bytes are moved before they become floats: a quarter of the memory, and long rows to compute on.
        pixels, axes = np.ascontiguousarray(pixels.transpose(2, 0, 1)), (-1, 1, 1)
    values = np.multiply(pixels, gain.reshape(axes), dtype=np.float32)
    values += offset.reshape(axes)
    if dtype is np.uint8:
        values = np.clip(np.rint(values), 0, 255)
    return values.astype(dtype, copy=False)[np.newaxis]


def normalisation(spec: InputSpec) -> tuple[Floats, Floats]:
    """Gain and offset by channel such that pixel * gain + offset = (pixel * scale - mean) / std."""
    std = np.asarray(spec.std, np.float64)
    gain = spec.scale / std
    offset = -np.asarray(spec.mean, np.float64) / std
    return gain.astype(np.float32), offset.astype(np.float32)


def _softmax(logits: Scores) -> Scores:
    powers = np.exp(logits - logits.max())
    total: Scores = powers / powers.sum()
    return total


def _sigmoid(logit: float) -> float:
    return float(0.5 * (1 + np.tanh(logit / 2)))
