"""What face detection is given: the original where Rekognition can read it, else a copy within its limits."""

import numpy as np
import pytest
from PIL import Image

from loupe_imaging.faces import MAX_COPY_BYTES, faces_copy, may_hold_faces, original_will_do
from loupe_imaging.picture import read_picture
from tests.unit.layers.pictures import encoded, jpeg, noise, opened, photo, png

SIDEWAYS = Image.Exif()
SIDEWAYS[0x0112] = 6


@pytest.mark.parametrize(("size", "expected"), [((80, 80), True), ((79, 500), False), ((500, 79), False)])
def test_under_80_pixels_there_is_nothing_to_look_for(size: tuple[int, int], expected: bool) -> None:
    assert may_hold_faces(read_picture(png(*size))) is expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (jpeg(), True),
        (png(), True),
        (encoded(photo().convert("L"), "JPEG"), True),
        (jpeg(exif=SIDEWAYS), True),
        (png(exif=SIDEWAYS), False),
        (encoded(photo(), "WEBP"), False),
        (encoded(photo(), "TIFF"), False),
        (encoded(photo().convert("CMYK"), "JPEG"), False),
        (encoded(photo(4200, 100), "JPEG"), False),
        (png() + bytes(15 * 1024 * 1024), False),
    ],
)
def test_the_original_will_do_where_rekognition_reads_it(content: bytes, expected: bool) -> None:
    assert original_will_do(read_picture(content)) is expected


def test_a_copy_is_an_upright_jpeg_within_the_limits() -> None:
    content = encoded(photo(5000, 400), "TIFF", exif=SIDEWAYS)

    copy = faces_copy(read_picture(content))

    image = opened(copy)
    assert (image.format, image.size) == ("JPEG", (328, 4096))
    assert not image.getexif()


def test_a_narrow_picture_keeps_the_80_pixels_that_faces_need() -> None:
    assert opened(faces_copy(read_picture(png(8000, 100)))).size == (6400, 80)


def test_what_is_hard_to_compress_still_fits() -> None:
    content = encoded(Image.fromarray(noise(2600, 2600)), "BMP")

    copy = faces_copy(read_picture(content))

    assert len(copy) < MAX_COPY_BYTES
    assert np.asarray(opened(copy)).ndim == 3
