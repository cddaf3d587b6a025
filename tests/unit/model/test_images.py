"""Any picture becomes the same pixels, however its file holds them; hostile bytes become one error."""

import io
import struct
import warnings
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from model.errors import ImageTooLargeError, UnreadableImageError
from model.images import Pixels, read_pixels
from model.spec import InputSpec

# Of the filters this one does not overshoot at edges, so that flat areas stay flat.
GREY = InputSpec(width=4, height=4, channels=1, color="L", filter="bilinear")
COLOR = InputSpec(width=4, height=4, channels=3, color="RGB")


def encoded(image: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def corners(width: int = 40, height: int = 40) -> Image.Image:
    """Red, green, blue and white quarters: clockwise from the top left."""
    image = Image.new("RGB", (width, height), "white")
    image.paste("red", (0, 0, width // 2, height // 2))
    image.paste("lime", (width // 2, 0, width, height // 2))
    image.paste("blue", (width // 2, height // 2, width, height))
    return image


def test_colours_come_in_the_order_that_the_model_wants() -> None:
    picture = encoded(Image.new("RGB", (9, 5), (200, 100, 50)))

    assert read_pixels(picture, COLOR)[0, 0].tolist() == [200, 100, 50]
    bgr = InputSpec(width=4, height=4, channels=3, color="BGR")
    assert read_pixels(picture, bgr)[0, 0].tolist() == [50, 100, 200]


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"])
def test_every_format_gives_the_picture(form: str) -> None:
    options = (
        {"lossless": True} if form == "WEBP" else {"quality": 100, "subsampling": 0} if form == "JPEG" else {}
    )

    pixels = read_pixels(encoded(corners(), form, **options), COLOR).astype(int)

    assert abs(pixels[0, 0] - [255, 0, 0]).max() < 12
    assert abs(pixels[0, 3] - [0, 255, 0]).max() < 12
    assert abs(pixels[3, 3] - [0, 0, 255]).max() < 12
    assert abs(pixels[3, 0] - [255, 255, 255]).max() < 12


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("size", [(40, 40), (60, 30)])
@pytest.mark.parametrize("resize", ["stretch", "center_crop"])
def test_every_orientation_ends_upright(orientation: int, size: tuple[int, int], resize: str) -> None:
    upright = corners(*size)
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = upright.transpose(undo[orientation]) if orientation in undo else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    spec = InputSpec(width=8, height=4, channels=3, color="RGB", resize=resize, filter="bilinear")

    turned = read_pixels(encoded(stored, exif=exif), spec)

    assert np.abs(turned.astype(int) - read_pixels(encoded(upright), spec)).max() <= 1


def grey_of(image: Image.Image, form: str = "PNG", **options: Any) -> int:
    pixels = read_pixels(encoded(image, form, **options), GREY)
    assert pixels.min() == pixels.max()
    return int(pixels[0, 0, 0])


def test_sixteen_bits_become_eight_by_scale_not_by_clipping() -> None:
    half = Image.fromarray(np.full((6, 6), 0x8000, np.uint16))

    assert grey_of(half) == 128
    assert grey_of(half, "TIFF") == 128


def test_a_dark_sixteen_bit_picture_stays_dark() -> None:
    assert grey_of(Image.fromarray(np.full((6, 6), 200, np.uint16))) == 1


def test_floats_from_nought_to_one_fill_the_range() -> None:
    assert grey_of(Image.fromarray(np.full((6, 6), 0.5, np.float32)), "TIFF") == 128


def test_one_bit_a_palette_and_grey_read_alike() -> None:
    white = Image.new("L", (6, 6), 255)

    assert grey_of(white) == grey_of(white.convert("1")) == grey_of(white.convert("P")) == 255


def test_transparency_is_laid_on_white() -> None:
    clear = Image.new("RGBA", (6, 6), (0, 0, 0, 0))
    half = Image.new("RGBA", (6, 6), (0, 0, 0, 128))
    palette = Image.new("P", (6, 6), 0)
    palette.putpalette([0, 0, 0, 9, 9, 9])

    assert grey_of(clear) == 255
    assert grey_of(half) == 127
    assert grey_of(clear.convert("LA")) == 255
    assert grey_of(palette, transparency=0) == 255
    assert grey_of(Image.new("L", (6, 6), 7), transparency=7) == 255


def test_cmyk_becomes_its_colour() -> None:
    cmyk = Image.new("CMYK", (8, 8), (0, 255, 255, 0))

    red, green, blue = read_pixels(encoded(cmyk, "JPEG", quality=100), COLOR)[0, 0]

    assert (red > 240, green < 15, blue < 15) == (True, True, True)


def test_an_animation_is_its_first_frame() -> None:
    frames = [Image.new("L", (6, 6), value) for value in (50, 200)]

    assert abs(grey_of(frames[0], "GIF", save_all=True, append_images=frames[1:]) - 50) <= 1


def test_center_crop_takes_the_middle_and_stretch_takes_all() -> None:
    image = Image.new("L", (300, 100), 0)
    image.paste(255, (80, 0, 220, 100))
    crop = replace(GREY, resize="center_crop")

    assert read_pixels(encoded(image), crop).min() == 255
    assert read_pixels(encoded(image), GREY).min() < 60


def test_resize_short_leaves_out_the_rim() -> None:
    image = Image.new("L", (80, 80), 255)
    image.paste(0, (6, 6, 74, 74))
    crop = replace(GREY, resize="center_crop", resize_short=8)

    assert read_pixels(encoded(image), crop).max() == 0


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1), (2, 2)])
@pytest.mark.parametrize("resize", ["stretch", "center_crop"])
def test_odd_sizes_have_the_wanted_shape(size: tuple[int, int], resize: str) -> None:
    spec = InputSpec(width=7, height=5, channels=3, color="RGB", resize=resize)

    assert read_pixels(encoded(Image.new("RGB", size)), spec).shape == (5, 7, 3)


def test_a_large_jpeg_reads_as_its_plain_decoding_does() -> None:
    ramp = np.linspace(0, 255, 1600, dtype=np.uint8)
    image = Image.fromarray(np.repeat(ramp[None, :], 1200, axis=0))
    spec = InputSpec(width=16, height=16, channels=1, color="L")

    difference = read_pixels(encoded(image, "JPEG", quality=95), spec).astype(int) - read_pixels(
        encoded(image), spec
    )

    assert np.abs(difference).max() <= 3


def test_a_file_is_read_as_its_bytes_are(tmp_path: Path) -> None:
    path = tmp_path / "weird näme +%20.png"
    path.write_bytes(encoded(corners()))

    assert np.array_equal(read_pixels(path, COLOR), read_pixels(path.read_bytes(), COLOR))


def png_claiming(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is enormous."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 64))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(("width", "height"), [(8000, 8000), (11000, 11000), (60000, 60000), (50_000_001, 1)])
def test_a_bomb_is_refused_before_it_is_decoded(width: int, height: int) -> None:
    with pytest.raises(ImageTooLargeError, match="megapixels"):
        read_pixels(png_claiming(width, height), GREY)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a picture",
        b"\xff\xd8\xff",
        b"\x89PNG\r\n\x1a\n",
        b"GIF89a",
        b"BM",
        b"RIFF\x00\x00\x00\x00WEBP",
        b"II*\x00\x08\x00\x00\x00",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%!PS-Adobe-3.0 EPSF-3.0\n",
        encoded(corners())[:-60],
        encoded(corners(400, 400), "JPEG")[:900],
        png_claiming(0, 4),
    ],
)
def test_what_cannot_be_read_is_one_error_with_a_reason(data: bytes) -> None:
    with pytest.raises(UnreadableImageError, match=r"\w"):
        read_pixels(data, GREY)


SEEDS: list[bytes] = [encoded(corners(), form) for form in ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")]


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(
    seed=st.sampled_from(SEEDS),
    cuts=st.lists(st.tuples(st.integers(0, 10**6), st.binary(max_size=4)), max_size=6),
)
def test_damaged_files_are_read_or_refused_and_nothing_else(
    seed: bytes, cuts: list[tuple[int, bytes]]
) -> None:
    data = bytearray(seed)
    for place, patch in cuts:
        start = place % max(1, len(data))
        data[start : start + len(patch)] = patch
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            pixels: Pixels | None = read_pixels(bytes(data), COLOR)
        except UnreadableImageError:
            pixels = None
    assert pixels is None or pixels.shape == (4, 4, 3)
