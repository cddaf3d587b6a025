"""Data is found in whatever form it comes, split the same by the same seed, and refused with what to mend."""

import gzip
import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from model import errors
from model.dataset.splits import Shares
from model.dataset.store import read_part
from model.prepare import Options, main, prepare


def draw(path: Path, number: int, size: tuple[int, int] = (32, 32), mode: str = "RGBA") -> None:
    """A picture of its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(number).integers(0, 255, (*reversed(size), 3), dtype=np.uint8)
    Image.fromarray(noise).convert(mode).save(path, "PNG")


def class_folders(root: Path, counts: dict[str, int], **options: Any) -> None:
    number = 0
    for label, count in counts.items():
        (root / label).mkdir(parents=True)
        for _ in range(count):
            number += 1
            draw(root / label / f"{number}.png", number, **options)


def idx(values: np.ndarray[Any, Any]) -> bytes:
    return struct.pack(f">BBBB{values.ndim}I", 0, 0, 8, values.ndim, *values.shape) + values.tobytes()


def run(root: Path, out: Path, **changes: Any) -> dict[str, Any]:
    return prepare(Options(root, out, changes.pop("shares", Shares()), **changes))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def test_folders_by_class_are_split_by_class(root: Path, out: Path) -> None:
    class_folders(root, {"cat": 50, "großer Hund": 30})
    (root / "README.txt").write_text("notes")
    (root / "cat" / ".DS_Store").write_bytes(b"x")

    card = run(root, out)

    assert card["counts"] == {
        "cat": {"train": 36, "validation": 4, "test": 10},
        "großer Hund": {"train": 22, "validation": 2, "test": 6},
    }
    test = read_part(out / "dataset" / "test")
    assert test.labels == ("cat", "großer Hund")
    assert test.pictures.shape == (16, 32, 32, 3)
    assert all(
        name.startswith(test.labels[target]) for name, target in zip(test.names, test.targets, strict=True)
    )


def test_the_same_seed_splits_the_same_and_another_does_not(root: Path, tmp_path: Path) -> None:
    class_folders(root, {"a": 20, "b": 20})

    names = []
    for place, seed in enumerate((7, 7, 8)):
        run(root, tmp_path / str(place), shares=Shares(seed=seed))
        names.append(list(read_part(tmp_path / str(place) / "dataset" / "test").names))

    assert names[0] == names[1] != names[2]


def test_parts_that_the_data_names_are_kept(root: Path, out: Path) -> None:
    class_folders(root / "train", {"a": 10, "b": 10})
    class_folders(root / "test", {"a": 3, "b": 4}, mode="L")

    card = run(root, out)

    assert card["totals"] == {"train": 18, "validation": 2, "test": 7}
    assert all(name.startswith("test/") for name in read_part(out / "dataset" / "test").names)


def write_lst(root: Path, part: str, count: int, start: int = 0) -> list[str]:
    """A folder of pictures in two classes and its list, as SageMaker's image classification takes them."""
    lines = []
    for number in range(start, start + count):
        name = f"{'bicycle' if number % 2 else 'motor bike'}_s_{number:06}.png"
        draw(root / part / name, number)
        lines.append(f"{number}\t{float(number % 2):.6f}\t{name}")
    (root / f"{part}.lst").write_text("\r\n".join(lines) + "\r\n", "utf-8")
    return lines


def test_lst_manifests_beside_their_folders(root: Path, out: Path) -> None:
    write_lst(root, "train", 40)
    write_lst(root, "test", 10, 1000)

    card = run(root, out)

    assert (card["form"], card["labels"]) == ("lst", ["0", "1"])
    assert card["totals"] == {"train": 36, "validation": 4, "test": 10}
    assert card["input"]["color"] == "RGB"
    assert (card["input"]["width"], card["input"]["height"]) == (32, 32)


def test_labels_txt_names_numbered_labels(root: Path, out: Path) -> None:
    write_lst(root, "train", 40)
    (root / "labels.txt").write_text("\ufeffmotor bike\nbicycle\n", "utf-8")

    assert run(root, out)["labels"] == ["bicycle", "motor bike"]


