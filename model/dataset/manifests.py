"""Datasets whose labels stand in a list: SageMaker's .lst (index, label, file, tab-separated), CSV, and JSON
(model.dataset.records).
"""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

from model.dataset.parts import PART_NAMES, part_of_folder, part_of_name
from model.dataset.records import LABEL_COLUMNS, Row, coco_rows, is_coco, is_records, record_rows
from model.dataset.sources import (
    Example,
    Source,
    label_names,
    read_text,
    walk_files,
    walk_pictures,
)
from model.errors import FilesWithoutLabelsError, LabelsWithoutFilesError, ManifestError

_FILE_COLUMNS = (
    "file",
    "filename",
    "file_name",
    "image",
    "image_path",
    "path",
    "filepath",
    "file_path",
    "key",
)
_PART_COLUMNS = ("split", "part", "subset", "set")
SHOWN = 5
# A list, and the part that its folder is.
Reader = Callable[[Path, str | None], Iterator[Row]]


def find_manifests(root: Path, ignore_unlabelled: bool = False, labels: str | None = None) -> Source | None:
    """What the .lst files below a folder list, else its JSON manifests, else its CSV files; None if there is
    none.

    Raises ManifestError, LabelsWithoutFilesError, and unless they are to be ignored FilesWithoutLabelsError.
    """
    form, lists, read = _lists(list(walk_files(root)))
    if not lists:
        return None
    locator = _Locator(root)
    names = label_names(root, labels)
    examples: dict[Path, tuple[Example, str]] = {}
    missing: list[str] = []
    for manifest in lists:
        for row in read(manifest, _part_of_holder(manifest, root)):
            path = locator.find(manifest, row) or (locator.only(row) if form == "coco" else None)
            if path is None:
                missing.append(f"{row.file} ({row.where})")
                continue
            example = Example(names.of(row.label, row.where), locator.name(path), path, row.part)
            known, where = examples.setdefault(path, (example, row.where))
            if known.label != example.label or known.part != example.part:
                raise ManifestError(
                    f"{example.name}: {known.label!r} in {where}, {example.label!r} in {row.where}; keep one"
                )
    if missing:
        raise LabelsWithoutFilesError(
            f"{len(missing)} listed files are not there: {_some(missing)}. Add them or take the lines out",
            unrelated=form != "lst" and not examples,
        )
    if not ignore_unlabelled:
        left = [locator.name(path) for path in locator.paths if path not in examples]
        if left:
            raise FilesWithoutLabelsError(
                f"{len(left)} pictures are in no list: {_some(left)}. List them, move them away, or prepare "
                "with --ignore-unlabelled"
            )
    return Source(form, [example for example, _ in examples.values()], set(names.names.values()))


def _lists(files: list[Path]) -> tuple[str, list[Path], Reader]:
    """The form, the lists of that form, and what reads one."""
    forms: tuple[tuple[str, Callable[[Path], bool], Reader], ...] = (
        ("lst", lambda path: path.suffix.lower() == ".lst", _lst_rows),
        ("manifest", is_records, record_rows),
        ("coco", is_coco, coco_rows),
        ("csv", lambda path: path.suffix.lower() == ".csv", _csv_rows),
    )
    for form, belongs, read in forms:
        found = [path for path in files if belongs(path)]
        if found:
            return form, found, read
    return "", [], _csv_rows


def _part_of_holder(manifest: Path, root: Path) -> str | None:
    """The part that a list's folder is; the dataset's own name says nothing."""
    return None if manifest.parent == root else part_of_folder(manifest.parent.name)


