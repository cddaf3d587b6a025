"""JSON values on disk: what a map run reads and writes does not grow in memory with the number of items."""

import json
import tempfile
import threading
from collections.abc import Iterable, Iterator
from typing import Any

from local.states import shapes


class Spool:
    """Values in the order they were added; a value is found again by its number."""

    def __init__(self, values: Iterable[Any] = ()) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 (it lives as long as this)
        self._lock = threading.Lock()
        self._offsets: list[int] = []
        self._end = 0
        for value in values:
            self.add(value)

    def __len__(self) -> int:
        return len(self._offsets)

    def add(self, value: Any) -> int:
        """Keeps a value; its number."""
        line = shapes.compact(value).encode("utf-8", "surrogatepass") + b"\n"
        with self._lock:
            self._file.seek(self._end)
            self._file.write(line)
            self._offsets.append(self._end)
            self._end += len(line)
            return len(self._offsets) - 1

    def text(self, number: int) -> bytes:
        """A value as JSON."""
        with self._lock:
            self._file.seek(self._offsets[number])
            return self._file.readline()[:-1]

    def __getitem__(self, number: int) -> Any:
        return json.loads(self.text(number))

    def __iter__(self) -> Iterator[Any]:
        return (self[number] for number in range(len(self)))

    def close(self) -> None:
        self._file.close()
