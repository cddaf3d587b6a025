"""Datasets in Parquet, as Hugging Face keeps them."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest
from PIL import Image

from model.dataset import parquet
from model.dataset.find import find_source
from model.errors import ManifestError
from tests.unit.model.datasets import class_folders

CLASSES = {"image": {"_type": "Image"}, "label": {"_type": "ClassLabel", "names": ["cat", "dog"]}}


def picture(shade: int) -> bytes:
    written = io.BytesIO()
    Image.new("L", (4, 4), shade).save(written, "PNG")
    return written.getvalue()


def write(path: Path, columns: dict[str, list[Any]], features: dict[str, Any] | None = None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pyarrow.table(columns)
    if features is not None:
        described = {"huggingface": json.dumps({"info": {"features": features}})}
        table = table.replace_schema_metadata(described)
    pyarrow.parquet.write_table(table, path)


def images(count: int, **more: Any) -> list[dict[str, Any]]:
    return [{"bytes": picture(number), "path": None, **more} for number in range(count)]


def test_a_datasets_files_are_its_parts_and_its_labels_have_names(tmp_path: Path) -> None:
    for part, count in (("train", 3), ("test", 2), ("validation", 1)):
        columns: dict[str, list[Any]] = {
            "image": images(count),
            "label": [number % 2 for number in range(count)],
        }
        write(tmp_path / f"data/{part}-00000-of-00001.parquet", columns, CLASSES)

    source = find_source(tmp_path)

    assert source.form == "parquet"
    assert source.announced == {"cat", "dog"}
    found = [(each.part, each.label, each.source) for each in source.examples]
    assert [each for each in found if each[0] == "train"] == [
        ("train", "cat", picture(0)),
        ("train", "dog", picture(1)),
        ("train", "cat", picture(2)),
    ]
    assert sorted((part or "") for part, *_ in found) == ["test"] * 2 + ["train"] * 3 + ["validation"]


@pytest.mark.parametrize(
    ("columns", "features", "label"),
    [
        ({"img": [picture(1)], "fine_label": [7], "coarse_label": [1]}, None, "7"),
        ({"image": [picture(1)], "label": ["tabby cat"]}, None, "tabby cat"),
        ({"photo": [{"bytes": picture(1)}], "class": ["7"]}, None, "7"),
        ({"image": [picture(1)], "labels": [[1]], "id": [9]}, None, "1"),
        (
            {"x": [{"bytes": picture(1), "path": "a.png"}], "y": [1]},
            {"x": {"_type": "Image"}, "y": {"_type": "ClassLabel", "names": ["no", "yes"]}},
            "yes",
        ),
        ({"image": [picture(1)], "label": [1]}, {"label": "odd"}, "1"),
    ],
    ids=["CIFAR's names", "text", "struct", "list of one", "by metadata", "metadata of another kind"],
)
def test_columns_are_known_by_metadata_and_by_name(
    tmp_path: Path, columns: dict[str, list[Any]], features: dict[str, Any] | None, label: str
) -> None:
    write(tmp_path / "all.parquet", columns, features)
    (example,) = find_source(tmp_path).examples
    assert (example.label, example.part, example.source) == (label, None, picture(1))


def test_names_that_a_person_gives_go_before_the_files(tmp_path: Path) -> None:
    write(tmp_path / "all.parquet", {"image": images(2), "label": [0, 1]}, CLASSES)
    found = find_source(tmp_path, labels="Katze,Hund").examples
    assert [each.label for each in found] == ["Katze", "Hund"]


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"text": ["hello"], "label": [1]}, r"no column of pictures \(one of image, img.*it has text, label"),
        ({"image": [picture(1)], "caption": ["a cat"]}, "no column of labels"),
        ({"image": [{"bytes": None, "path": "cats/1.png"}], "label": [1]}, "row 1: .*only names cats/1.png"),
        ({"image": [picture(1), None], "label": [1, 0]}, "row 2: image has to hold the picture's bytes"),
        ({"image": [picture(1)], "label": [None]}, "row 1 has no label"),
        ({"image": [picture(1)], "label": [-1]}, "row 1 has no label"),
        ({"image": [picture(1)], "labels": [[1, 2]]}, "row 1 has 2 labels"),
        ({"image": [picture(1)], "label": ["  "]}, "row 1: the label is empty"),
    ],
)
def test_what_is_no_table_of_pictures_is_refused_by_name(
    tmp_path: Path, columns: dict[str, list[Any]], says: str
) -> None:
    write(tmp_path / "some.parquet", columns)
    with pytest.raises(ManifestError, match=says):
        find_source(tmp_path)


@pytest.mark.parametrize("cut", [0, 4, 100, -20])
def test_a_damaged_file_is_refused(tmp_path: Path, cut: int) -> None:
    write(tmp_path / "whole.parquet", {"image": images(50), "label": [1] * 50})
    whole = (tmp_path / "whole.parquet").read_bytes()
    (tmp_path / "whole.parquet").write_bytes(
        whole[:cut] if cut >= 0 else whole[:200] + b"\xff" * 60 + whole[260:]
    )
    with pytest.raises(ManifestError, match=r"whole\.parquet is (no Parquet file, or )?damaged"):
        find_source(tmp_path)


def test_more_than_fits_into_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "MAX_BYTES", 3 * len(picture(1)))
    write(tmp_path / "all.parquet", {"image": images(4), "label": [1] * 4})
    with pytest.raises(ManifestError, match="do not fit into memory"):
        find_source(tmp_path)


def test_a_table_of_something_else_beside_class_folders_is_passed_over(tmp_path: Path) -> None:
    class_folders(tmp_path, {"a": 3, "b": 3})
    write(tmp_path / "results.parquet", {"key": ["x"], "score": [1.0]})

    source = find_source(tmp_path)

    assert source.form == "folders"
    assert any("passed over" in note for note in source.notes)
