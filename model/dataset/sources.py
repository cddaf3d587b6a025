"""What a dataset is made of, whatever form it came in."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from model.errors import ManifestError

TRAIN, VALIDATION, TEST = "train", "validation", "test"
PARTS = (TRAIN, VALIDATION, TEST)
PART_NAMES = {
    "train": TRAIN,
    "training": TRAIN,
    "val": VALIDATION,
    "valid": VALIDATION,
    "validation": VALIDATION,
    "test": TEST,
    "testing": TEST,
    "t10k": TEST,
}
# Files that lie about in datasets and are no pictures.
_IGNORED_SUFFIXES = {
    *(".csv", ".db", ".htm", ".html", ".idx", ".ini", ".json", ".lst", ".log", ".md", ".pdf", ".py", ".rec"),
    *(".sh", ".tsv", ".txt", ".xml", ".yaml", ".yml"),
}
_LABEL_FILES = ("labels.txt", "classes.txt", "label_names.txt")


@dataclass(frozen=True)
class Example:
    """One labelled picture: a file, or one of an array's pictures."""

    label: str
    name: str
    source: Path | npt.NDArray[np.uint8]
    part: str | None = None


@dataclass
class Source:
    """A dataset as found: its form, its examples, and the classes it announces, empty or not."""

    form: str
    examples: list[Example]
    announced: set[str] = field(default_factory=set)


def walk_files(root: Path) -> Iterator[Path]:
    """Every file below a folder that may belong to the data, in a fixed order; hidden ones are left out."""
    for folder, folders, files in os.walk(root, followlinks=True):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__MACOSX")))
        for name in sorted(files):
            if not name.startswith("."):
                yield Path(folder) / name


def walk_pictures(root: Path) -> Iterator[Path]:
    """Every file below a folder that is meant as a picture."""
    return (path for path in walk_files(root) if path.suffix.lower() not in _IGNORED_SUFFIXES)


def part_of_name(name: str) -> str | None:
    """The part that a file's or folder's name speaks of: its first word is train, val, test or the like."""
    word = re.split(r"[^a-z0-9]", name.lower())[0]
    return PART_NAMES.get(word)


def label_names(root: Path) -> list[str] | None:
    """The class names that a labels.txt in the folder lists, one a line, for labels that are numbers."""
    for name in _LABEL_FILES:
        path = root / name
        if path.is_file():
            try:
                names = [line.strip() for line in path.read_text("utf-8-sig").splitlines() if line.strip()]
            except ValueError:
                raise ManifestError(f"{name} is not UTF-8 text; save it as UTF-8") from None
            return names or None
    return None


def named_label(text: str, names: list[str] | None, where: str) -> str:
    """A label as people call it: numbers are looked up in `names`, 1.000000 is 1. Raises ManifestError."""
    label = text.strip()
    if not label:
        raise ManifestError(f"{where}: the label is empty; fill it in or take the line out")
    if not re.fullmatch(r"[+-]?\d+(\.0*)?", label):
        return label
    number = int(float(label))
    if names is None:
        return str(number)
    if not 0 <= number < len(names):
        raise ManifestError(f"{where}: label {number} has no name: labels.txt lists {len(names)}")
    return names[number]


def in_order(labels: set[str]) -> list[str]:
    """Labels in the order of the scores: by number if all are numbers, else by name."""
    if all(label.isascii() and label.isdigit() for label in labels):
        return sorted(labels, key=lambda label: (int(label), label))
    return sorted(labels)
