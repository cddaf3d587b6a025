"""Prepared data: pictures and targets as arrays, one folder a part.

<folder>/dataset.json    labels, the model's input, counts
<folder>/pictures.npy    uint8, N x height x width x channels, as the server reads them before normalising
<folder>/targets.npy     int64, N
<folder>/names.json      N names, for people
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from model.errors import EmptyDatasetError, ManifestError, ModelSpecError
from model.spec import InputSpec, parse_input

DATASET_FILE = "dataset.json"

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


def write_part(folder: Path, part: Part) -> None:
    """Write a part for `read_part`."""
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "pictures.npy", part.pictures)
    np.save(folder / "targets.npy", part.targets)
    (folder / "names.json").write_text(json.dumps(list(part.names), ensure_ascii=False), "utf-8")
    spec = {key: value for key, value in asdict(part.input).items() if value is not None}
    document = {"labels": list(part.labels), "input": spec, "count": len(part)}
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
