"""What ended executions hold besides their few words: histories, inputs and outputs, packed on disk.

AWS keeps histories for 90 days. In memory the 20 events of a small execution are 30 KB, which a laptop feels
after some thousand of them; on disk they are two.
"""

import json
import sqlite3
import threading
import zlib
from typing import Any

ARCHIVED = ("events", "input", "output", "_entered")


class Archive:
    """Values by execution and name, in a file that goes with the process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._database = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute("CREATE TABLE kept (arn TEXT, name TEXT, value BLOB, PRIMARY KEY (arn, name))")

    def put(self, arn: str, values: dict[str, Any]) -> None:
        """Keeps them instead of whatever is kept of the execution."""
        packed = {
            name: zlib.compress(json.dumps(value, default=str).encode()) for name, value in values.items()
        }
        rows = [(arn, name, value) for name, value in packed.items()]
        self.drop(arn)
        with self._lock:
            self._database.executemany("REPLACE INTO kept VALUES (?, ?, ?)", rows)

    def get(self, arn: str, name: str) -> Any:
        """The value; KeyError if there is none."""
        query = "SELECT value FROM kept WHERE arn = ? AND name = ?"
        with self._lock:
            row = self._database.execute(query, (arn, name)).fetchone()
        if row is None:
            raise KeyError(name)
        return json.loads(zlib.decompress(row[0]))

    def drop(self, arn: str) -> None:
        with self._lock:
            self._database.execute("DELETE FROM kept WHERE arn = ?", (arn,))


ARCHIVE = Archive()


class Record(dict[str, Any]):
    """An execution's record: a dict whose largest members are read from disk once it is archived."""

    archived = False  # not by its ARN alone: a machine deleted and made again may run the same name again

    def archive(self) -> None:
        """Moves them to disk."""
        ARCHIVE.put(self["executionArn"], {name: self[name] for name in ARCHIVED if name in self})
        self.archived = True
        for name in ARCHIVED:
            self.pop(name, None)

    def restore(self) -> None:
        """Brings them back into memory."""
        for name in ARCHIVED:
            if (value := self.get(name)) is not None:
                self[name] = value

    def __missing__(self, name: str) -> Any:
        if name not in ARCHIVED or not self.archived:
            raise KeyError(name)
        return ARCHIVE.get(self["executionArn"], name)

    def get(self, name: str, default: Any = None) -> Any:
        try:
            return self[name]
        except KeyError:
            return default

    def __deepcopy__(self, memo: dict[int, Any]) -> "Record":
        """A copy as it is saved: what is on disk stays there."""
        copied = Record(json.loads(json.dumps(dict(self))))
        copied.archived = self.archived
        return copied
