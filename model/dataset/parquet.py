"""Pictures in Parquet files, as Hugging Face's datasets are kept: a column of pictures' bytes, one of labels.

Source: https://huggingface.co/docs/datasets/image_dataset and .../about_dataset_features (the schema's
metadata, key `huggingface`, names what numbered labels stand for).
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from model.dataset.parts import part_of_name
from model.dataset.records import LABEL_COLUMNS
from model.dataset.sources import Example, LabelNames, Source, label_names, walk_files
from model.errors import ManifestError

SUFFIX = ".parquet"
IMAGE_COLUMNS = ("image", "img", "picture", "photo", "pixels")
# Hugging Face's names for a finer and a coarser label beside each other: the finer is what people mean.
MORE_LABELS = ("fine_label", "coarse_label")
# The pictures are kept in memory.
MAX_BYTES = 4_000_000_000
BATCH_ROWS = 256


def find_parquet(root: Path, labels_given: str | None = None) -> Source | None:
    """The pictures of all Parquet files below a folder; None where there are none. Raises ManifestError."""
    files = [path for path in walk_files(root) if path.suffix.lower() == SUFFIX]
    if not files:
        return None
    given = label_names(root, labels_given)
    examples: list[Example] = []
    announced: set[str] = set(given.names.values())
    spent = 0
    for path in files:
        table = _Table(path, given)
        announced |= set(table.names.names.values())
        for example, size in table.examples():
            spent += size
            if spent > MAX_BYTES:
                raise ManifestError(
                    f"the Parquet files hold more than {MAX_BYTES // 10**9} GB of pictures, which do not fit "
                    "into memory; write the pictures as files"
                )
            examples.append(example)
    return Source("parquet", examples, announced)


class _Table:
    """One file. Raises ManifestError where it is no table of pictures and labels."""

    def __init__(self, path: Path, given: LabelNames) -> None:
        import pyarrow  # of the training environment; the model server reads no datasets
        import pyarrow.parquet

        self._path, self._part = path, part_of_name(path.stem)
        self._errors = (pyarrow.ArrowException, OSError)
        try:
            self._file = pyarrow.parquet.ParquetFile(path)
        except self._errors as error:
            raise ManifestError(f"{path.name} is no Parquet file, or damaged: {error}") from None
        schema = self._file.schema_arrow
        self._features = _features(schema.metadata or {})
        self._image = self._column(schema.names, IMAGE_COLUMNS, "Image", "pictures")
        self._label = self._column(schema.names, (*LABEL_COLUMNS, *MORE_LABELS), "ClassLabel", "labels")
        own = self._features.get(self._label, {}).get("names")
        named = LabelNames(dict(enumerate(own)), path.name) if isinstance(own, list) and own else given
        self.names = given if given.names else named

    def _column(self, names: list[str], known: tuple[str, ...], kind: str, what: str) -> str:
        """The column that the metadata say is of that kind, else one that is called so."""
        said = [name for name in names if self._features.get(name, {}).get("_type") == kind]
        called = [name for name in known if name in names]
        found = [name for name in called if name in said] or said or called
        if not found:
            raise ManifestError(
                f"{self._path.name} has no column of {what} (one of {', '.join(known[:4])}); it has "
                f"{', '.join(names[:10])}",
                unrelated=True,
            )
        return found[0]

    def examples(self) -> Iterator[tuple[Example, int]]:
        """Each row's picture, and its size in bytes."""
        number = 0
        try:
            for batch in self._file.iter_batches(BATCH_ROWS, columns=[self._image, self._label]):
                for row in batch.to_pylist():
                    number += 1
                    content = self._content(row[self._image], number)
                    where = f"{self._path.name} row {number}"
                    label = self.names.of(self._text(row[self._label], where), where)
                    name = f"{self._path.stem}/{number:07}"
                    yield Example(label, name, content, self._part), len(content)
        except self._errors as error:
            raise ManifestError(f"{self._path.name} is damaged after row {number}: {error}") from None

    def _content(self, value: Any, number: int) -> bytes:
        content = value.get("bytes") if isinstance(value, dict) else value
        if isinstance(content, bytes) and content:
            return content
        there = value.get("path") if isinstance(value, dict) else None
        more = f"only names {there}" if there else "holds none"
        raise ManifestError(
            f"{self._path.name} row {number}: {self._image} has to hold the picture's bytes and {more}"
        )

    @staticmethod
    def _text(value: Any, where: str) -> str:
        if isinstance(value, list):
            if len(value) != 1:
                raise ManifestError(f"{where} has {len(value)} labels; a classifier takes one")
            value = value[0]
        # Hugging Face's mark of a test set whose labels are not public.
        if value is None or value == -1:
            raise ManifestError(f"{where} has no label; take the row, or the file, out")
        return str(value)


def _features(metadata: dict[bytes, bytes]) -> dict[str, dict[str, Any]]:
    """Hugging Face's description of the columns; empty where there is none."""
    try:
        found = json.loads(metadata.get(b"huggingface", b"{}"))["info"]["features"]
    except (ValueError, KeyError, TypeError):
        return {}
    return {name: each for name, each in found.items() if isinstance(each, dict)}
