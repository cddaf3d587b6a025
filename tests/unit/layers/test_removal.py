"""What goes of a deleted picture."""

import pytest

from loupe_core.contract import COPIES, ImageReference, place_digest
from loupe_core.removal import remove_made, remove_upload
from tests.unit.layers.images_table import Pictures

DIGEST = place_digest(ImageReference("uploads", "cat.jpg"))


@pytest.mark.parametrize(("version", "part"), [("v1", "v1"), (None, "only"), ("", "only")])
def test_all_that_was_made_of_a_version_goes(version: str | None, part: str) -> None:
    pictures = Pictures()
    remove_made(pictures, "made", ImageReference("uploads", "cat.jpg", version))

    assert {each.bucket for each in pictures.removed} == {"made"}
    assert {each.version_id for each in pictures.removed} == {None}
    drawn, faces, *copies = (each.key for each in pictures.removed)
    assert (drawn, faces) == ("cat.jpg", f"faces/{DIGEST}/{part}.jpg")
    assert set(copies) == {f"copies/{DIGEST}/{name}" for name in COPIES.values()}


def test_an_upload_goes_first_and_only_the_version_that_was_meant() -> None:
    pictures, kept = Pictures(), Pictures()
    remove_upload(pictures, "made", ImageReference("uploads", "cat.jpg", "v1"))
    remove_upload(kept, "made", ImageReference("uploads", "cat.jpg"))

    assert pictures.removed[0] == ImageReference("uploads", "cat.jpg", "v1")
    assert {each.bucket for each in pictures.removed[1:]} == {"made"}
    # Its key may hold a newer picture.
    assert {each.bucket for each in kept.removed} == {"made"}
