"""Data in archives (.zip, .tar, .tar.gz …), unpacked within bounds: no bomb, nothing out of its folder."""

import os
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from model.errors import ArchiveError
from model.tar_files import BoundedTarInfo, members

SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
# What the command packs small files into, to send them at once: loupe.training.shards.
SHARD = ".loupe-shard.tar"
MAX_FILES = 2_000_000
# Pictures hardly get smaller in an archive: a thousandfold is a bomb.
MAX_RATIO, FREELY = 200, 100_000_000
KEPT_FREE = 1_000_000_000
_CHUNK = 1 << 20


@contextmanager
def unpacked(root: Path, near: Path | None = None) -> Iterator[Path]:
    """The folder itself; where archives lie in it, a temporary folder of what is in them and beside them.

    One archive stands for what it holds; of several, each for a folder of its name. Raises ArchiveError.
    """
    archives = sorted(path for path in root.iterdir() if is_archive(path)) if root.is_dir() else []
    if not archives:
        yield root
        return
    place = near if near is not None and near.is_dir() and os.access(near, os.W_OK) else None
    with TemporaryDirectory(prefix="loupe-data-", dir=place) as scratch:
        top = Path(scratch)
        own = [path for path in archives if not path.name.endswith(SHARD)]
        for path in archives:
            alone = path not in own or len(own) == 1
            unpack(path, top if alone else top / stem(path))
        _link(root, top, archives)
        yield top


def _link(source: Path, target: Path, without: list[Path]) -> None:
    """Let what lies in one folder be found in the other too; folders of one name are one."""
    for beside in source.iterdir():
        place = target / beside.name
        if beside in without:
            continue
        if not place.exists():
            place.symlink_to(beside.resolve())
        elif beside.is_dir() and place.is_dir():
            _link(beside, place, without)


def is_archive(path: Path) -> bool:
    """By its name, and that it is a file."""
    name = path.name.lower()
    return path.is_file() and name.endswith(SUFFIXES) and not name.startswith(".")


def stem(path: Path) -> str:
    """An archive's name without its suffixes."""
    name = path.name
    suffix = next(each for each in sorted(SUFFIXES, key=len, reverse=True) if name.lower().endswith(each))
    return name[: -len(suffix)]


def unpack(path: Path, folder: Path) -> int:
    """Unpack an archive's files; gives how many. Raises ArchiveError; what was unpacked until then stays."""
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free - KEPT_FREE
    budget = _Budget(path.name, min(free, path.stat().st_size * MAX_RATIO + FREELY))
    try:
        for name, content in _members(path):
            with content, _target(folder, name, path.name).open("wb") as out:
                while chunk := content.read(_CHUNK):
                    budget.spend(len(chunk))
                    out.write(chunk)
            budget.count()
    except (
        tarfile.TarError,
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        RuntimeError,
        NotImplementedError,
    ) as error:
        raise ArchiveError(f"{path.name} cannot be unpacked: {error}") from None
    except OSError as error:
        raise ArchiveError(f"{path.name} cannot be unpacked: {error.strerror or error}") from None
    return budget.files


class _Budget:
    """How much may still come out of an archive; what its headers announce is not believed."""

    def __init__(self, name: str, most: int) -> None:
        self._name, self._left, self.files = name, most, 0

    def spend(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise ArchiveError(
                f"{self._name} unpacks to more than fits here, or to {MAX_RATIO} times its size; unpack it "
                "yourself if that is right"
            )

    def count(self) -> None:
        self.files += 1
        if self.files > MAX_FILES:
            raise ArchiveError(f"{self._name} holds more than {MAX_FILES:,} files")


def _members(path: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Plain files only: links and devices are left out."""
    if path.name.lower().endswith(".zip"):
        with zipfile.ZipFile(path) as packed:
            for entry in packed.infolist():
                if not entry.is_dir():
                    yield entry.filename, packed.open(entry)
        return
    with tarfile.open(path, tarinfo=BoundedTarInfo) as archive:
        for member in members(archive):
            content = archive.extractfile(member) if member.isfile() else None
            if content is not None:
                yield member.name, content


def _target(folder: Path, name: str, archive: str) -> Path:
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")]
    if name.startswith(("/", "\\")) or ".." in parts or ":" in (parts[0] if parts else ":"):
        raise ArchiveError(f"{archive}: {name!r} leads out of its folder")
    path = folder.joinpath(*parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        raise ArchiveError(f"{archive}: {name!r} is a file and a folder")
    return path
