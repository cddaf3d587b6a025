"""Bad data is refused with what to fix, and nothing is left of it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from model import errors
from tests.unit.model.datasets import class_folders, draw, idx, run, write_lst


def empty_class(root: Path) -> None:
    class_folders(root, {"a": 10, "b": 10, "nothing here": 0})


def class_of_two(root: Path) -> None:
    class_folders(root, {"a": 10, "two": 2})


def one_class(root: Path) -> None:
    class_folders(root, {"only": 10})


def unreadable(root: Path) -> None:
    class_folders(root, {"a": 10, "b": 10})
    for number in range(1, 4):
        (root / "a" / f"{number}.png").write_bytes(b"not a picture")


def label_without_file(root: Path) -> None:
    write_lst(root, "train", 10)
    (root / "train" / "bicycle_s_000003.png").unlink()


def file_without_label(root: Path) -> None:
    write_lst(root, "train", 10)
    draw(root / "train" / "stray.png", 99)


def loose_picture(root: Path) -> None:
    class_folders(root, {"a": 5, "b": 5})
    draw(root / "loose.png", 99)


def flat_parts(root: Path) -> None:
    for number in range(5):
        draw(root / "train" / f"{number}.png", number)
        draw(root / "test" / f"{number}.png", number + 9)


def idx_without_labels(root: Path) -> None:
    (root / "train-images-idx3-ubyte").write_bytes(idx(np.zeros((5, 8, 8), np.uint8)))


def labels_without_idx(root: Path) -> None:
    (root / "train-images-idx3-ubyte").write_bytes(idx(np.zeros((5, 8, 8), np.uint8)))
    (root / "train-labels-idx1-ubyte").write_bytes(idx(np.zeros(5, np.uint8)))
    (root / "t10k-labels-idx1-ubyte").write_bytes(idx(np.zeros(5, np.uint8)))


def idx_too_short(root: Path) -> None:
    (root / "train-images-idx3-ubyte").write_bytes(idx(np.zeros((5, 8, 8), np.uint8))[:-7])
    (root / "train-labels-idx1-ubyte").write_bytes(idx(np.zeros(5, np.uint8)))


def idx_of_unequal_counts(root: Path) -> None:
    (root / "train-images-idx3-ubyte").write_bytes(idx(np.zeros((5, 8, 8), np.uint8)))
    (root / "train-labels-idx1-ubyte").write_bytes(idx(np.zeros(4, np.uint8)))


def lst_of_two_columns(root: Path) -> None:
    write_lst(root, "train", 4)
    (root / "train.lst").write_text("0\tbicycle_s_000001.png\n", "utf-8")


def lst_of_two_labels(root: Path) -> None:
    write_lst(root, "train", 4)
    (root / "train.lst").write_text("0\t1\t0\tbicycle_s_000001.png\n", "utf-8")


def contradiction(root: Path) -> None:
    lines = write_lst(root, "train", 6)
    index, label, file = lines[0].split("\t")
    (root / "train.lst").write_text("\n".join([*lines, f"{index}\t{1 - float(label)}\t{file}"]), "utf-8")


def escape(root: Path) -> None:
    draw(root.parent / "secret.png", 1)
    write_lst(root, "train", 4)
    (root / "train.lst").write_text("0\t1\t../secret.png\n", "utf-8")


def csv_without_header(root: Path) -> None:
    draw(root / "1.png", 1)
    (root / "data.csv").write_text("1.png,cat\n", "utf-8")


def names_for_others(root: Path) -> None:
    write_lst(root, "train", 10)
    (root / "labels.txt").write_text("8=bicycle\n48=motorcycle\n", "utf-8")


def one_name_for_two(root: Path) -> None:
    write_lst(root, "train", 10)
    (root / "labels.txt").write_text("bicycle\nbicycle\n", "utf-8")


def copies_of_one_picture(root: Path) -> None:
    class_folders(root, {"a": 10})
    for number in range(10):
        draw(root / "copies" / f"{number}.png", 99)


def nothing(root: Path) -> None:
    (root / "data.zip").write_bytes(b"PK")
    (root / "data.zip").rename(root / ".hidden")


@pytest.mark.parametrize(
    ("damage", "error", "says"),
    [
        (empty_class, errors.EmptyClassError, "'nothing here'"),
        (class_of_two, errors.EmptyClassError, "'two' has 2 pictures"),
        (one_class, errors.SingleClassError, "only 'only'"),
        (unreadable, errors.UnreadableFilesError, "3 of 20 pictures"),
        (label_without_file, errors.LabelsWithoutFilesError, r"bicycle_s_000003\.png \(train\.lst line 4\)"),
        (file_without_label, errors.FilesWithoutLabelsError, r"train/stray\.png"),
        (loose_picture, errors.FilesWithoutLabelsError, r"loose\.png"),
        (flat_parts, errors.FilesWithoutLabelsError, "have no labels"),
        (idx_without_labels, errors.FilesWithoutLabelsError, "add train-labels-idx1-ubyte"),
        (labels_without_idx, errors.LabelsWithoutFilesError, "t10k-labels"),
        (idx_too_short, errors.ManifestError, "ends too early"),
        (idx_of_unequal_counts, errors.ManifestError, "5 pictures.* 4 labels"),
        (lst_of_two_columns, errors.ManifestError, r"train\.lst line 1"),
        (lst_of_two_labels, errors.ManifestError, "one label"),
        (contradiction, errors.ManifestError, r"line 1.*line 7"),
        (escape, errors.ManifestError, "leads out"),
        (csv_without_header, errors.ManifestError, "names its columns"),
        (names_for_others, errors.ManifestError, r"label \d has no name; labels\.txt names 8, 48"),
        (one_name_for_two, errors.ManifestError, "one name"),
        (copies_of_one_picture, errors.EmptyClassError, "'copies' are one and the same"),
        (nothing, errors.EmptyDatasetError, "no pictures"),
    ],
)
def test_bad_data_is_refused_with_what_to_mend(
    root: Path, out: Path, damage: Callable[[Path], None], error: type[errors.DatasetError], says: str
) -> None:
    damage(root)

    with pytest.raises(error, match=says):
        run(root, out)

    assert not out.exists()
