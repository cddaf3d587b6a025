"""A function's layers, merged into one folder as Lambda mounts them at /opt: a later layer wins.

Stock MiniStack unpacks them anew for every worker, each into a folder of its own.
"""

import hashlib
import io
import os
import shutil
import stat
import threading
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path

UNUSED_SECONDS = 7 * 24 * 3600


class LayerStore:
    """Merged layers, by the content of their archives; they are kept over restarts, for a week after their
    last use.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()
        root.mkdir(parents=True, exist_ok=True)
        for path in root.iterdir():
            if time.time() - path.stat().st_mtime > UNUSED_SECONDS:
                shutil.rmtree(path, ignore_errors=True)

    def folder(self, archives: Sequence[bytes]) -> Path:
        """The folder with these layers' files, made when it is first asked for."""
        digest = hashlib.sha256(
            b"".join(hashlib.sha256(archive).digest() for archive in archives)
        ).hexdigest()[:24]
        path = self._root / digest
        with self._lock:
            if not path.exists():
                self._make(path, archives)
            os.utime(path)
        return path

    def _make(self, path: Path, archives: Sequence[bytes]) -> None:
        making = path.with_name(f"{path.name}.{os.getpid()}")
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(parents=True)
        for archive in archives:
            unpack(archive, making)
        making.rename(path)


def unpack(archive: bytes, folder: Path) -> None:
    """Unpack a zip archive with its permission bits; entries that would leave the folder stay inside it."""
    with zipfile.ZipFile(io.BytesIO(archive)) as source:
        for entry in source.infolist():
            target = Path(source.extract(entry, folder))
            mode = stat.S_IMODE(entry.external_attr >> 16)
            if mode and not entry.is_dir():
                target.chmod(mode | stat.S_IRUSR | stat.S_IWUSR)
