"""A journal: JSON lines appended as things happen, read again in order."""

import json
import os
import re
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

Entry = dict[str, Any]


class Journal:
    """Numbered files `NAME.1`, `NAME.2`, … in a folder, of which the last is appended to; for many threads.

    A line is given to the kernel in one call before `append` returns: it survives this process, though not
    a power cut.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, name
        self._lock = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)
        self._last = max(self._numbers(), default=0)
        self._file: int | None = None
        self.size = sum(self._path(number).stat().st_size for number in self._numbers())

    def append(self, entry: Entry) -> None:
        """Add an entry."""
        line = json.dumps(entry, separators=(",", ":"), default=str).encode() + b"\n"
        with self._lock:
            if self._file is None:
                self._last += 1
                self._file = os.open(self._path(self._last), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.write(self._file, line)
            self.size += len(line)

    def entries(self) -> Iterator[Entry]:
        """All entries, the oldest first. A line that was cut short as the process died is left out."""
        for number in self._numbers():
            with self._path(number).open("rb") as file:
                for line in file:
                    try:
                        entry = json.loads(line)
                    except ValueError:
                        continue
                    yield entry

    def rotate(self) -> list[int]:
        """Let what follows go to a new file; the numbers of the files before it."""
        with self._lock:
            if self._file is not None:
                os.close(self._file)
                self._file = None
            return self._numbers()

    def forget(self, numbers: Iterable[int]) -> None:
        """Delete files whose entries are kept elsewhere by now."""
        with self._lock:
            for number in numbers:
                path = self._path(number)
                self.size -= path.stat().st_size
                path.unlink()

    def replace(self, numbers: list[int], entries: Iterable[Entry]) -> None:
        """Write `entries` in the place of these files."""
        if not numbers:
            return
        new = self._folder / f"{self._name}.new"
        with new.open("w") as file:
            for entry in entries:
                file.write(json.dumps(entry, separators=(",", ":"), default=str) + "\n")
        with self._lock:
            self.size += new.stat().st_size - self._path(numbers[-1]).stat().st_size
            new.replace(self._path(numbers[-1]))
        self.forget(numbers[:-1])

    def _path(self, number: int) -> Path:
        return self._folder / f"{self._name}.{number}"

    def _numbers(self) -> list[int]:
        pattern = re.compile(re.escape(self._name) + r"\.(\d+)")
        found = [pattern.fullmatch(path.name) for path in self._folder.iterdir()]
        return sorted(int(match[1]) for match in found if match)
