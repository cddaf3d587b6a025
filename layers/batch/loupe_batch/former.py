"""What is known before a run begins: which places were listed already, and the rows of the run to resume.

On disk, so that memory stays flat whatever their number.
"""

import hashlib
import json
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from loupe_batch.items import Item
from loupe_batch.names import Run
from loupe_batch.rows import Row
from loupe_batch.storage import Storage

READERS = 16


@contextmanager
def _database(table: str) -> Iterator[sqlite3.Connection]:
    with tempfile.NamedTemporaryFile(suffix=".sqlite") as file:
        connection = sqlite3.connect(file.name, isolation_level=None)
        try:
            # A file that nobody needs after this call.
            connection.execute("PRAGMA journal_mode = OFF")
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute(table)
            connection.execute("BEGIN")
            yield connection
        finally:
            connection.close()


def _digest(item: Item) -> bytes:
    return hashlib.sha256(f"{item.bucket}/{item.key}".encode("utf-8", "surrogatepass")).digest()[:16]


class Listed:
    """The places that were met; a list may name one twice."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @classmethod
    @contextmanager
    def open(cls) -> Iterator["Listed"]:
        with _database("CREATE TABLE listed (place BLOB PRIMARY KEY) WITHOUT ROWID") as connection:
            yield cls(connection)

    def is_new(self, item: Item) -> bool:
        """Whether it is met for the first time."""
        statement = "INSERT OR IGNORE INTO listed VALUES (?)"
        return self._connection.execute(statement, (_digest(item),)).rowcount == 1


class FormerRows:
    """The rows of the run to resume that need not be done again, by place."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @classmethod
    @contextmanager
    def open(cls, rows: Iterable[Row], model: str, *, annotate: bool, faces: bool) -> Iterator["FormerRows"]:
        table = "CREATE TABLE former (place BLOB PRIMARY KEY, content TEXT) WITHOUT ROWID"
        with _database(table) as connection:
            for row in rows:
                if row.is_done and row.model == model and row.has(annotate=annotate, faces=faces):
                    content = json.dumps(row.as_json())
                    connection.execute("REPLACE INTO former VALUES (?, ?)", (_digest(row.item), content))
            yield cls(connection)

    def row_of(self, item: Item) -> Row | None:
        """The row of that place, whatever its version."""
        statement = "SELECT content FROM former WHERE place = ?"
        found = self._connection.execute(statement, (_digest(item),)).fetchone()
        return None if found is None else Row.parse(json.loads(found[0]))


def is_same_version(item: Item, row: Row) -> bool:
    """Whether the listed object is the one of the row, by version where both say it, else by ETag."""
    if item.version_id and row.item.version_id:
        return item.version_id == row.item.version_id
    return bool(item.etag) and item.etag == row.item.etag


def parts_of(run: Run, storage: Storage) -> Iterator[dict[str, object]]:
    """What the run's batches have left: {rows, functionMs, …}, read ahead by some threads."""
    with ThreadPoolExecutor(READERS) as pool:
        keys: list[str] = []
        for key in storage.keys(run.rows_prefix):
            keys.append(key)
            if len(keys) == READERS * 4:
                yield from (part for part in pool.map(storage.read, keys) if part)
                keys = []
        yield from (part for part in pool.map(storage.read, keys) if part)


def rows_of(run: Run, storage: Storage) -> Iterator[Row]:
    """The run's rows as far as it came."""
    for part in parts_of(run, storage):
        rows = part["rows"]
        assert isinstance(rows, list)
        yield from map(Row.parse, rows)
