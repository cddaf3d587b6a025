"""Large contents of states (layers' archives) as files of their own, written once.

Stock MiniStack writes them into the state's JSON, over a hundred megabytes of it, each time.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ministack.core import persistence

# What is shorter stays in the state.
_LARGE = 64 * 1024
_REFERENCE = "__blob__"
_MAX_REMEMBERED = 256


class Blobs:
    """A folder of contents by their SHA-256."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # A content's digest by its identity. The content is kept beside it: no other gets the same one.
        self._known: dict[int, tuple[bytes, str]] = {}
        self._read: set[str] = set()

    def install(self) -> None:
        """Keep what MiniStack's states hold of large bytes here."""
        self._folder.mkdir(exist_ok=True)
        persistence._json_default = self._writing(persistence._json_default)
        persistence._json_object_hook = self._reading(persistence._json_object_hook)

    def forget_unread(self) -> None:
        """Delete what no state referred to as all were read."""
        for path in self._folder.iterdir():
            if path.name not in self._read:
                path.unlink()

    def _writing(self, default: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def write(value: Any) -> Any:
            if isinstance(value, bytes) and len(value) > _LARGE:
                return {_REFERENCE: self._keep(value)}
            return default(value)

        return write

    def _keep(self, content: bytes) -> str:
        if known := self._known.get(id(content)):
            return known[1]
        digest = hashlib.sha256(content).hexdigest()
        path = self._folder / digest
        if not path.exists():
            new = path.with_suffix(".new")
            new.write_bytes(content)
            new.replace(path)
        if len(self._known) >= _MAX_REMEMBERED:
            self._known.clear()
        self._known[id(content)] = (content, digest)
        return digest

    def _reading(self, hook: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def read(value: Any) -> Any:
            digest = value.get(_REFERENCE)
            if not isinstance(digest, str):
                return hook(value)
            self._read.add(digest)
            return (self._folder / digest).read_bytes()

        return read
