"""Labels in JSON: SageMaker Ground Truth's and Rekognition's manifests, Hugging Face's metadata.jsonl, COCO.

Ground Truth and Rekognition: JSON lines with `source-ref`, a label attribute and `<attribute>-metadata`:
https://docs.aws.amazon.com/sagemaker/latest/dg/sms-data-output.html
Hugging Face: JSON lines with `file_name` and a label, beside the pictures:
https://huggingface.co/docs/datasets/image_dataset
COCO: one document of images, annotations and categories: https://cocodataset.org/#format-data
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.dataset.parts import part_of_name
from model.dataset.sources import read_text
from model.errors import ManifestError

LINES = (".manifest", ".jsonl", ".ndjson")
LABEL_COLUMNS = ("label", "class", "category", "target", "class_name", "label_name", "labels")
CLASSIFICATION = "image-classification"
# More is no list of labels, and would not fit into memory.
MAX_BYTES = 2_000_000_000


@dataclass(frozen=True)
class Row:
    """One line of a list."""

    where: str
    label: str
    file: str
    part: str | None


def is_records(path: Path) -> bool:
    """Whether a JSON lines file lists pictures with labels; others lie about in datasets too."""
    if path.suffix.lower() not in LINES:
        return False
    with path.open("rb") as file:
        first = next((line for line in file if line.strip()), b"")
    try:
        found = json.loads(first.decode("utf-8-sig"))
    except ValueError:
        return path.suffix.lower() == ".manifest"
    return isinstance(found, dict) and ("source-ref" in found or "file_name" in found)


def record_rows(path: Path, holder: str | None) -> Iterator[Row]:
    """The rows of a JSON lines file, of the part `holder` where its folder is one. Raises ManifestError."""
    part = holder or part_of_name(path.stem)
    for number, line in enumerate(read_text(path).splitlines(), 1):
        if not line.strip():
            continue
        where = f"{path.name} line {number}"
        try:
            record = json.loads(line)
        except ValueError as error:
            raise ManifestError(f"{where} is not JSON: {error}") from None
        if not isinstance(record, dict):
            raise ManifestError(f"{where} is no object")
        if "source-ref" in record:
            yield Row(where, _ground_truth_label(record, where), str(record["source-ref"]), part)
        elif "source" in record:
            raise ManifestError(f"{where}: `source` holds text; pictures are referred to by `source-ref`")
        else:
            yield Row(where, _plain_label(record, where), str(record.get("file_name", "")), part)


def is_coco(path: Path) -> bool:
    """Whether a JSON file is COCO's."""
    if path.suffix.lower() != ".json" or path.stat().st_size > MAX_BYTES:
        return False
    with path.open("rb") as file:
        head = file.read(4096)
    if b'"images"' not in head and b'"annotations"' not in head and b'"info"' not in head:
        return False
    return {"images", "annotations", "categories"} <= set(_document(path) or ())


def coco_rows(path: Path, holder: str | None) -> Iterator[Row]:
    """A row a picture whose annotations are all of one category. Raises ManifestError for others."""
    document = _document(path) or {}
    part = holder or part_of_name(path.stem.removeprefix("instances_"))
    try:
        names = {each["id"]: str(each["name"]) for each in document["categories"]}
        files = {each["id"]: str(each["file_name"]) for each in document["images"]}
        found: dict[Any, set[str]] = {key: set() for key in files}
        for each in document["annotations"]:
            found[each["image_id"]].add(names[each["category_id"]])
    except (KeyError, TypeError) as error:
        raise ManifestError(f"{path.name} is not COCO's: {error} is missing") from None
    many = [files[key] for key, labels in found.items() if len(labels) > 1]
    if many:
        raise ManifestError(
            f"{path.name}: {len(many)} pictures have objects of several categories ({many[0]} …). A "
            "classifier takes one label a picture; cut the objects out, or keep pictures of one category"
        )
    for key, labels in found.items():
        if labels:
            yield Row(f"{path.name} image {key}", labels.pop(), files[key], part)


def _ground_truth_label(record: dict[str, Any], where: str) -> str:
    """The class's name as the metadata have it, else the attribute's value."""
    kinds = {
        name.removesuffix("-metadata"): value
        for name, value in record.items()
        if name.endswith("-metadata") and isinstance(value, dict)
    }
    classified = {
        name: value
        for name, value in kinds.items()
        if CLASSIFICATION in str(value.get("type", CLASSIFICATION))
    }
    if kinds and not classified:
        other = ", ".join(sorted({str(value.get("type")) for value in kinds.values()}))
        raise ManifestError(f"{where} is of {other}; a classifier needs groundtruth/image-classification")
    multiple = [name for name, value in classified.items() if "multilabel" in str(value.get("type", ""))]
    if multiple:
        raise ManifestError(f"{where}: {multiple[0]} holds several labels a picture; a classifier takes one")
    if len(classified) > 1:
        classified = _present(record, classified)
    if len(classified) > 1:
        names = ", ".join(sorted(classified))
        raise ManifestError(f"{where} has {len(classified)} labels ({names}); keep one label attribute")
    for name, value in classified.items():
        return str(value["class-name"] if "class-name" in value else record.get(name, ""))
    plain = [name for name in record if name != "source-ref"]
    if len(plain) != 1:
        raise ManifestError(f"{where} has no label attribute with its metadata")
    return str(record[plain[0]])


def _present(record: dict[str, Any], classified: dict[str, Any]) -> dict[str, Any]:
    """Of Rekognition's attributes, one a label, those that are 1: a picture's other labels are 0."""
    return {name: value for name, value in classified.items() if record.get(name) not in (0, "0", None)}


def _plain_label(record: dict[str, Any], where: str) -> str:
    for name in LABEL_COLUMNS:
        if name in record:
            value = record[name]
            if isinstance(value, list):
                if len(value) != 1:
                    raise ManifestError(f"{where}: {name} holds {len(value)} labels; a classifier takes one")
                value = value[0]
            return str(value)
    raise ManifestError(
        f"{where} has no label; one of {', '.join(LABEL_COLUMNS[:4])} is needed", unrelated=True
    )


def _document(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text("utf-8-sig"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
