"""The model input: what passes as it is, how large the rest becomes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from loupe_core.errors import CorruptImageError
from loupe_imaging.normalise import MAX_MODEL_INPUT, model_input, model_input_size
from loupe_imaging.picture import read_picture
from tests.unit.layers.pictures import encoded, jpeg, noise, opened, photo, png

EXIF_UPRIGHT = Image.Exif()
EXIF_UPRIGHT[0x010F] = "A camera's name"


@pytest.mark.parametrize(
    "content",
    [
        jpeg(1024, 700),
        jpeg(300, 200, exif=EXIF_UPRIGHT),
        jpeg(300, 200) + b"bytes behind the end",
        encoded(photo().convert("L"), "JPEG"),
        png(160, 160),
        png(1, 1),
        encoded(photo().convert("L"), "PNG"),
    ],
)
def test_a_small_plain_picture_passes_byte_for_byte(content: bytes) -> None:
    assert model_input(read_picture(content)) == content


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (jpeg(1025, 100), "too long"),
        (encoded(Image.fromarray(noise(400, 400)), "PNG"), "too many bytes"),
        (encoded(photo().convert("CMYK"), "JPEG"), "CMYK"),
        (encoded(photo().convert("RGBA"), "PNG"), "alpha"),
        (encoded(photo().quantize(32), "PNG"), "a palette"),
        (encoded(photo(), "WEBP"), "not JPEG or PNG"),
    ],
)
def test_anything_else_is_made_anew(content: bytes, why: str) -> None:
    result = model_input(read_picture(content))

    assert result != content, why
    assert len(result) <= MAX_MODEL_INPUT
    assert opened(result).mode == "RGB"


def test_a_broken_picture_does_not_pass_however_small() -> None:
    with pytest.raises(CorruptImageError, match="JPEG is truncated or broken"):
        model_input(read_picture(jpeg(200, 200)[:-500]))


def test_metadata_stays_behind() -> None:
    exif = Image.Exif()
    exif[0x010E] = "taken at home, 48.8584 N 2.2945 E"

    result = model_input(read_picture(encoded(photo(2000, 1500), "JPEG", exif=exif)))

    assert b"taken at home" not in result
    assert not opened(result).getexif()


def test_a_drawing_stays_lossless() -> None:
    drawing = Image.new("RGBA", (64, 48), (0, 0, 0, 255))

    result = opened(model_input(read_picture(encoded(drawing, "PNG"))))

    assert result.format == "PNG"
    assert np.asarray(result).max() == 0


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((4000, 3000), (640, 480)),
        ((3000, 4000), (480, 640)),
        ((640, 640), (640, 640)),
        ((500, 300), (500, 300)),
        ((4000, 1000), (1024, 256)),
        ((3000, 100), (3000, 100)),
        ((30000, 1), (4096, 1)),
        ((1, 30000), (1, 4096)),
        ((1, 1), (1, 1)),
    ],
)
def test_the_size_suits_models(size: tuple[int, int], expected: tuple[int, int]) -> None:
    assert model_input_size(*size) == expected


@given(st.integers(1, 50_000), st.integers(1, 50_000))
def test_no_size_is_enlarged_or_empty(width: int, height: int) -> None:
    new_width, new_height = model_input_size(width, height)

    assert 1 <= new_width <= width
    assert 1 <= new_height <= height
    assert max(new_width, new_height) <= 4096


@pytest.mark.parametrize("size", [(1000, 1000), (3000, 300), (256, 4096)])
def test_what_no_quality_makes_small_is_made_smaller(size: tuple[int, int]) -> None:
    content = encoded(Image.fromarray(noise(*size)), "PNG")

    result = model_input(read_picture(content))

    assert len(result) <= MAX_MODEL_INPUT
    width, height = opened(result).size
    assert width / height == pytest.approx(size[0] / size[1], rel=0.05)


@pytest.mark.parametrize("size", [(1, 30_000), (30_000, 1), (3, 20_000)])
def test_extreme_shapes_work(size: tuple[int, int]) -> None:
    content = encoded(Image.new("RGB", size, (90, 120, 40)), "PNG")

    assert len(model_input(read_picture(content))) <= MAX_MODEL_INPUT
