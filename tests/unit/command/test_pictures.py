"""What the arguments of `loupe classify` mean."""

import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from loupe.errors import InputError
from loupe.pictures import Picture, S3Location, find_pictures, parse_s3_uri, upload_key


def nothing(location: S3Location) -> Iterable[S3Location]:
    return []


def test_a_folder_stands_for_the_pictures_in_it_sorted(tmp_path: Path) -> None:
    for name in ("b.PNG", "a.jpeg", "notes.txt", ".hidden.png", "deep/c.tiff", ".git/d.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")

    found = find_pictures([str(tmp_path)], nothing)

    assert [Path(each.name).relative_to(tmp_path).as_posix() for each in found] == [
        "a.jpeg",
        "b.PNG",
        "deep/c.tiff",
    ]


def test_a_named_file_is_taken_whatever_its_suffix(tmp_path: Path) -> None:
    path = tmp_path / "picture"
    path.write_bytes(b"x")

    assert find_pictures([str(path)], nothing) == [Picture(str(path), path)]


def test_arguments_keep_their_order(tmp_path: Path) -> None:
    first, second = tmp_path / "z.png", tmp_path / "a.png"
    first.write_bytes(b"x")
    second.write_bytes(b"x")

    found = find_pictures([str(first), "s3://bucket/key.png", str(second)], nothing)

    assert [each.name for each in found] == [str(first), "s3://bucket/key.png", str(second)]


def test_a_missing_file_is_named() -> None:
    with pytest.raises(InputError, match=r"nowhere\.png: no such file"):
        find_pictures(["nowhere.png"], nothing)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "secret.png"
    path.write_bytes(b"x")
    path.chmod(0)

    with pytest.raises(InputError, match=r"secret\.png: cannot be read"):
        find_pictures([str(path)], nothing)


def test_a_folder_without_pictures_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No pictures in"):
        find_pictures([str(tmp_path)], nothing)


def test_an_s3_prefix_stands_for_the_pictures_under_it() -> None:
    keys = ("in/", "in/a.png", "in/readme.md", "in/b c+d.JPG")

    found = find_pictures(["s3://bucket/in/"], lambda at: [S3Location(at.bucket, key) for key in keys])

    assert [each.name for each in found] == ["s3://bucket/in/a.png", "s3://bucket/in/b c+d.JPG"]


def test_an_empty_s3_prefix_is_an_error() -> None:
    with pytest.raises(InputError, match="No pictures under s3://bucket/in/"):
        find_pictures(["s3://bucket/in/"], nothing)


@pytest.mark.parametrize("key", ["a b.png", "a+b.png", "a%20b.png", "deep/../up.png", "größe.png"])
def test_an_s3_key_is_taken_as_it_stands(key: str) -> None:
    assert parse_s3_uri(f"s3://bucket/{key}") == S3Location("bucket", key)


def test_an_s3_uri_without_a_bucket_is_an_error() -> None:
    with pytest.raises(InputError, match="names no bucket"):
        parse_s3_uri("s3:///key.png")


def test_the_upload_key_depends_on_content_and_name_alone(tmp_path: Path) -> None:
    paths = [tmp_path / "one" / "a.png", tmp_path / "two" / "a.png", tmp_path / "three" / "a.png"]
    for path, content in zip(paths, (b"same", b"same", b"other"), strict=True):
        path.parent.mkdir()
        path.write_bytes(content)

    first, second, third = map(upload_key, paths)

    assert first == second != third
    assert first.endswith("/a.png")


def test_a_name_that_is_no_unicode_makes_a_key_that_is(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.png"))
    path.write_bytes(b"x")

    assert upload_key(path).encode("utf-8").endswith(b".png")
