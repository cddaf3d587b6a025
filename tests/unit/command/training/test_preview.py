"""A dataset is looked at before it is uploaded."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from loupe.errors import InputError
from loupe.training.datasets import digests_of, scan
from loupe.training.preview import Preview, preview, print_preview
from tests.unit.model.datasets import class_folders, draw


def look(root: Path) -> Preview:
    dataset = scan(root)
    return preview(root, dataset, digests_of(dataset))


def test_classes_counts_sizes_and_the_split_are_summed_up(tmp_path: Path) -> None:
    class_folders(tmp_path / "train", {"cat": 12, "dog": 30}, size=(40, 30))
    class_folders(tmp_path / "test", {"cat": 3, "dog": 4}, size=(20, 20))

    found = look(tmp_path)

    assert found.counts == {"cat": {"train": 12, "test": 3}, "dog": {"train": 30, "test": 4}}
    assert found.sizes == ((20, 20), (40, 30))
    assert found.doubts == ()
    assert any("Validation: cut off" in remark for remark in found.remarks)
    assert any("unequal size" in remark for remark in found.remarks)
    console = Console(width=100, record=True, file=io.StringIO())
    print_preview(console, found)
    text = console.export_text()
    assert "49 pictures in 2 classes (folders), 20 x 20 to 40 x 30 pixels" in text


def test_what_is_off_is_said(tmp_path: Path) -> None:
    class_folders(tmp_path, {"cat": 20, "dog": 4, ".hidden": 2})
    draw(tmp_path / "dog" / "1.png", 1)
    (tmp_path / "cat" / "2.png").write_bytes(b"no picture")
    (tmp_path / "cat" / "copy.png").write_bytes((tmp_path / "cat" / "3.png").read_bytes())

    doubts = " ".join(look(tmp_path).doubts)

    assert "2 pictures in .hidden were left out" in doubts
    assert "Fewer than 10 pictures: dog (5)" in doubts
    assert "2 files are one picture in two classes: cat/1.png, dog/1.png" in doubts
    assert "are no pictures: cat/2.png" in doubts
    assert look(tmp_path).duplicates == 2


def test_what_the_preparation_would_refuse_is_refused_before_the_upload(tmp_path: Path) -> None:
    class_folders(tmp_path, {"cats_train": 3, "cats_test": 3})

    with pytest.raises(InputError, match="look like parts"):
        look(tmp_path)
