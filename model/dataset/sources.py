"""What a dataset is made of, whatever form it came in."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from model.dataset.parts import PARTS
from model.errors import ManifestError

# Files that lie about in datasets and are no pictures.
_IGNORED_SUFFIXES = {
    *(".csv", ".db", ".htm", ".html", ".idx", ".ini", ".json", ".jsonl", ".lst", ".log", ".manifest", ".md"),
    *(".ndjson", ".parquet", ".pdf", ".py", ".rec", ".sh", ".tsv", ".txt", ".xml", ".yaml", ".yml"),
}
_LABEL_FILES = ("labels.txt", "classes.txt", "label_names.txt")
_NUMBER_AND_NAME = re.compile(r"(\d+)\s*[=:,;\t]\s*(\S.*)")
# macOS keeps a folder's picture in a file of this name.
_IGNORED_NAMES = {"icon\r"}


@dataclass(frozen=True)
class Example:
    """One labelled picture: a file, a file's bytes, or one of an array's pictures.

    `allowed` are the parts that it may go to where the data does not say which.
    """

    label: str
    name: str
    source: Path | bytes | npt.NDArray[np.uint8]
    part: str | None = None
    allowed: tuple[str, ...] = PARTS

    @property
    def reviewed(self) -> bool:
        """Whether it is not of the data, but was labelled in a review (model.dataset.answers)."""
        return self.allowed != PARTS


@dataclass
class Source:
    """A dataset as found: its form, its examples, the classes it announces, empty or not, and what to say."""

    form: str
    examples: list[Example]
    announced: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)


def walk_files(root: Path) -> Iterator[Path]:
    """Every file below a folder that may belong to the data, in a fixed order; hidden ones are left out."""
    for folder, folders, files in os.walk(root, followlinks=True):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__MACOSX")))
        for name in sorted(files):
            if not name.startswith(".") and name.lower() not in _IGNORED_NAMES:
                yield Path(folder) / name


def walk_pictures(root: Path) -> Iterator[Path]:
    """Every file below a folder that is meant as a picture."""
    return (path for path in walk_files(root) if path.suffix.lower() not in _IGNORED_SUFFIXES)


def read_text(path: Path) -> str:
    """A list's text: UTF-8, or UTF-16 where a byte order mark says so (Excel). Raises ManifestError."""
    data = path.read_bytes()
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(encoding)
    except ValueError:
        raise ManifestError(f"{path.name} is not UTF-8 text; save it as UTF-8") from None


@dataclass(frozen=True)
class LabelNames:
    """What numbered labels are called. `where` says who gave them; without any names numbers stay numbers."""

    names: Mapping[int, str]
    where: str

    def of(self, text: str, place: str) -> str:
        """A label as people call it: a number's name, 1.000000 being 1. Raises ManifestError."""
        label = text.strip()
        if not label:
            raise ManifestError(f"{place}: the label is empty; fill it in or take the line out")
        if not re.fullmatch(r"[+-]?\d+(\.0*)?", label):
            return label
        number = int(float(label))
        if not self.names:
            return str(number)
        if number not in self.names:
            known = ", ".join(map(str, sorted(self.names)[:10]))
            raise ManifestError(f"{place}: label {number} has no name; {self.where} names {known}")
        return self.names[number]


def label_names(root: Path, given: str | None = None) -> LabelNames:
    """The names of numbered labels: `given` (`cat,dog` or `0=cat,1=dog`), else a labels.txt in the folder.

    A line of labels.txt is a name, counted from 0, or `8=bicycle`. Raises ManifestError.
    """
    if given:
        return _named(given.split(","), "--labels")
    for name in _LABEL_FILES:
        path = root / name
        if path.is_file():
            return _named(read_text(path).splitlines(), name)
    return LabelNames({}, "nobody")


def _named(lines: Iterable[str], where: str) -> LabelNames:
    found = [line.strip() for line in lines if line.strip()]
    pairs = [match.groups() for line in found if (match := _NUMBER_AND_NAME.fullmatch(line))]
    if len(pairs) == len(found):
        names = {int(number): name.strip() for number, name in pairs}
    else:
        names = dict(enumerate(found))
    if len(set(names.values())) < len(found):
        raise ManifestError(f"{where}: two labels have one number or one name; each needs its own")
    return LabelNames(names, where)


def in_order(labels: set[str]) -> list[str]:
    """Labels in the order of the scores: by number if all are numbers, else by name."""
    if all(label.isascii() and label.isdigit() for label in labels):
        return sorted(labels, key=lambda label: (int(label), label))
    return sorted(labels)