@pytest.mark.parametrize(
    ("file", "given"),
    [
        (None, "motor bike,bicycle"),
        (None, "0=motor bike,1=bicycle,"),
        ("1=bicycle\r\n0 = motor bike\r\n", None),
        ("0\tmotor bike\n1\tbicycle\n", None),
        ("8: never\n48: used\n", "0=motor bike,1=bicycle"),
    ],
)
def test_numbered_labels_are_named_in_any_usual_way(
    root: Path, out: Path, file: str | None, given: str | None
) -> None:
    write_lst(root, "train", 40)
    if file:
        (root / "labels.txt").write_text(file, "utf-8")

    card = run(root, out, labels=given)

    assert card["labels"] == ["bicycle", "motor bike"]
    part = read_part(out / "dataset" / "train")
    for name, target in zip(part.names, part.targets, strict=True):
        assert part.labels[target] in name


def as_people_write(lines: list[str], form: str) -> bytes:
    """The same list, written by another program."""
    header = "index\tlabel\tpath"
    texts = {
        "a header and a BOM": "\ufeff" + "\r\n".join([header, *lines]),
        "UTF-16, as Excel": "\r\n".join([header, *lines]) + "\r\n",
        "commas": "\n".join(line.replace("\t", ",") for line in lines),
        "quotes": "\n".join("\t".join(f'"{cell}"' for cell in line.split("\t")) for line in lines),
        "blank lines and spaces": "\n\n".join(line.replace("\t", " \t ") + "  " for line in lines) + "\n\n\n",
        "labels of CIFAR": "\n".join(lines)
        .replace("\t0.000000\t", "\t48\t")
        .replace("\t1.000000\t", "\t8\t"),
    }
    return texts[form].encode("utf-16" if form.startswith("UTF-16") else "utf-8")


@pytest.mark.parametrize(
    "form",
    [
        *("a header and a BOM", "UTF-16, as Excel", "commas", "quotes", "blank lines and spaces"),
        "labels of CIFAR",
    ],
)
def test_lists_are_read_as_other_programs_write_them(root: Path, out: Path, form: str) -> None:
    lines = write_lst(root, "train", 40)
    (root / "train.lst").write_bytes(as_people_write(lines, form))

    card = run(root, out)

    assert card["labels"] == (["8", "48"] if "CIFAR" in form else ["0", "1"])
    assert sum(card["totals"].values()) == 40


def test_what_macos_and_windows_leave_behind_is_no_data(root: Path, out: Path) -> None:
    write_lst(root, "train", 20)
    for junk in (
        "train/.DS_Store",
        "train/._bicycle_s_000001.png",
        "__MACOSX/train/x.png",
        "train/Thumbs.db",
    ):
        (root / junk).parent.mkdir(parents=True, exist_ok=True)
        (root / junk).write_bytes(b"junk")
    (root / "train" / "Icon\r").touch()
    (root / "._train.lst").write_bytes(b"\0\5\x16\7")

    assert sum(run(root, out)["totals"].values()) == 20


def test_pictures_of_every_mode_train_one_model(root: Path, out: Path) -> None:
    modes = ("RGBA", "RGB", "L", "LA", "P", "1")
    for number in range(36):
        draw(root / "ab"[number % 2] / f"{number}.png", number, mode=modes[number % len(modes)])

    card = run(root, out)

    assert card["refused"]["count"] == 0
    assert card["input"]["color"] == "RGB"


@pytest.mark.parametrize(
    "path",
    ["train/{}", "./train/{}", "{}", "s3://bucket/any/prefix/train/{}", "old/place/train/{}", "train\\{}"],
)
def test_lists_may_name_files_from_anywhere_above(root: Path, out: Path, path: str) -> None:
    lines = write_lst(root, "train", 20)
    rewritten = ["\t".join((*line.split("\t")[:2], path.format(line.split("\t")[2]))) for line in lines]
    (root / "train.lst").write_text("\n".join(rewritten), "utf-8")

    assert sum(run(root, out)["totals"].values()) == 20


