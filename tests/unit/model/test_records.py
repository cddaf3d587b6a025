"""Labels in the JSON of SageMaker, Rekognition, Hugging Face and COCO; other forms are refused with words."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from model.dataset.find import find_source
from model.errors import DatasetError, LabelsWithoutFilesError, ManifestError, UnreadFormError
from tests.unit.model.datasets import class_folders, draw


def lines(path: Path, records: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(map(json.dumps, records)) + "\n", "utf-8")


def pictures(root: Path, folder: str = "images") -> list[str]:
    for number in range(6):
        draw(root / folder / f"{number}.png", number)
    return [f"{number}.png" for number in range(6)]


def metadata(name: str, kind: str = "groundtruth/image-classification") -> dict[str, Any]:
    return {"class-name": name, "confidence": 0.9, "type": kind, "human-annotated": "yes"}


def ground_truth(root: Path) -> None:
    lines(
        root / "output.manifest",
        [
            {
                "source-ref": f"s3://bucket/any/images/{file}",
                "pets": place % 2,
                "pets-metadata": metadata(("cat", "dog")[place % 2]),
            }
            for place, file in enumerate(pictures(root))
        ],
    )


def rekognition(root: Path) -> None:
    records = []
    for place, file in enumerate(pictures(root)):
        label = ("cat", "dog")[place % 2]
        record: dict[str, Any] = {"source-ref": f"s3://bucket/images/{file}"}
        for name in ("cat", "dog"):
            record |= {f"is_{name}": int(name == label), f"is_{name}-metadata": metadata(name)}
        records.append(record)
    lines(root / "train.manifest", records)


def hugging_face(root: Path) -> None:
    for part in ("train", "test"):
        names = pictures(root, part)
        lines(
            root / part / "metadata.jsonl",
            [{"file_name": file, "label": ("cat", "dog")[place % 2]} for place, file in enumerate(names)],
        )


def hugging_face_csv(root: Path) -> None:
    names = pictures(root, "train")
    rows = [f"{file},{('cat', 'dog')[place % 2]}" for place, file in enumerate(names)]
    (root / "train" / "metadata.csv").write_text("\n".join(["file_name,label", *rows]))


def coco(root: Path, several: bool = False) -> None:
    names = pictures(root)
    document = {
        "info": {},
        "images": [{"id": place, "file_name": name} for place, name in enumerate(names)],
        "annotations": [
            {"image_id": place, "category_id": 1 + (place + extra) % 2}
            for place in range(len(names))
            for extra in range(2 if several else 1)
        ],
        "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}],
    }
    (root / "annotations").mkdir()
    (root / "annotations" / "instances.json").write_text(json.dumps(document))


@pytest.mark.parametrize("write", [ground_truth, rekognition, hugging_face, hugging_face_csv, coco])
def test_the_labels_are_those_of_the_list(root: Path, write: Callable[[Path], None]) -> None:
    write(root)

    source = find_source(root)

    for example in source.examples:
        number = int(example.name.rpartition("/")[2].removesuffix(".png"))
        assert example.label == ("cat", "dog")[number % 2]
    if write is hugging_face:
        assert {example.part for example in source.examples} == {"train", "test"}
    assert len(source.examples) == (12 if write is hugging_face else 6)


def detection(root: Path) -> None:
    kind = "groundtruth/object-detection"
    lines(
        root / "a.manifest",
        [{"source-ref": "s3://b/1.png", "boxes": {}, "boxes-metadata": metadata("x", kind)}],
    )


def several_labels(root: Path) -> None:
    kind = "groundtruth/image-classification-multilabel"
    lines(
        root / "a.manifest",
        [{"source-ref": "s3://b/1.png", "tags": [1], "tags-metadata": metadata("x", kind)}],
    )


def pictures_elsewhere(root: Path) -> None:
    lines(root / "a.manifest", [{"source-ref": "s3://b/1.png", "pets": 0, "pets-metadata": metadata("cat")}])


def several_categories(root: Path) -> None:
    coco(root, several=True)


def tfrecord(root: Path) -> None:
    (root / "train.tfrecord-00000-of-00001").write_bytes(b"\0" * 16)


@pytest.mark.parametrize(
    ("write", "error", "says"),
    [
        (detection, ManifestError, "object-detection; a classifier needs"),
        (several_labels, ManifestError, "several labels a picture"),
        (several_categories, ManifestError, "several categories"),
        (pictures_elsewhere, LabelsWithoutFilesError, r"s3://b/1\.png"),
        (tfrecord, UnreadFormError, "TFRecord, which is not read. Write the pictures as files"),
    ],
)
def test_what_is_no_label_a_picture_is_refused(
    root: Path, write: Callable[[Path], None], error: type[DatasetError], says: str
) -> None:
    write(root)

    with pytest.raises(error, match=says):
        find_source(root)


def test_other_json_beside_class_folders_is_none_of_ours(root: Path) -> None:
    class_folders(root, {"a": 3, "b": 3})
    (root / "settings.json").write_text('{"images": 3}')
    lines(root / "log.jsonl", [{"event": "started"}])

    assert find_source(root).form == "folders"
