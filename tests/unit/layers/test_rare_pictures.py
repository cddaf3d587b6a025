"""Valid but rare files are read; a JPEG that lacks its end marker too, but not one that lacks its picture."""

import struct
from collections.abc import Callable

import pytest
from PIL import Image

from loupe_core.errors import CorruptImageError, UnsupportedImageError
from loupe_imaging.normalise import model_input
from loupe_imaging.picture import read_picture
from model.errors import UnreadableImageError
from model.images import read_pixels
from model.spec import InputSpec
from tests.unit.formats import files
from tests.unit.layers.phones import avif, heic
from tests.unit.layers.pictures import display_profile, encoded, jpeg, lab_tiff, mean_colour, opened, photo

COLOUR = (200, 100, 50)
SPEC = InputSpec(width=32, height=32, channels=3, color="RGB")
END = b"\xff\xd9"


def planar(tiled: bool) -> bytes:
    """64 × 64 pixels of COLOUR, each of their bands in a plane of its own, in tiles of 32 or one strip."""
    parts = 4 if tiled else 1
    blocks = [bytes([value]) * (4096 // parts) for value in COLOUR for _ in range(parts)]
    shape = {322: [32], 323: [32]} if tiled else {278: [64]}
    offsets, sizes = (324, 325) if tiled else (273, 279)
    tags = {256: [64], 257: [64], 258: [8, 8, 8], 259: [1], 262: [2], 277: [3], 284: [2], **shape}
    tags |= {offsets: [0] * len(blocks), sizes: [len(block) for block in blocks]}
    start = len(files.tiff_file(tags))
    tags[offsets] = [start + number * len(blocks[0]) for number in range(len(blocks))]
    return files.tiff_file(tags, b"".join(blocks))


def old_style_jpeg() -> bytes:
    """Compression 6 of TIFF 6.0, a whole JPEG behind the directory."""
    content = encoded(Image.new("RGB", (64, 64), COLOUR), "JPEG", quality=95)
    tags = {256: [64], 257: [64], 258: [8, 8, 8], 259: [6], 262: [6], 277: [3], 278: [64], 284: [1]}
    tags |= {273: [0], 279: [len(content)], 513: [0], 514: [len(content)], 530: [2, 2]}
    start = len(files.tiff_file(tags))
    return files.tiff_file({**tags, 273: [start], 513: [start]}, content)


def bit_fields(bits: int) -> bytes:
    """A BMP of COLOUR whose masks are in its header: 5, 6 and 5 bits, or 8 each in version 5's."""
    header = 40 if bits == 16 else 124
    if bits == 16:
        pixel = struct.pack("<H", 25 << 11 | 25 << 5 | 6)
        masks = struct.pack("<III", 0xF800, 0x07E0, 0x1F)
    else:
        pixel, masks = bytes((50, 100, 200, 255)), struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    data = pixel * 256
    info = struct.pack("<IiiHHIIiiII", header, 16, 16, 1, bits, 3, len(data), 0, 0, 0, 0) + masks
    info = info.ljust(header, b"\0")
    start = 14 + len(info)
    return b"BM" + struct.pack("<IHHI", start + len(data), 0, 0, start) + info + data


RARE: dict[str, Callable[[], bytes]] = {
    "tiles in planes": lambda: planar(tiled=True),
    "strips in planes": lambda: planar(tiled=False),
    "old-style JPEG in TIFF": old_style_jpeg,
    "BMP of 16 bits in fields": lambda: bit_fields(16),
    "BMP of 32 bits in fields": lambda: bit_fields(32),
}


@pytest.mark.parametrize("name", RARE)
def test_a_rare_file_is_read(name: str) -> None:
    assert mean_colour(model_input(read_picture(RARE[name]()))) == pytest.approx(COLOUR, abs=8)


def test_what_libvips_refuses_goes_to_pillow() -> None:
    picture = read_picture(lab_tiff())

    assert picture.apart
    assert mean_colour(model_input(picture)) == pytest.approx(mean_colour(jpeg()), abs=12)


JPEGS = {
    "baseline": jpeg(400, 300),
    "progressive": jpeg(400, 300, progressive=True),
    "with restarts": jpeg(400, 300, restart_marker_blocks=4),
    "large": jpeg(2000, 1500),
}


@pytest.mark.parametrize("name", JPEGS)
def test_a_jpeg_without_its_end_marker_is_read(name: str) -> None:
    content = JPEGS[name]

    result = model_input(read_picture(content.removesuffix(END)))

    assert opened(result).tobytes() == opened(model_input(read_picture(content))).tobytes()
    assert (read_pixels(content.removesuffix(END), SPEC) == read_pixels(content, SPEC)).all()


@pytest.mark.parametrize("name", JPEGS)
@pytest.mark.parametrize("lacking", [8, 300])
def test_a_jpeg_that_lacks_picture_data_is_corrupt(name: str, lacking: int) -> None:
    content = JPEGS[name][:-lacking]

    with pytest.raises(CorruptImageError, match="truncated or broken"):
        model_input(read_picture(content))
    with pytest.raises(UnreadableImageError, match="broken"):
        read_pixels(content, SPEC)


@pytest.mark.parametrize("name", JPEGS)
def test_an_end_marker_does_not_hide_that_data_is_missing(name: str) -> None:
    with pytest.raises(CorruptImageError, match="a part of its picture is missing"):
        model_input(read_picture(JPEGS[name][:-300] + END))


def test_bytes_before_the_end_marker_do_no_harm() -> None:
    content = JPEGS["baseline"].removesuffix(END) + b"\0\1\2" * 9 + END

    assert opened(model_input(read_picture(content))).size == (400, 300)


@pytest.mark.parametrize("encode", [heic, avif])
def test_the_model_server_reads_phones_pictures(encode: Callable[[Image.Image], bytes]) -> None:
    image = Image.new("RGB", (64, 48), COLOUR)

    pixels = read_pixels(encode(image), SPEC)

    assert pixels.reshape(-1, 3).mean(axis=0).tolist() == pytest.approx(COLOUR, abs=6)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_the_model_server_applies_a_profile(kind: str) -> None:
    """In this profile what is written as red is shown as blue."""
    profile = display_profile(red="blue", blue="red")
    content = encoded(Image.new("RGB", (64, 64), (220, 20, 20)), kind, icc_profile=profile)

    red, _, blue = read_pixels(content, SPEC).reshape(-1, 3).mean(axis=0)

    assert blue > 150 > red


def test_the_model_server_refuses_what_takes_too_much() -> None:
    with pytest.raises(UnreadableImageError, match="memory"):
        read_pixels(files.tiff_file(files.grey_tiff(7071, bands=4, bits=64, planar=2)), SPEC)


def test_serving_and_preparing_agree_on_a_profiles_colours() -> None:
    content = encoded(photo(), "JPEG", quality=95, icc_profile=display_profile(red="blue", blue="red"))

    served = read_pixels(model_input(read_picture(content)), SPEC).reshape(-1, 3).mean(axis=0)

    assert read_pixels(content, SPEC).reshape(-1, 3).mean(axis=0).tolist() == pytest.approx(
        served.tolist(), abs=4
    )


@pytest.mark.parametrize("bits", [12, 16])
def test_a_jpeg_of_more_bits_than_decoders_have_is_named_and_not_called_broken(bits: int) -> None:
    content = bytearray(jpeg())
    frame = content.index(b"\xff\xc0")
    content[frame + 1], content[frame + 4] = 0xC1, bits

    with pytest.raises(UnsupportedImageError, match=f"a JPEG of {bits} bits a sample"):
        read_picture(bytes(content))
