"""Pictures that people labelled join a dataset: to train, never to be tested on, each once."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from model.dataset.store import read_part
from model.errors import ManifestError
from tests.unit.model.datasets import class_folders, draw, run


class Reviews:
    """Two folders as a preparation gets them: the list of the answers, and the pictures by their keys."""

    def __init__(self, folder: Path) -> None:
        self.lists, self.pictures = folder / "answers", folder / "reviewed"
        self.lists.mkdir(parents=True)
        self.lines: list[str] = []

    def add(
        self,
        number: int,
        label: str,
        by_chance: bool = False,
        copy: Path | None = None,
        at: str = "2026-11-28",
    ) -> str:
        key = f"uploads/{number}.png"
        if copy is None:
            draw(self.pictures / key, 1000 + number)
        else:
            (self.pictures / key).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(copy, self.pictures / key)
        line = {
            "source-ref": f"s3://theirs/{key}",
            "label": 0,
            "label-metadata": {
                "class-name": label,
                "type": "groundtruth/image-classification",
                "creation-date": at,
            },
            "loupe": {"mayValidate": by_chance},
        }
        self.lines.append(json.dumps(line, ensure_ascii=False))
        (self.lists / "answers.manifest").write_text("\n".join(self.lines) + "\n", "utf-8")
        return f"reviewed/{key}"

    def run(self, root: Path, out: Path) -> dict[str, Any]:
        return run(root, out, answers=self.lists, reviewed=self.pictures)


@pytest.fixture
def reviews(tmp_path: Path) -> Reviews:
    return Reviews(tmp_path / "reviews")


def names(out: Path, part: str) -> set[str]:
    return {name for name in read_part(out / "dataset" / part).names if name.startswith("reviewed/")}


def test_what_the_model_was_unsure_of_trains_and_what_was_chosen_by_chance_may_validate(
    root: Path, out: Path, reviews: Reviews
) -> None:
    class_folders(root, {"cat": 20, "dog": 20})
    unsure = {reviews.add(number, "cat") for number in range(60)}
    for number in range(60, 120):
        reviews.add(number, "cat", by_chance=True)

    card = reviews.run(root, out)

    assert card["reviewed"] == 120
    assert names(out, "test") == set()
    assert names(out, "validation")
    assert not names(out, "validation") & unsure
    assert unsure <= names(out, "train")
    assert "120 reviewed pictures come in, 60 of them by chance" in card["notes"]


def test_what_the_model_is_tested_on_does_not_change_with_reviews(
    root: Path, tmp_path: Path, reviews: Reviews
) -> None:
    class_folders(root, {"cat": 20, "dog": 20})
    run(root, tmp_path / "without")
    for number in range(30):
        reviews.add(number, "dog", by_chance=number % 2 == 0)
    reviews.run(root, tmp_path / "with")

    tested = [set(read_part(tmp_path / each / "dataset" / "test").names) for each in ("without", "with")]
    assert tested[0] == tested[1]


def test_a_copy_of_a_picture_that_is_tested_on_does_not_train(
    root: Path, out: Path, reviews: Reviews
) -> None:
    class_folders(root, {"cat": 20, "dog": 20})
    for number, path in enumerate(sorted((root / "cat").iterdir())):
        reviews.add(number, "cat", copy=path)
    new = reviews.add(50, "cat")

    card = reviews.run(root, out)

    assert names(out, "train") == {new}
    assert card["testPicturesAlsoInTraining"] == 0
    assert "20 reviewed pictures stay out: the data holds them already" in card["notes"]


def test_of_a_picture_that_was_uploaded_twice_the_last_answer_counts(
    root: Path, out: Path, reviews: Reviews
) -> None:
    class_folders(root, {"cat": 20, "dog": 20})
    first = root.parent / "first.png"
    draw(first, 5000)
    reviews.add(1, "cat", copy=first, at="2026-11-27T10:00:00Z")
    last = reviews.add(2, "dog", copy=first, at="2026-11-28T10:00:00Z")

    card = reviews.run(root, out)

    assert names(out, "train") == {last}
    assert card["samePictureDifferentLabel"] == 0
    part = read_part(out / "dataset" / "train")
    assert part.labels[part.targets[list(part.names).index(last)]] == "dog"


def test_a_label_that_the_data_does_not_have_stays_out_and_is_named(
    root: Path, out: Path, reviews: Reviews
) -> None:
    class_folders(root, {"cat": 20, "dog": 20})
    reviews.add(1, "bird")
    reviews.add(2, "cat")

    card = reviews.run(root, out)

    assert card["labels"] == ["cat", "dog"]
    assert (card["reviewed"], len(names(out, "train"))) == (1, 1)
    assert any("bird (1)" in note for note in card["notes"])


def test_without_reviews_nothing_changes(root: Path, out: Path, tmp_path: Path) -> None:
    class_folders(root, {"cat": 20, "dog": 20})
    missing = tmp_path / "nowhere"
    assert run(root, out, answers=missing, reviewed=missing)["reviewed"] == 0


def test_a_picture_that_is_not_there_and_one_that_leads_out_are_refused(
    root: Path, out: Path, reviews: Reviews
) -> None:
    class_folders(root, {"cat": 20, "dog": 20})
    reviews.add(1, "cat")
    (reviews.pictures / "uploads" / "1.png").unlink()
    with pytest.raises(ManifestError, match=r"s3://theirs/uploads/1\.png is not there"):
        reviews.run(root, out)
    reviews.lines = [reviews.lines[0].replace("uploads/1.png", "../../input/cat/1.png")]
    (reviews.lists / "answers.manifest").write_text(reviews.lines[0])
    with pytest.raises(ManifestError, match="is not there"):
        reviews.run(root, out)
