"""The copies that others than a picture's owner see: how large they are, in pixels and in bytes."""

from pathlib import Path

import pytest
import pyvips

from loupe_imaging.copies import thumbnails
from tests.unit.layers.pictures import opened

PHOTOS = sorted((Path(__file__).parents[3] / "events" / "images").glob("*[a-z].jpg"))
# A gallery shows some sixty at once, in less than a megabyte.
CARDS, GALLERY_BYTES = 60, 1_000_000


@pytest.mark.parametrize("photo", PHOTOS, ids=lambda path: path.stem)
def test_sixty_cards_of_photos_are_less_than_a_megabyte(photo: Path) -> None:
    small = thumbnails(pyvips.Image.new_from_file(str(photo)))[320]

    assert max(opened(small).size) == 320
    assert len(small) * CARDS < GALLERY_BYTES


def test_the_gallery_is_held_to_photos() -> None:
    assert {"astronaut", "cat", "coffee"} <= {path.stem for path in PHOTOS}