def test_csv_with_a_part_column(root: Path, out: Path) -> None:
    rows = ["Filename;Label;Split"]
    for number in range(24):
        draw(root / "images" / f"{number}.png", number)
        rows.append(
            f"images/{number}.png;{'ja' if number % 3 else 'nein'};{'test' if number < 6 else 'train'}"
        )
    (root / "labels.csv").write_text("\n".join(rows), "utf-8")

    card = run(root, out)

    assert (card["form"], card["labels"], card["totals"]["test"]) == ("csv", ["ja", "nein"], 6)


@pytest.mark.parametrize("zipped", [False, True])
def test_idx_files_are_known_by_their_content(root: Path, out: Path, zipped: bool) -> None:
    generator = np.random.default_rng(1)
    pack: Callable[[bytes], bytes] = gzip.compress if zipped else bytes
    for part, count in (("train", 60), ("t10k", 20)):
        pictures = generator.integers(0, 255, (count, 28, 28), dtype=np.uint8)
        (root / f"{part}-images-idx3-ubyte").write_bytes(pack(idx(pictures)))
        (root / f"{part}-labels-idx1-ubyte").write_bytes(pack(idx(np.arange(count, dtype=np.uint8) % 10)))

    card = run(root, out)

    assert card["totals"] == {"train": 50, "validation": 10, "test": 20}
    assert card["labels"] == [str(digit) for digit in range(10)]
    test = read_part(out / "dataset" / "test")
    assert test.input.color == "L"
    assert np.array_equal(test.pictures[:, :, :, 0], pictures)


def test_the_statistics_are_of_what_is_trained_on(root: Path, out: Path) -> None:
    class_folders(root, {"a": 20, "b": 20})

    run(root, out)

    train = read_part(out / "dataset" / "train")
    values = train.pictures.reshape(-1, 3) / 255
    assert train.input.mean == pytest.approx(values.mean(0), abs=1e-4)
    assert train.input.std == pytest.approx(values.std(0), abs=1e-4)


@pytest.mark.parametrize(
    ("size", "mode", "expected"),
    [
        ((8, 8), "L", (16, "L", "stretch")),
        ((30, 30), "RGB", (32, "RGB", "stretch")),
        ((300, 200), "RGB", (96, "RGB", "stretch")),
        ((64, 64), "1", (64, "L", "stretch")),
    ],
)
def test_the_models_input_follows_the_pictures(
    root: Path, out: Path, size: tuple[int, int], mode: str, expected: tuple[int, str, str]
) -> None:
    class_folders(root, {"a": 5, "b": 5}, size=size, mode=mode)

    given = run(root, out)["input"]

    assert (given["width"], given["color"], given["resize"]) == expected


def test_pictures_of_many_shapes_are_cropped(root: Path, out: Path) -> None:
    class_folders(root, {"a": 5}, size=(200, 100))
    class_folders(root, {"b": 5}, size=(100, 150))

    assert run(root, out)["input"]["resize"] == "center_crop"


def test_equal_pictures_never_stand_on_both_sides_of_the_split(root: Path, out: Path) -> None:
    class_folders(root, {"a": 30, "b": 30})
    for number in range(30):
        draw(root / "a" / f"copy {number}.png", number % 10 + 1)

    card = run(root, out)

    assert card["duplicates"] == 30
    assert card["testPicturesAlsoInTraining"] == 0


def test_a_few_unreadable_pictures_are_left_out_and_told(root: Path, out: Path) -> None:
    class_folders(root, {"a": 150, "b": 150})
    (root / "a" / "1.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")

    card = run(root, out)

    assert card["refused"]["count"] == 1
    assert card["refused"]["files"][0]["file"] == "a/1.png"
    assert sum(card["totals"].values()) == 299


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


def test_the_job_tells_its_result_and_its_failure(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path / "ml"))
    data = tmp_path / "ml" / "processing" / "input" / "data"
    message = tmp_path / "ml" / "output" / "message"
    one_class(data)
    assert main([]) == 1
    assert message.read_text("utf-8").startswith("SingleClassError: ")

    class_folders(data, {"another": 10})
    assert main(["--seed", "3"]) == 0
    assert json.loads(message.read_text("utf-8")) == {
        "classes": 2, "train": 14, "validation": 2, "test": 4, "refused": 0,
    }  # fmt: skip
    assert (tmp_path / "ml" / "processing" / "output" / "card" / "data_card.json").is_file()
