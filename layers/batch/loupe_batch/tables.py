"""A run's rows as files: CSV for everyone, Parquet for who has many. Written row by row."""

import csv
import io
from collections.abc import Sequence
from typing import IO, Any

import pyarrow
import pyarrow.parquet

from loupe_batch.rows import Row
from loupe_core.inference import TOP

ROWS_A_GROUP = 20_000
TEXTS = ("bucket", "key", "versionId", "etag", "status", "label")
COLUMNS = (
    *(*TEXTS, "confidence"),
    *(name for place in range(2, TOP + 1) for name in (f"label{place}", f"confidence{place}")),
    *("error", "cause", "model", "durationMs", "bytes", "recorded", "formerLabel"),
    *("faces", "facesError", "annotated"),
)
NUMBERS = dict.fromkeys(("durationMs", "bytes", "faces"), pyarrow.int64())
SCHEMA = pyarrow.schema(
    [
        (name, pyarrow.float64() if name.startswith("confidence") else NUMBERS.get(name, pyarrow.string()))
        for name in COLUMNS
    ]
)


def columns_of(row: Row) -> dict[str, Any]:
    """A row by the names of COLUMNS; None for what it lacks."""
    values: dict[str, Any] = {
        "bucket": row.item.bucket,
        "key": row.item.key,
        "versionId": row.item.version_id,
        "etag": row.item.etag,
        "status": row.status,
        "label": row.label,
        "confidence": row.confidence,
        "error": row.error,
        "cause": row.cause,
        "model": row.model,
        "durationMs": row.duration_ms,
        "bytes": row.item.size,
        "recorded": row.recorded,
        "formerLabel": str((row.item.former or {}).get("label", "")),
        "faces": row.faces,
        "facesError": row.faces_error,
        "annotated": row.annotated,
    }
    for place, prediction in enumerate(row.predictions[1:TOP], 2):
        values |= {f"label{place}": prediction.label, f"confidence{place}": prediction.score}
    return {name: None if values.get(name) in ("", None) else values[name] for name in COLUMNS}


class CsvFile:
    """A CSV in UTF-8 with a header."""

    def __init__(self, file: IO[bytes]) -> None:
        # What cannot be UTF-8 (a list's broken key) is written escaped instead of ending the report.
        self._text = io.TextIOWrapper(file, encoding="utf-8", errors="backslashreplace", newline="")
        self._writer = csv.writer(self._text)
        self._writer.writerow(COLUMNS)

    def add(self, row: Row) -> None:
        self._writer.writerow(columns_of(row).values())

    def close(self) -> None:
        """Leaves the file itself open."""
        self._text.flush()
        self._text.detach()


class ParquetFile:
    """A Parquet file in groups of some thousand rows."""

    def __init__(self, file: IO[bytes]) -> None:
        self._writer = pyarrow.parquet.ParquetWriter(file, SCHEMA, compression="zstd")
        self._rows: list[dict[str, Any]] = []

    def add(self, row: Row) -> None:
        self._rows.append({name: _storable(value) for name, value in columns_of(row).items()})
        if len(self._rows) >= ROWS_A_GROUP:
            self._flush(self._rows)

    def _flush(self, rows: Sequence[dict[str, Any]]) -> None:
        self._writer.write_table(pyarrow.Table.from_pylist(list(rows), schema=SCHEMA))
        self._rows.clear()

    def close(self) -> None:
        """Leaves the file itself open."""
        if self._rows:
            self._flush(self._rows)
        self._writer.close()


def _storable(value: Any) -> Any:
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value
