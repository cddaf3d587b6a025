"""Data is found in whatever form it comes, and split the same by the same seed."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from model.dataset.splits import Shares
from model.dataset.store import read_part
from model.prepare import main
from tests.unit.model.datasets import class_folders, draw, idx, run, write_lst


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


def test_the_job_tells_its_result_and_its_failure(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path / "ml"))
    data = tmp_path / "ml" / "processing" / "input" / "data"
    message = tmp_path / "ml" / "output" / "message"
    class_folders(data, {"only": 10})
    assert main([]) == 1
    assert message.read_text("utf-8").startswith("SingleClassError: ")

    class_folders(data, {"another": 10})
    assert main(["--seed", "3"]) == 0
    assert json.loads(message.read_text("utf-8")) == {
        "classes": 2, "train": 14, "validation": 2, "test": 4, "refused": 0,
    }  # fmt: skip
    assert (tmp_path / "ml" / "processing" / "output" / "card" / "data_card.json").is_file()
