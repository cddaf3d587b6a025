"""Archives of strangers, read member by member: no header and no number of members takes the memory.

The standard library reads a member's extended header (a long name, attributes in pax form) whole, however
long it says that it is, keeps a map of each sparse file, and remembers every member that it passed. A gzip of
a few megabytes makes tens of gigabytes of each.
"""

import tarfile
from collections.abc import Iterator
from typing import Any, Self

# A path of 4,096 bytes and attributes beside it; some archivers keep access lists there.
MAX_HEADER_BYTES = 1_000_000
MAX_MEMBERS = 4_000_000
_EXTENDED = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)


class BoundedTarInfo(tarfile.TarInfo):
    """A member with a header of bounded length that is no sparse file."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        """Raises tarfile.ReadError for what exceeds the bounds."""
        member = super().frombuf(buf, encoding, errors)
        if member.type in _EXTENDED and not 0 <= member.size <= MAX_HEADER_BYTES:
            raise tarfile.ReadError(f"a header of {member.size:,} bytes; {MAX_HEADER_BYTES:,} at most")
        if member.type == tarfile.GNUTYPE_SPARSE:
            raise tarfile.ReadError("it holds a sparse file")
        return member

    def _proc_gnusparse_00(self, *_: Any) -> None:
        raise tarfile.ReadError("it holds a sparse file")

    _proc_gnusparse_01 = _proc_gnusparse_10 = _proc_gnusparse_00


def members(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """The members of an archive that was opened with `tarinfo=BoundedTarInfo`, in its order; none is kept.

    Raises tarfile.TarError.
    """
    count = 0
    while (member := archive.next()) is not None:
        count += 1
        if count > MAX_MEMBERS:
            raise tarfile.ReadError(f"more than {MAX_MEMBERS:,} members")
        yield member
        # What next() remembers, for getmembers(); here nobody asks.
        archive.members = []  # type: ignore[attr-defined] # typeshed leaves it out
