"""Prepared data: pictures and targets as arrays, one folder a part.

<folder>/dataset.json    labels, the model's input, counts
<folder>/pictures.npy    uint8, N x height x width x channels, as the server reads them before normalising
<folder>/targets.npy     int64, N
<folder>/names.json      N names, for people
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from model.errors import DatasetError, EmptyDatasetError, ManifestError, ModelSpecError
from model.spec import InputSpec, parse_input

DATASET_FILE = "dataset.json"
# The folder, inside a part's, of the same pictures as a backbone takes them.
TRANSFER = "transfer"
_BATCH = 4096

Pictures = npt.NDArray[np.uint8]
Targets = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Part:
    """One part of a prepared dataset; the pictures may be mapped from the file."""

    pictures: Pictures
    targets: Targets
    names: Sequence[str]
    labels: tuple[str, ...]
    input: InputSpec

    def __len__(self) -> int:
        return len(self.targets)


def pixels_as(spec: InputSpec, part: Part, chosen: Any = slice(None)) -> Pictures:
    """Pictures of a part as a model of `spec` takes them. Raises DatasetError where they were prepared for
    another: its answers would not be those that it gives when it serves.
    """
    ours, theirs = (
        replace(
            each, color="RGB" if each.channels == 3 else "L", name=None, layout="", scale=0, mean=(), std=()
        )
        for each in (part.input, spec)
    )
    if ours != theirs:
        raise DatasetError(
            f"the pictures are prepared as {_short(part.input)}, the model takes {_short(spec)}; prepare "
            "them so"
        )
    pictures: Pictures = part.pictures[chosen]
    return pictures if part.input.color == spec.color else pictures[:, :, :, ::-1]


def _short(spec: InputSpec) -> str:
    short = f" to {spec.resize_short}" if spec.resize_short else ""
    return f"{spec.width} x {spec.height} {spec.color}, {spec.resize}{short}, {spec.filter}"


def write_part(
    folder: Path, part: Part, chosen: Targets | None = None, names: Sequence[str] | None = None
) -> None:
    """Write a part for `read_part`: all of it, or the pictures at the places `chosen`, called `names`."""
    folder.mkdir(parents=True, exist_ok=True)
    places = np.arange(len(part)) if chosen is None else chosen
    if not len(places):
        np.save(folder / "pictures.npy", part.pictures[:0])
        return _write_about(folder, part, places, names)
    out = np.lib.format.open_memmap(
        folder / "pictures.npy", "w+", np.uint8, (len(places), *part.pictures.shape[1:])
    )
    for start in range(0, len(places), _BATCH):
        # In batches: what was chosen of a large dataset need not lie in memory whole.
        out[start : start + _BATCH] = part.pictures[places[start : start + _BATCH]]
    out.flush()
    return _write_about(folder, part, places, names)


def _write_about(folder: Path, part: Part, places: Targets, names: Sequence[str] | None) -> None:
    np.save(folder / "targets.npy", part.targets[places])
    called = list(part.names if names is None else names)
    (folder / "names.json").write_text(json.dumps(called, ensure_ascii=False), "utf-8")
    spec = {key: value for key, value in asdict(part.input).items() if value is not None}
    document = {"labels": list(part.labels), "input": spec, "count": len(places)}
    (folder / DATASET_FILE).write_text(json.dumps(document, indent=2, ensure_ascii=False), "utf-8")


def read_part(folder: Path) -> Part:
    """A prepared part. Raises EmptyDatasetError when there is none, ManifestError when it is damaged."""
    if not (folder / DATASET_FILE).is_file():
        raise EmptyDatasetError(f"{folder} holds no prepared data ({DATASET_FILE}); run model.prepare first")
    try:
        document: dict[str, Any] = json.loads((folder / DATASET_FILE).read_text("utf-8"))
        pictures = np.load(folder / "pictures.npy", mmap_mode="r", allow_pickle=False)
        targets = np.load(folder / "targets.npy", allow_pickle=False)
        names = json.loads((folder / "names.json").read_text("utf-8"))
        part = Part(pictures, targets, names, tuple(document["labels"]), parse_input(document["input"]))
    except (OSError, ValueError, KeyError, ModelSpecError) as error:
        raise ManifestError(f"the prepared data in {folder} is damaged ({error}); prepare it again") from None
    expected = (len(targets), part.input.height, part.input.width, part.input.channels)
    if pictures.shape != expected or len(names) != len(targets):
        raise ManifestError(f"the prepared data in {folder} has shape {pictures.shape}, not {expected}")
    return part
