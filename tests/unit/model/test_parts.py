"""Parts of a dataset are known by the names that people give them, or asked for; never taken for classes."""

from pathlib import Path

import pytest

from model.dataset.find import find_source
from model.dataset.parts import TEST, TRAIN, VALIDATION, doubtful_parts, part_of_folder
from model.errors import UnclearPartsError
from tests.unit.model.datasets import class_folders, draw


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("train", TRAIN),
        ("training_set", TRAIN),
        ("train_images", TRAIN),
        ("Images-Train", TRAIN),
        ("TrainingData", TRAIN),
        ("train2017", TRAIN),
        ("valid", VALIDATION),
        ("val_set", VALIDATION),
        ("test_set", TEST),
        ("TEST", TEST),
        ("train station", None),
        ("test tube", None),
        ("train_test", None),
        ("photos", None),
        ("cat", None),
    ],
)
def test_a_folders_name_may_speak_of_a_part(name: str, part: str | None) -> None:
    assert part_of_folder(name) == part


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("training_set", "test_set"),
        ("train_images", "test_images"),
        ("Training", "valid"),
        ("data/train", "data/test"),
    ],
)
def test_parts_are_no_classes(root: Path, train: str, test: str) -> None:
    for folder in (train, test):
        for label in ("cat", "dog"):
            draw(root / folder / label / f"{folder.replace('/', '')}.png", len(folder) + len(label))

    source = find_source(root)

    assert {each.label for each in source.examples} == {"cat", "dog"}
    assert {each.part for each in source.examples} == {TRAIN, VALIDATION if test == "valid" else TEST}


def test_parts_may_stand_below_the_classes(root: Path) -> None:
    for label in ("cat", "dog"):
        for part in ("train", "test"):
            draw(root / label / part / "1.png", len(label) + len(part))

    source = find_source(root)

    assert {(each.label, each.part) for each in source.examples} == {
        ("cat", TRAIN), ("cat", TEST), ("dog", TRAIN), ("dog", TEST),
    }  # fmt: skip


def test_a_class_may_be_called_train(root: Path) -> None:
    class_folders(root, {"train": 3, "bus": 3})

    assert {each.label for each in find_source(root).examples} == {"train", "bus"}


def test_names_that_differ_in_the_part_alone_are_asked_about(root: Path) -> None:
    class_folders(root, {"cats_train": 3, "cats_test": 3, "dogs_train": 3, "dogs_test": 3})

    with pytest.raises(UnclearPartsError, match="look like parts"):
        find_source(root)
    assert doubtful_parts(["train station", "test tube"]) == []


def test_an_unrelated_list_beside_class_folders_is_passed_over(root: Path) -> None:
    class_folders(root, {"a": 3, "b": 3})
    (root / "notes.csv").write_text("date,weather\n2026-01-01,rain\n")
    (root / "readme.txt").write_text("hello")

    source = find_source(root)

    assert (source.form, len(source.examples)) == ("folders", 6)
    assert "notes.csv" in source.notes[-1]


def test_a_hidden_class_is_said_not_swallowed(root: Path) -> None:
    class_folders(root, {"a": 3, "b": 3, ".hidden": 2})

    assert "2 pictures in .hidden were left out" in find_source(root).notes[0]


def test_numbered_folders_have_the_names_that_are_given(root: Path) -> None:
    class_folders(root, {"0": 3, "1": 3})

    assert {each.label for each in find_source(root, labels="cat,dog").examples} == {"cat", "dog"}
