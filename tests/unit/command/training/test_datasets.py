"""What `--data` may be, and where a local dataset goes."""

import sys
from pathlib import Path

import pytest

from loupe.errors import InputError
from loupe.pictures import S3Location
from loupe.training.datasets import (
    default_name,
    digests_of,
    model_name,
    parse_source,
    scan,
    upload_prefix,
    write_digits,
)


def write(root: Path, **files: str) -> Path:
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_an_s3_uri_is_a_prefix_with_or_without_its_slash() -> None:
    assert parse_source("s3://bucket/photos") == S3Location("bucket", "photos/")
    assert parse_source("s3://bucket/photos/") == S3Location("bucket", "photos/")
    assert parse_source("s3://bucket") == S3Location("bucket", "")


def test_digits_are_scikit_learns_unless_a_folder_has_that_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert parse_source("digits") is None
    (tmp_path / "digits").mkdir()
    assert parse_source("digits") == Path("digits")


@pytest.mark.parametrize("name", ["train.lst", "labels.csv", "train-images-idx3-ubyte.gz"])
def test_a_list_or_an_idx_file_stands_for_its_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()

    assert parse_source(str(tmp_path / name)) == tmp_path


def test_an_archive_stands_for_what_it_holds(tmp_path: Path) -> None:
    (tmp_path / "my pets.tar.gz").touch()

    assert parse_source(str(tmp_path / "my pets.tar.gz")) == tmp_path / "my pets.tar.gz"
    assert default_name(str(tmp_path / "my pets.tar.gz")) == "my-pets"


@pytest.mark.parametrize("name", ["photos.rar", "nowhere"])
def test_what_is_no_dataset_is_refused_with_what_to_give(tmp_path: Path, name: str) -> None:
    (tmp_path / "photos.rar").touch()

    with pytest.raises(InputError, match=f"{name}.*folder"):
        parse_source(str(tmp_path / name))


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("s3://bucket/data/my photos_2/", "my-photos-2"),
        ("s3://bucket", "bucket"),
        ("digits", "digits"),
        ("/data/Äpfel & Birnen", "pfel-Birnen"),
        ("x" * 40, "x" * 24),
    ],
)
def test_a_model_is_named_as_sagemaker_allows(source: str, name: str) -> None:
    assert default_name(source) == name


def test_nothing_is_left_of_a_name_without_letters() -> None:
    assert model_name("--äö--") == ""


def test_a_scan_leaves_out_what_file_managers_leave_behind(tmp_path: Path) -> None:
    write(tmp_path, cats__one="1", dogs__two="22")
    for junk in (".DS_Store", "cats/._one", "cats/Thumbs.db", "__MACOSX/x", ".git/config"):
        (tmp_path / junk).parent.mkdir(exist_ok=True)
        (tmp_path / junk).write_text("junk")

    dataset = scan(tmp_path)

    assert [(file.name, file.size) for file in dataset.files] == [("cats/one", 1), ("dogs/two", 2)]
    assert dataset.size == 3


def test_a_scan_follows_links_but_not_in_circles(tmp_path: Path) -> None:
    data = write(tmp_path / "data", cats__one="1")
    write(tmp_path / "elsewhere", two="22")
    (data / "dogs").symlink_to(tmp_path / "elsewhere")
    (data / "cats" / "up").symlink_to(data)

    assert [file.name for file in scan(data).files] == ["cats/one", "dogs/two"]


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    write(tmp_path, empty="")

    with pytest.raises(InputError, match="no files"):
        scan(tmp_path)


def test_a_class_without_pictures_is_named_since_s3_keeps_no_empty_folders(tmp_path: Path) -> None:
    write(tmp_path, cats__one="1", dogs__two="2")
    (tmp_path / "birds").mkdir()
    (tmp_path / "birds" / ".DS_Store").touch()

    with pytest.raises(InputError, match="birds is empty"):
        scan(tmp_path)

    write(tmp_path, **{"train.lst": "0\t1\tone"})
    assert len(scan(tmp_path).files) == 3


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    write(tmp_path, cats__one="1")
    (tmp_path / "cats" / "gone").symlink_to(tmp_path / "nowhere")

    with pytest.raises(InputError, match="gone"):
        scan(tmp_path)


def test_the_same_data_goes_to_the_same_place_and_other_data_elsewhere(tmp_path: Path) -> None:
    one = write(tmp_path / "a", cats__one="1", dogs__two="2")
    same = write(tmp_path / "b", cats__one="1", dogs__two="2")
    moved = write(tmp_path / "c", dogs__one="1", cats__two="2")
    changed = write(tmp_path / "d", cats__one="1", dogs__two="3")

    places = []
    for folder in (one, same, moved, changed):
        dataset = scan(folder)
        places.append(upload_prefix(dataset, digests_of(dataset)))

    assert places[0].startswith("uploads/")
    assert places[0] == places[1]
    assert len(set(places)) == 3


def test_without_scikit_learn_the_digits_say_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "model.pictures", None)

    with pytest.raises(InputError, match="pip install scikit-learn"):
        write_digits(tmp_path)
