"""What an archive's headers say takes no memory: each bound, by an archive that is small in its gzip."""

import gzip
import io
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest

from model import tar_files
from model.dataset.archives import unpack
from model.errors import ArchiveError

GIGABYTE = 1 << 30


def header(kind: bytes, size: int, name: str = "long") -> bytes:
    """One block of a tar file that says that so much follows."""
    member = tarfile.TarInfo(name)
    member.type, member.size = kind, size
    return member.tobuf(tarfile.GNU_FORMAT)


def gnu_sparse() -> bytes:
    return header(tarfile.GNUTYPE_SPARSE, 0, "sparse")


def pax_sparse() -> bytes:
    """GNU's sparse files in pax form 1.0, whose map of blocks says itself how long it is."""
    member = tarfile.TarInfo("sparse")
    member.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "1"}
    return member.tobuf(tarfile.PAX_FORMAT)


KINDS = {
    "a long name": header(tarfile.GNUTYPE_LONGNAME, GIGABYTE),
    "a long link": header(tarfile.GNUTYPE_LONGLINK, GIGABYTE),
    "attributes": header(tarfile.XHDTYPE, GIGABYTE),
    "attributes of all": header(tarfile.XGLTYPE, GIGABYTE),
    "a negative length": header(tarfile.XHDTYPE, -1),
    "a sparse file": gnu_sparse(),
    "a sparse file in pax form": pax_sparse(),
}


@pytest.fixture
def packed(tmp_path: Path) -> Callable[[bytes], Path]:
    def pack(content: bytes) -> Path:
        path = tmp_path / "data.tar.gz"
        path.write_bytes(gzip.compress(content + bytes(2 * tarfile.BLOCKSIZE)))
        return path

    return pack


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_header_announces_is_not_read(packed: Callable[[bytes], Path], kind: str) -> None:
    first = header(tarfile.REGTYPE, 0, "first.png")

    for archive in (KINDS[kind], first + KINDS[kind]):
        path = packed(archive)
        with pytest.raises(ArchiveError, match="cannot be unpacked"):
            unpack(path, path.parent / "in")


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_names_and_attributes_of_archivers_are_read(
    packed: Callable[[bytes], Path], form: Literal[1, 2]
) -> None:
    name = "/".join(["folder" * 10] * 10) + "/größe.png"
    member = tarfile.TarInfo(name)
    member.pax_headers = {"SCHILY.xattr.user.note": "x" * 10_000} if form == tarfile.PAX_FORMAT else {}
    path = packed(member.tobuf(form))

    assert unpack(path, path.parent / "in") == 1
    assert (path.parent / "in" / name).is_file()


def test_members_that_are_no_files_are_counted_and_none_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tar_files, "MAX_MEMBERS", 5)
    folders = b"".join(header(tarfile.DIRTYPE, 0, str(number)) for number in range(6))
    content = io.BytesIO(folders + bytes(2 * tarfile.BLOCKSIZE))

    with tarfile.open(fileobj=content, tarinfo=tar_files.BoundedTarInfo) as archive:
        passed = tar_files.members(archive)
        assert [next(passed).name for _ in range(5)] == ["0", "1", "2", "3", "4"]
        assert len(vars(archive)["members"]) <= 1
        with pytest.raises(tarfile.ReadError, match="more than 5 members"):
            next(passed)
