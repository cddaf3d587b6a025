"""Every format and mode that people upload becomes a model input: upright, 8 bits, sRGB or grey, small."""

import io
import struct
import zlib
from collections.abc import Callable

import numpy as np
import pytest
import pyvips
from PIL import Image, ImageCms

from loupe_imaging.normalise import MAX_MODEL_INPUT, model_input
from loupe_imaging.picture import read_picture
from tests.unit.layers.pictures import display_profile, encoded, mean_colour, opened, pattern, photo

COLOUR = mean_colour(encoded(photo(), "PNG"))
WIDE = np.arange(240 * 320, dtype=np.uint16).reshape(240, 320)


def vips(interpretation: str, kind: str, cast: str, factor: float = 1, **options: object) -> bytes:
    """The usual photo through libvips, for what Pillow cannot write."""
    image = pyvips.Image.new_from_array(pattern(320, 240)) * factor
    content: bytes = image.cast(cast).copy(interpretation=interpretation).write_to_buffer(kind, **options)
    return content


def lab_tiff() -> bytes:
    image = pyvips.Image.new_from_array(pattern(320, 240)).copy(interpretation="srgb")
    content: bytes = image.colourspace("lab").tiffsave_buffer()
    return content


def translucent() -> Image.Image:
    """The photo where alpha is full, which is its upper half; beneath, nothing."""
    image = photo().convert("RGBA")
    alpha = Image.new("L", image.size, 0)
    alpha.paste(255, (0, 0, 320, 120))
    image.putalpha(alpha)
    return image


def rotating_gif() -> bytes:
    frames = [photo().quantize(128), Image.new("P", (320, 240), 3), Image.new("P", (320, 240), 5)]
    return encoded(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=40)


def run_length_bitmap() -> bytes:
    """An 8-bit RLE bitmap of 64 × 64: sixty-four runs of one grey."""
    palette = b"".join(bytes((grey, grey, grey, 0)) for grey in range(256))
    rows = b"".join(bytes((64, grey * 4, 0, 0)) for grey in range(64)) + b"\0\1"
    offset = 54 + len(palette)
    header = b"BM" + struct.pack("<IHHI", offset + len(rows), 0, 0, offset)
    info = struct.pack("<IiiHHIIiiII", 40, 64, 64, 1, 8, 1, len(rows), 0, 0, 256, 0)
    return header + info + palette + rows


# What it is called: its bytes, and whether it is grey.
COLOURED: dict[str, Callable[[], bytes]] = {
    "jpeg": lambda: encoded(photo(), "JPEG", quality=95),
    "progressive jpeg": lambda: encoded(photo(), "JPEG", progressive=True, quality=95),
    "jpeg without subsampling": lambda: encoded(photo(), "JPEG", subsampling=0, quality=95),
    "png": lambda: encoded(photo(), "PNG"),
    "interlaced png": lambda: vips("srgb", ".png", "uchar", interlace=True),
    "16-bit png": lambda: vips("rgb16", ".png", "ushort", factor=257),
    "palette png": lambda: encoded(photo().quantize(256), "PNG"),
    "opaque rgba png": lambda: encoded(photo().convert("RGBA"), "PNG"),
    "webp": lambda: encoded(photo(), "WEBP", quality=95),
    "lossless webp": lambda: encoded(photo(), "WEBP", lossless=True),
    "animated gif": rotating_gif,
    "bmp": lambda: encoded(photo(), "BMP"),
    "palette bmp": lambda: encoded(photo().quantize(256), "BMP"),
    "32-bit bmp": lambda: encoded(photo().convert("RGBA"), "BMP"),
    "tiff": lambda: encoded(photo(), "TIFF"),
    "lzw tiff": lambda: encoded(photo(), "TIFF", compression="tiff_lzw"),
    "jpeg tiff": lambda: encoded(photo(), "TIFF", compression="jpeg", quality=95),
    "deflate tiff of palette": lambda: encoded(
        photo().quantize(256), "TIFF", compression="tiff_adobe_deflate"
    ),
    "tiled tiff": lambda: vips("srgb", ".tif", "uchar", tile=True),
    "big tiff": lambda: vips("srgb", ".tif", "uchar", bigtiff=True),
    "16-bit tiff": lambda: vips("rgb16", ".tif", "ushort", factor=257),
    "float tiff": lambda: vips("srgb", ".tif", "float", factor=1 / 255),
    "lab tiff": lab_tiff,
}
GREY: dict[str, Callable[[], bytes]] = {
    "grey jpeg": lambda: encoded(photo().convert("L"), "JPEG"),
    "grey png": lambda: encoded(photo().convert("L"), "PNG"),
    "1-bit png": lambda: encoded(photo().convert("1"), "PNG"),
    "grey and alpha png": lambda: encoded(photo().convert("LA"), "PNG"),
    "16-bit grey png": lambda: encoded(Image.fromarray(WIDE), "PNG"),
    "1-bit fax tiff": lambda: encoded(photo().convert("1"), "TIFF", compression="group4"),
    "16-bit grey tiff": lambda: encoded(Image.fromarray(WIDE), "TIFF"),
    "float grey tiff": lambda: encoded(Image.fromarray(WIDE.astype(np.float32)), "TIFF"),
    "32-bit grey tiff": lambda: encoded(Image.fromarray(WIDE.astype(np.int32)), "TIFF"),
    "1-bit bmp": lambda: encoded(photo().convert("1"), "BMP"),
    "grey bmp": lambda: encoded(photo().convert("L"), "BMP"),
}