class _Locator:
    """Finds the file that a list means: relative to the list, to the root, or to the part's folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.paths = list(walk_pictures(root))
        self._known = set(self.paths)
        self._by_name: dict[str, list[Path]] | None = None
        self._parts: dict[str, list[Path]] = {}
        for folder in sorted(
            {parent for path in self.paths for parent in path.parents if root in parent.parents}
        ):
            if part := part_of_folder(folder.name):
                self._parts.setdefault(part, []).append(folder)

    def name(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()

    def only(self, row: Row) -> Path | None:
        """The one picture of that name, wherever it is: COCO keeps lists and pictures apart."""
        tail = row.file.rpartition("/")[2]
        if self._by_name is None:
            self._by_name = {}
            for path in self.paths:
                self._by_name.setdefault(path.name, []).append(path)
        named = self._by_name.get(tail, [])
        return named[0] if len(named) == 1 else None

    def find(self, manifest: Path, row: Row) -> Path | None:
        file = row.file.strip().replace("\\", "/").removeprefix("./").lstrip("/")
        # An S3 URI's key may begin above this folder: the longest tail that exists is meant.
        tails = file.split("/")[3:] if file.startswith("s3:") else file.split("/")
        if ".." in tails:
            raise ManifestError(f"{row.where}: {row.file} leads out of the dataset")
        folders = [
            *self._parts.get(row.part or "", ()),
            manifest.parent / manifest.stem,
            manifest.parent,
            self.root,
        ]
        for start in range(len(tails)):
            for folder in folders:
                path: Path = folder.joinpath(*tails[start:])
                if path in self._known:
                    return path
        return None


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    """Non-empty lines, each with where it stands."""
    for number, line in enumerate(read_text(path).splitlines(), 1):
        if line.strip():
            yield f"{path.name} line {number}", line


def _lst_rows(path: Path, holder: str | None) -> Iterator[Row]:
    part = holder or part_of_name(path.stem)
    for number, (where, line) in enumerate(_lines(path)):
        cells = _cells(line)
        if number == 0 and len(cells) == 3 and not _is_number(cells[0]):
            continue
        if len(cells) > 3:
            raise ManifestError(
                f"{where} has {len(cells)} columns; index, label and file are expected (one label)"
            )
        if len(cells) < 3 or not cells[2]:
            raise ManifestError(f"{where} is not index, label and file separated by tabs")
        yield Row(where, cells[1], cells[2], part)


def _cells(line: str) -> list[str]:
    """By tabs, as SageMaker wants them; people's lists are separated by commas or spaces too."""
    cells = line.split("\t")
    if len(cells) == 1 and line.count(",") >= 2:
        cells = line.split(",", maxsplit=2)
    if len(cells) == 1:
        cells = line.split(maxsplit=2)
    return [cell.strip().strip('"').strip() for cell in cells]


def _csv_rows(path: Path, holder: str | None) -> Iterator[Row]:
    lines = list(_lines(path))
    try:
        dialect: type[csv.Dialect] | csv.Dialect = (
            csv.Sniffer().sniff(lines[0][1], ",;\t|") if lines else csv.excel
        )
    except csv.Error:
        dialect = csv.excel
    rows = [[cell.strip() for cell in row] for row in csv.reader((line for _, line in lines), dialect)]
    columns = [cell.lower() for cell in rows[0]] if rows else []
    file = next((columns.index(name) for name in _FILE_COLUMNS if name in columns), None)
    label = next((columns.index(name) for name in LABEL_COLUMNS if name in columns), None)
    part = next((columns.index(name) for name in _PART_COLUMNS if name in columns), None)
    if file is None or label is None:
        raise ManifestError(
            f"{path.name} needs a first line that names its columns: one of {', '.join(_FILE_COLUMNS[:4])}… "
            f"and one of {', '.join(LABEL_COLUMNS[:3])}…",
            unrelated=True,
        )
    for (where, _), cells in list(zip(lines, rows, strict=True))[1:]:
        if len(cells) <= max(file, label, part or 0):
            raise ManifestError(f"{where} has {len(cells)} columns, the first line has {len(columns)}")
        said = cells[part].lower() if part is not None else ""
        if said and said not in PART_NAMES:
            raise ManifestError(f"{where}: {said!r} is no part; use train, validation or test")
        named = holder or part_of_name(path.stem)
        yield Row(where, cells[label], cells[file], PART_NAMES[said] if said else named)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _some(names: list[str]) -> str:
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
