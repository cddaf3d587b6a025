"""What a stack is made of, as one fingerprint: the same fingerprint needs no second build and no second
deployment.
"""

import hashlib
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

IGNORED = ("__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache")


def fingerprint(root: Path, *more: str, sources: Sequence[str]) -> str:
    """SHA-256 over names and contents of all sources, the Python version and whatever else is given."""
    digest = hashlib.sha256()
    for text in (*more, f"{sys.version_info.major}.{sys.version_info.minor}"):
        digest.update(text.encode() + b"\0")
    for path in sorted(files_of(root, sources)):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def files_of(root: Path, sources: Sequence[str]) -> Iterator[Path]:
    """Every file that these files and folders are built from."""
    for name in sources:
        path = root / name
        candidates = path.rglob("*") if path.is_dir() else [path]
        for each in candidates:
            if each.is_file() and each.suffix not in (".pyc", ".md") and not set(IGNORED) & set(each.parts):
                yield each


class Stamp:
    """A small file that remembers a fingerprint; it is written when the work that it stands for is done."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def matches(self, value: str) -> bool:
        try:
            return bool(json.loads(self._path.read_text())["fingerprint"] == value)
        except (OSError, ValueError, KeyError, TypeError):
            return False

    def write(self, value: str) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(json.dumps({"fingerprint": value}))

    def remove(self) -> None:
        self._path.unlink(missing_ok=True)