@pytest.mark.parametrize("name", COLOURED)
def test_a_coloured_picture_keeps_its_colours(name: str) -> None:
    content = COLOURED[name]()

    result = model_input(read_picture(content))

    assert len(result) <= MAX_MODEL_INPUT
    image = opened(result)
    assert (image.size, image.mode) == ((320, 240), "RGB")
    assert mean_colour(result) == pytest.approx(COLOUR, abs=4)


@pytest.mark.parametrize("name", GREY)
def test_a_grey_picture_stays_grey(name: str) -> None:
    image = opened(model_input(read_picture(GREY[name]())))

    assert (image.size, image.mode) == ((320, 240), "L")
    assert 60 < np.asarray(image).mean() < 200


def test_alpha_is_laid_on_white() -> None:
    image = opened(model_input(read_picture(encoded(translucent(), "PNG"))))

    assert image.mode == "RGB"
    assert np.asarray(image)[130:].min() > 245
    assert np.asarray(image)[:110].mean() < 200


def test_cmyk_with_and_without_a_profile_becomes_srgb() -> None:
    content = encoded(photo().convert("CMYK"), "JPEG", quality=95)

    result = model_input(read_picture(content))

    assert opened(result).mode == "RGB"
    # The generic profile of inks is duller than the screen: near is all that can be asked.
    assert mean_colour(result) == pytest.approx(COLOUR, abs=40)


def test_a_colour_profile_is_applied() -> None:
    """In this profile what is written as red is shown as blue."""
    swapped = io.BytesIO(display_profile(red="blue", blue="red"))
    content = encoded(Image.new("RGB", (300, 200), (220, 20, 20)), "PNG", icc_profile=swapped.getvalue())

    red, _, blue = mean_colour(model_input(read_picture(content)))

    assert blue > 150 > red


def test_an_srgb_profile_does_not_stop_a_small_picture_from_passing_as_it_is() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    content = encoded(photo(160, 120), "PNG", icc_profile=profile)

    assert model_input(read_picture(content)) == content


def test_a_broken_profile_is_ignored() -> None:
    content = encoded(photo(), "JPEG", icc_profile=b"no profile at all" * 9, quality=95)

    assert mean_colour(model_input(read_picture(content))) == pytest.approx(COLOUR, abs=4)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "TIFF", "WEBP", "PNG"])
def test_every_orientation_comes_out_upright(orientation: int, kind: str) -> None:
    upright = Image.new("RGB", (200, 120), "white")
    upright.paste((230, 20, 20), (0, 0, 100, 60))
    upright.paste((20, 20, 230), (100, 60, 200, 120))
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
    content = encoded(stored, kind, exif=exif)

    picture = read_picture(content)
    result = np.asarray(opened(model_input(picture)).convert("RGB")).astype(int)

    assert (picture.width, picture.height) == (200, 120)
    assert result.shape == (120, 200, 3)
    assert result[30, 50, 0] > 180 > result[30, 50, 2]
    assert result[90, 150, 2] > 180 > result[90, 150, 0]
    assert result[30, 150].min() > 220


def test_a_run_length_bitmap_is_read() -> None:
    image = opened(model_input(read_picture(run_length_bitmap())))

    assert image.size == (64, 64)
    assert np.asarray(image.convert("L"))[0, 0] > np.asarray(image.convert("L"))[-1, 0]


def test_an_animated_png_does_not_pass_as_it_is() -> None:
    frames = [photo(), photo().rotate(180)]
    content = encoded(frames[0], "PNG", save_all=True, append_images=frames[1:])

    assert model_input(read_picture(content)) != content


def test_the_profile_made_for_these_tests_is_one() -> None:
    assert zlib.crc32(display_profile("red", "blue")) != zlib.crc32(display_profile("blue", "red"))
    assert ImageCms.getProfileDescription(
        ImageCms.ImageCmsProfile(io.BytesIO(display_profile("red", "blue")))
    )
