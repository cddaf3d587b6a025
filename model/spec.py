"""model.json: what a served ONNX model expects and answers.

    {"name": "digits",
     "input":  {"name"?, "width", "height", "channels": 1|3, "color": "RGB"|"BGR"|"L",
                "layout": "NCHW"|"NHWC", "resize": "stretch"|"center_crop", "resize_short"?,
                "filter"?: "lanczos"|"bicubic"|"bilinear", "scale", "mean": […], "std": […]},
     "output": {"name"?, "kind": "logits"|"probabilities", "features"?},
     "labels": […],
     "about"?: {…}}

A pixel p (0…255) of channel c goes in as (p * scale - mean[c]) / std[c]. `output.name` and `input.name`
default to the first. `output.features` names another output of the graph, N x width float32: what the last
layer takes, for transfer learning; serving leaves it alone. `about` is free: nothing reads it.
"""

import difflib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from model.errors import ModelSpecError
from model.plain_text import is_plain, plain

SPEC_FILE = "model.json"
MODEL_FILE = "model.onnx"
MAX_SIDE = 4096
# A hundred thousand labels fit.
MAX_SPEC_BYTES = 8 * 1024 * 1024
FILTERS = ("lanczos", "bicubic", "bilinear")


@dataclass(frozen=True)
class InputSpec:
    """How a picture becomes the model's input tensor."""

    width: int
    height: int
    channels: int
    color: str
    layout: str = "NCHW"
    resize: str = "stretch"
    resize_short: int | None = None
    filter: str = "lanczos"
    scale: float = 1 / 255
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    name: str | None = None


@dataclass(frozen=True)
class OutputSpec:
    """What the model's output is."""

    kind: str
    name: str | None = None
    features: str | None = None


@dataclass(frozen=True)
class ModelSpec:
    """A parsed model.json."""

    name: str
    input: InputSpec
    output: OutputSpec
    labels: tuple[str, ...]

    def to_json(self, about: Mapping[str, Any] | None = None) -> str:
        """The text of a model.json that reads back as this."""

        def bare(section: Any) -> dict[str, Any]:
            return {key: value for key, value in asdict(section).items() if value is not None}

        document: dict[str, Any] = {
            "name": self.name,
            "input": bare(self.input),
            "output": bare(self.output),
            "labels": list(self.labels),
        }
        if about:
            document["about"] = dict(about)
        return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def read_spec(folder: Path) -> ModelSpec:
    """The model.json in a folder. Raises ModelSpecError, which names the key that is wrong."""
    path = folder / SPEC_FILE
    try:
        if path.stat().st_size > MAX_SPEC_BYTES:
            raise ModelSpecError("(file)", f"is larger than {MAX_SPEC_BYTES} bytes")
        document = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise ModelSpecError("(file)", f"there is no {SPEC_FILE} in {folder}") from None
    except RecursionError:
        raise ModelSpecError("(file)", "is nested too deeply") from None
    except (OSError, ValueError) as error:
        raise ModelSpecError("(file)", f"cannot be read as JSON: {error}") from None
    return parse_spec(document)


def parse_spec(document: Any) -> ModelSpec:
    """A ModelSpec from model.json's content. Raises ModelSpecError."""
    root = _Section(document, "", ("name", "input", "output", "labels", "about"))
    labels = root.required("labels", list)
    if len(labels) < 2 or not all(isinstance(label, str) and label.strip() for label in labels):
        raise ModelSpecError("labels", "must be a list of at least two non-empty strings")
    for label in labels:
        _check_plain("labels", label)
    # A label may stand twice: ImageNet has two classes named crane.
    name = root.required("name", str)
    if not name.strip():
        raise ModelSpecError("name", "must not be empty")
    _check_plain("name", name)
    return ModelSpec(name, parse_input(root.required("input", dict)), _output_spec(root), tuple(labels))


def _check_plain(key: str, text: str) -> None:
    """Labels and names are shown in terminals, mails and pages: none may command one, or hide in one."""
    if not is_plain(text):
        raise ModelSpecError(key, f"{plain(text)[:60]!r} has control, direction or invisible characters")


def _output_spec(root: "_Section") -> OutputSpec:
    output = _Section(root.required("output", dict), "output.", ("name", "kind", "features"))
    return OutputSpec(
        kind=output.choice("kind", ("logits", "probabilities")),
        name=output.optional("name", str, None),
        features=output.optional("features", str, None),
    )


