"""Archives are unpacked within bounds, and nothing gets out of its folder."""

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from model.dataset import archives
from model.dataset.archives import unpack, unpacked
from model.dataset.find import find_source
from model.errors import ArchiveError
from tests.unit.model.datasets import class_folders


def packed(folder: Path, archive: Path) -> None:
    """A folder's files as an archive of that name's kind."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive, "w") as out:
            for path in files:
                out.write(path, path.relative_to(folder).as_posix())
        return
    with tarfile.open(archive, "w:gz" if archive.name.endswith("gz") else "w") as tar:
        for path in files:
            tar.add(path, path.relative_to(folder).as_posix())


@pytest.mark.parametrize("name", ["data.zip", "data.tar", "data.tar.gz", "data.tgz"])
def test_an_archive_stands_for_what_it_holds(root: Path, tmp_path: Path, name: str) -> None:
    class_folders(tmp_path / "pictures", {"a": 3, "b": 3})
    packed(tmp_path / "pictures", root / name)

    with unpacked(root) as folder:
        assert {example.label for example in find_source(folder).examples} == {"a", "b"}
    assert not folder.exists()


def test_several_archives_are_folders_of_their_names(root: Path, tmp_path: Path) -> None:
    for part in ("train", "test"):
        class_folders(tmp_path / part, {"a": 2, "b": 2})
        packed(tmp_path / part, root / f"{part}.zip")

    with unpacked(root) as folder:
        source = find_source(folder)

    assert {(each.label, each.part) for each in source.examples} == {
        ("a", "train"), ("b", "train"), ("a", "test"), ("b", "test"),
    }  # fmt: skip


def test_the_commands_shards_are_one_folder_again_with_what_lies_beside_them(
    root: Path, tmp_path: Path
) -> None:
    class_folders(tmp_path / "one", {"a": 3})
    class_folders(tmp_path / "two", {"b": 3})
    packed(tmp_path / "one", root / "00000.loupe-shard.tar")
    packed(tmp_path / "two", root / "00001.loupe-shard.tar")
    class_folders(root, {"c": 3})

    with unpacked(root) as folder:
        assert {example.label for example in find_source(folder).examples} == {"a", "b", "c"}


@pytest.mark.parametrize("name", ["../out.png", "/out.png", "a/../../out.png", "..\\out.png", "C:\\out.png"])
def test_a_name_that_leads_out_is_refused(root: Path, name: str) -> None:
    with zipfile.ZipFile(root / "data.zip", "w") as out:
        out.writestr(name, b"x")

    with pytest.raises(ArchiveError, match="leads out"):
        unpack(root / "data.zip", root / "in")
    assert not (root / "out.png").exists()


def test_links_are_left_out(root: Path) -> None:
    with tarfile.open(root / "data.tar", "w") as out:
        link = tarfile.TarInfo("a/passwd")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        out.addfile(link)
        entry = tarfile.TarInfo("a/1.png")
        entry.size = 1
        out.addfile(entry, io.BytesIO(b"x"))

    assert unpack(root / "data.tar", root / "in") == 1
    assert [path.name for path in (root / "in" / "a").iterdir()] == ["1.png"]


def test_a_bomb_is_stopped_by_what_comes_out_of_it(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "FREELY", 1_000_000)
    with zipfile.ZipFile(root / "data.zip", "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("zeros.png", b"\0" * 20_000_000)

    with pytest.raises(ArchiveError, match="200 times its size"):
        unpack(root / "data.zip", root / "in")


def test_many_files_are_too_many(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_FILES", 3)
    with zipfile.ZipFile(root / "data.zip", "w") as out:
        for number in range(5):
            out.writestr(f"{number}.png", b"x")

    with pytest.raises(ArchiveError, match="more than 3 files"):
        unpack(root / "data.zip", root / "in")


@pytest.mark.parametrize("name", ["data.zip", "data.tar.gz"])
def test_a_damaged_archive_is_said(root: Path, name: str) -> None:
    (root / name).write_bytes(b"no archive")

    with pytest.raises(ArchiveError, match=f"{name} cannot be unpacked"):
        unpack(root / name, root / "in")
