"""MNIST's IDX files (yann.lecun.com/exdb/mnist): type and rank, sizes, then bytes; all big-endian."""

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

from model.dataset.parts import part_of_name
from model.dataset.sources import Example, LabelNames, Source, label_names, walk_files
from model.errors import FilesWithoutLabelsError, LabelsWithoutFilesError, ManifestError

_UNSIGNED_BYTE = 8
_LABELS, _GREY, _COLOR = 1, 3, 4
MAX_BYTES = 8_000_000_000

Array = npt.NDArray[np.uint8]


def find_idx(root: Path, labels_given: str | None = None) -> Source | None:
    """The IDX files below a folder, by their content, not their names; None if there are none.

    Raises ManifestError, LabelsWithoutFilesError, FilesWithoutLabelsError.
    """
    ranks = {path: rank for path in walk_files(root) if (rank := _rank(path)) is not None}
    pictures = [path for path, rank in ranks.items() if rank in (_GREY, _COLOR)]
    labels = [path for path, rank in ranks.items() if rank == _LABELS]
    if not pictures:
        return None
    names = label_names(root, labels_given)
    examples: list[Example] = []
    for path in pictures:
        partner = _partner(path, labels, only=len(pictures) == 1)
        if partner is None:
            raise FilesWithoutLabelsError(
                f"{path.name} has no file of labels beside it; add {_labels_name(path)}"
            )
        labels.remove(partner)
        examples += _examples(path, partner, names)
    if labels:
        raise LabelsWithoutFilesError(f"{labels[0].name} has no file of pictures beside it; add it")
    return Source("idx", examples, set(names.names.values()))


def read_idx(path: Path) -> Array:
    """The array in an IDX file of unsigned bytes, gzipped or not. Raises ManifestError."""
    try:
        with gzip.open(path) if _is_gzip(path) else path.open("rb") as file:
            head = file.read(4)
            rank = head[3]
            sizes = struct.unpack(f">{rank}I", file.read(4 * rank))
            count = math.prod(sizes)
            if count > MAX_BYTES:
                raise ManifestError(f"{path.name} says that it holds {count} bytes; is it damaged?")
            data = file.read(count + 1)
    except (EOFError, OSError, zlib.error, struct.error, IndexError) as error:
        raise ManifestError(f"{path.name} is damaged ({error}); fetch it again") from None
    if len(data) != count:
        what = "ends too early" if len(data) < count else "has bytes left over"
        raise ManifestError(f"{path.name} {what}: {sizes} bytes were announced; fetch it again")
    return np.frombuffer(data, np.uint8).reshape(sizes)


def _examples(pictures: Path, labels: Path, names: LabelNames) -> list[Example]:
    values, targets = read_idx(pictures), read_idx(labels)
    if len(values) != len(targets):
        raise ManifestError(
            f"{pictures.name} holds {len(values)} pictures, {labels.name} {len(targets)} labels: not a pair"
        )
    part = part_of_name(pictures.name)
    found = {int(value): names.of(str(value), labels.name) for value in np.unique(targets)}
    return [
        Example(found[int(target)], f"{pictures.name}#{index}", value, part)
        for index, (value, target) in enumerate(zip(values, targets, strict=True))
    ]


def _is_gzip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def _rank(path: Path) -> int | None:
    """The rank if the file begins as an IDX file of bytes does."""
    try:
        with gzip.open(path) if _is_gzip(path) else path.open("rb") as file:
            head = file.read(4)
    except (EOFError, OSError, zlib.error):
        return None
    if (
        len(head) == 4
        and head[:2] == b"\0\0"
        and head[2] == _UNSIGNED_BYTE
        and head[3] in (_LABELS, _GREY, _COLOR)
    ):
        return head[3]
    return None


def _labels_name(path: Path) -> str:
    return path.name.replace("images", "labels").replace("idx3", "idx1").replace("idx4", "idx1")


def _bare(name: str) -> str:
    return name.lower().removesuffix(".gz").replace(".", "-").replace("_", "-")


def _partner(pictures: Path, labels: list[Path], only: bool) -> Path | None:
    """The labels of a file of pictures: the same name but for images/labels, in the same folder first."""
    wanted = _bare(_labels_name(pictures))
    same = [path for path in labels if _bare(path.name) == wanted]
    same.sort(key=lambda path: path.parent != pictures.parent)
    if same:
        return same[0]
    return labels[0] if only and len(labels) == 1 else None
