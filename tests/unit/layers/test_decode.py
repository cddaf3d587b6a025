"""Shrinking while decoding gives what decoding and then shrinking gives, whichever way the picture lies."""

import numpy as np
import pytest
from PIL import Image

from loupe_imaging.decode import fitted
from loupe_imaging.picture import read_picture
from tests.unit.layers.pictures import encoded

ORIENTATION = 0x0112
# A JPEG of quality 92 is no nearer to what it was made of than 36 dB.
ALIKE_DECIBELS, ALIKE_FOR_EYES = 40, 35


@pytest.fixture(scope="module")
def photograph() -> Image.Image:
    from sklearn.datasets import load_sample_image  # a second, which collecting tests need not take

    return Image.fromarray(load_sample_image("china.jpg")).resize((1500, 1000), Image.Resampling.LANCZOS)


def decibels(one: Image.Image, other: Image.Image) -> float:
    difference = np.asarray(one, np.float64) - np.asarray(other, np.float64)
    return float(10 * np.log10(255**2 / (difference**2).mean()))


def as_pillow(image: object) -> Image.Image:
    return Image.fromarray(image.numpy())  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "size", [(1400, 933), (750, 500), (375, 250), (360, 240), (188, 125), (100, 67), (20, 13)]
)
def test_a_jpeg_shrunk_by_its_decoder_looks_the_same(photograph: Image.Image, size: tuple[int, int]) -> None:
    content = encoded(photograph, "JPEG", quality=92)

    result = as_pillow(fitted(read_picture(content), *size))

    assert result.size == size
    assert decibels(result, photograph.resize(size, Image.Resampling.LANCZOS)) > ALIKE_DECIBELS


@pytest.mark.parametrize("size", [(750, 500), (400, 267), (375, 250), (188, 125), (94, 63)])
def test_for_eyes_it_still_looks_the_same(photograph: Image.Image, size: tuple[int, int]) -> None:
    content = encoded(photograph, "JPEG", quality=92)

    result = as_pillow(fitted(read_picture(content), *size, for_eyes=True))

    assert result.size == size
    assert decibels(result, photograph.resize(size, Image.Resampling.LANCZOS)) > ALIKE_FOR_EYES


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_a_turned_jpeg_is_upright_after_shrinking(photograph: Image.Image, orientation: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    content = encoded(photograph, "JPEG", quality=92, exif=exif)
    turns = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_270, 8: Image.Transpose.ROTATE_90}
    upright = photograph.transpose(turns[orientation])
    size = (upright.width // 4, upright.height // 4)

    result = as_pillow(fitted(read_picture(content), *size))

    assert result.size == size
    assert decibels(result, upright.resize(size, Image.Resampling.LANCZOS)) > ALIKE_DECIBELS


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_other_colours_shrink_as_well(photograph: Image.Image, mode: str) -> None:
    content = encoded(photograph.convert(mode), "JPEG", quality=92)

    result = as_pillow(fitted(read_picture(content), 375, 250))

    assert result.mode == ("L" if mode == "L" else "RGB")
    assert abs(np.asarray(result, np.float64).mean() - np.asarray(photograph.convert("L")).mean()) < 25
