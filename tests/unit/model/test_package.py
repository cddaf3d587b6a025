"""model.tar.gz is what SageMaker unpacks, and the same bytes from the same files."""

import os
import tarfile
from pathlib import Path

import pytest

from model.errors import ModelSpecError
from model.package import build_package, main

from .models import write_model


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "model")
    first = build_package(folder, tmp_path / "one.tar.gz").read_bytes()
    for path in folder.iterdir():
        os.utime(path, (1, 1))
        path.chmod(0o600)

    second = build_package(folder, tmp_path / "two" / "model.tar.gz").read_bytes()

    assert first == second


def test_the_archive_holds_the_files_at_its_root(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "model")
    (folder / "extra").mkdir()
    (folder / "extra" / "notes é.txt").write_text("x", "utf-8")

    out = build_package(folder, folder / "model.tar.gz")
    build_package(folder, out)

    with tarfile.open(out) as archive:
        assert archive.getnames() == ["extra/notes é.txt", "model.json", "model.onnx"]
        assert {(entry.uid, entry.mtime, entry.mode) for entry in archive} == {(0, 0, 0o644)}


def test_a_folder_without_a_model_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_model(tmp_path / "model")
    (folder / "model.onnx").unlink()

    with pytest.raises(ModelSpecError, match=r"model\.onnx"):
        build_package(folder, tmp_path / "out.tar.gz")

    assert main([str(tmp_path), str(tmp_path / "out.tar.gz")]) == 1
    assert r"no model.json" in capsys.readouterr().err
    assert not (tmp_path / "out.tar.gz").exists()
