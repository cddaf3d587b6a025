"""The name under which an annotated picture is downloaded."""

import pytest

from loupe.commands.records import _file_name


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("uploads/dog.png", "dog-annotated.jpg"),
        ("uploads/..", "picture-annotated.jpg"),
        ("uploads/../.hidden", "hidden-annotated.jpg"),
        ("uploads/", "picture-annotated.jpg"),
        ("uploads/a b+c.tar.gz", "a b+c.tar-annotated.jpg"),
    ],
)
def test_a_download_lies_beside_its_original_and_in_no_other_folder(key: str, name: str) -> None:
    assert _file_name(key) == name


@pytest.mark.parametrize("letter", ["n", "ü", "日"])
def test_a_long_name_fits_a_file_system(letter: str) -> None:
    assert len(_file_name(f"uploads/{letter * 300}.png").encode()) <= 255