def parse_input(document: Any) -> InputSpec:
    """The `input` section of a model.json. Raises ModelSpecError."""
    known = tuple(InputSpec.__dataclass_fields__)
    section = _Section(document, "input.", known)
    channels = section.integer("channels", 1, 3)
    color = section.choice("color", ("L",) if channels == 1 else ("RGB", "BGR"))
    width, height = section.integer("width", 1, MAX_SIDE), section.integer("height", 1, MAX_SIDE)
    resize = section.choice("resize", ("stretch", "center_crop"), "stretch")
    short: int | None = None
    if section.has("resize_short"):
        short = section.integer("resize_short", 1, MAX_SIDE)
        if resize == "center_crop" and short < max(width, height):
            raise ModelSpecError(
                "input.resize_short", f"must be at least the crop's longer side, {max(width, height)}"
            )
    scale = section.number("scale", 1 / 255)
    if scale == 0:
        raise ModelSpecError("input.scale", "must not be 0")
    std = section.numbers("std", channels, 1.0)
    if any(value == 0 for value in std):
        raise ModelSpecError("input.std", "must not hold 0")
    return InputSpec(
        width=width,
        height=height,
        channels=channels,
        color=color,
        layout=section.choice("layout", ("NCHW", "NHWC"), "NCHW"),
        resize=resize,
        resize_short=short,
        # Where nothing is said, the one that keeps most of what the model was trained to see.
        filter=section.choice("filter", FILTERS, InputSpec.filter),
        scale=scale,
        mean=section.numbers("mean", channels, 0.0),
        std=std,
        name=section.optional("name", str, None),
    )


class _Section:
    """One object of model.json, read key by key with errors that name the key."""

    def __init__(self, document: Any, prefix: str, known: tuple[str, ...]) -> None:
        if not isinstance(document, dict):
            raise ModelSpecError(prefix.rstrip(".") or "(root)", "must be an object")
        for key in document:
            if key not in known:
                near = difflib.get_close_matches(key, known, 1)
                raise ModelSpecError(
                    prefix + key, "is not known" + (f"; did you mean {near[0]}?" if near else "")
                )
        self._document = document
        self._prefix = prefix

    def has(self, key: str) -> bool:
        return self._document.get(key) is not None

    def required(self, key: str, kind: type) -> Any:
        if not self.has(key):
            raise ModelSpecError(self._prefix + key, "is missing")
        return self.optional(key, kind, None)

    def optional(self, key: str, kind: type, default: Any) -> Any:
        value = self._document.get(key)
        if value is None:
            return default
        if not isinstance(value, kind):
            names: dict[type, str] = {list: "a list", dict: "an object", str: "a string"}
            raise ModelSpecError(self._prefix + key, f"must be {names[kind]}")
        return value

    def choice(self, key: str, choices: tuple[str, ...], default: str | None = None) -> str:
        if default is None and not self.has(key):
            raise ModelSpecError(self._prefix + key, f"is missing; one of {', '.join(choices)}")
        value = self._document.get(key) or default
        if value not in choices:
            raise ModelSpecError(self._prefix + key, f"must be {' or '.join(choices)}, not {value!r}")
        return str(value)

    def integer(self, key: str, least: int, most: int) -> int:
        value = self._document.get(key)
        if value is None:
            raise ModelSpecError(self._prefix + key, "is missing")
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ModelSpecError(
                self._prefix + key, f"must be a whole number from {least} to {most}, not {value!r}"
            )
        if key == "channels" and value == 2:
            raise ModelSpecError(self._prefix + key, "must be 1 or 3, not 2")
        return value

    def number(self, key: str, default: float) -> float:
        return self._finite(key, self._document.get(key, default))

    def numbers(self, key: str, count: int, default: float) -> tuple[float, ...]:
        value = self._document.get(key)
        if value is None or value == []:
            return (default,) * count
        if not isinstance(value, list) or len(value) != count:
            raise ModelSpecError(
                self._prefix + key, f"must be a list of {count} number{'s' if count > 1 else ''}"
            )
        return tuple(self._finite(key, item) for item in value)

    def _finite(self, key: str, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise ModelSpecError(self._prefix + key, f"must be a number, not {value!r}")
        return float(value)
