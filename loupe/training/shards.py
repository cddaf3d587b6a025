"""Many small files as few archives: a request each is mostly waiting, one for many is as quick as the disk.

A dataset of more than FEW files sends those up to SMALL bytes in archives of about SHARD_BYTES; the
preparation unpacks them (model.dataset.archives). The same files make the same archives, byte for byte.
"""

import io
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass

from loupe.errors import InputError
from loupe.training.datasets import LocalFile
from model.dataset.archives import SHARD

FEW = 500
SMALL = 2_000_000
SHARD_BYTES = 32_000_000


@dataclass(frozen=True)
class Shard:
    """An archive's name and what goes into it."""

    name: str
    files: tuple[LocalFile, ...]

    @property
    def size(self) -> int:
        """Of the files, not of the archive."""
        return sum(file.size for file in self.files)

    def pack(self) -> bytes:
        """The archive: no times, no owners. InputError for a file that cannot be read."""
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
            for file in self.files:
                try:
                    content = file.path.read_bytes()
                except OSError as error:
                    raise InputError(f"{file.path}: cannot be read ({error.strerror}).") from error
                entry = tarfile.TarInfo(file.name)
                entry.size, entry.mode = len(content), 0o644
                archive.addfile(entry, io.BytesIO(content))
        return buffer.getvalue()


def planned(files: Sequence[LocalFile]) -> tuple[list[Shard], list[LocalFile]]:
    """The archives to send, and the files that go by themselves."""
    small = [file for file in files if file.size <= SMALL]
    if len(small) <= FEW:
        return [], list(files)
    shards: list[Shard] = []
    together: list[LocalFile] = []
    size = 0
    for file in small:
        together.append(file)
        size += file.size + tarfile.BLOCKSIZE
        if size >= SHARD_BYTES:
            shards.append(_shard(len(shards), together))
            together, size = [], 0
    if together:
        shards.append(_shard(len(shards), together))
    return shards, [file for file in files if file.size > SMALL]


def _shard(number: int, files: Sequence[LocalFile]) -> Shard:
    return Shard(f"{number:05}{SHARD}", tuple(files))
