"""Reading a header: what a file is, and what is refused before a pixel is decoded."""

import struct
import zlib

import pytest

from loupe_core.errors import CorruptImageError, ImageTooLargeError, LoupeError, UnsupportedImageError
from loupe_core.limits import MAX_IMAGE_BYTES
from loupe_imaging.formats import ImageFormat, image_format
from loupe_imaging.normalise import model_input
from loupe_imaging.picture import read_picture
from tests.unit.layers.pictures import encoded, jpeg, photo, png

FORMATS = {"JPEG": "jpeg", "PNG": "png", "WEBP": "webp", "GIF": "gif", "BMP": "bmp", "TIFF": "tiff"}
NOT_PICTURES = {
    "nothing": (b"", "empty"),
    "a text": (b"Dear diary, today", "not a picture"),
    "a text that begins like a bitmap": (b"BMW builds cars in Munich", "not a picture"),
    "zero bytes": (bytes(5000), "not a picture"),
    "a PDF": (b"%PDF-1.7\n", "a PDF"),
    "an SVG": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "an SVG"),
    "an SVG with a prologue": (b"\xef\xbb\xbf<?xml version='1.0'?><svg/>", "an XML file or SVG"),
    "a web page": (b"<!DOCTYPE html><title>404</title>", "a web page"),
    "a JPEG XL": (b"\xff\x0a\xfa\x7f", "a JPEG XL"),
    "a JPEG XL in boxes": (b"\0\0\0\x0cJXL \x0d\x0a\x87\x0a", "a JPEG XL"),
    "a ZIP": (b"PK\x03\x04rest", "a ZIP archive"),
    "an icon": (b"\0\0\1\0\1\0", "an icon"),
    "a Photoshop file": (b"8BPS\0\1", "a Photoshop file"),
    "a portable pixmap": (b"P6 1 1 255 abc", "not a picture"),
    "a sound in a RIFF": (b"RIFF\0\0\0\0WAVEfmt ", "not a picture"),
}


@pytest.mark.parametrize("kind", FORMATS)
def test_a_header_tells_format_and_size(kind: str) -> None:
    picture = read_picture(encoded(photo(123, 45), kind))

    assert (picture.format.value, picture.width, picture.height) == (FORMATS[kind], 123, 45)


@pytest.mark.parametrize("name", NOT_PICTURES)
def test_what_is_no_picture_is_unsupported_and_says_what_it_is(name: str) -> None:
    content, said = NOT_PICTURES[name]

    with pytest.raises(UnsupportedImageError, match=said):
        read_picture(content)


def png_header(width: int, height: int, depth: int = 8, colour: int = 2, interlaced: int = 0) -> bytes:
    """A PNG that claims a size and holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(4000)))
    return b"\x89PNG\r\n\x1a\n" + body + chunk(b"IEND", b"")


def bitmap_header(width: int, height: int) -> bytes:
    return (
        b"BM"
        + struct.pack("<IHHI", 54, 0, 0, 54)
        + struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, *[0] * 6)
    )


BOMBS = {
    "png": png_header(100_000, 100_000),
    "png just over": png_header(50_001, 1000),
    "gif": b"GIF89a\xff\xff\xff\xff\x00\x00\x00,\0\0\0\0\xff\xff\xff\xff\0\x02\x02L\x01\0;",
    "bmp": bitmap_header(60_000, 60_000),
    "jpeg": jpeg(16, 16).replace(b"\x08\x00\x10\x00\x10\x03", b"\x08\xff\xdc\xff\xdc\x03"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_decompression_bomb_is_refused_by_its_header(name: str) -> None:
    with pytest.raises(ImageTooLargeError, match="megapixels"):
        read_picture(BOMBS[name])


def test_fifty_megapixels_are_not_too_many() -> None:
    assert read_picture(png_header(50_000, 1000)).width == 50_000


def test_over_25_megabytes_are_too_many() -> None:
    content = png() + bytes(26_000_000)

    with pytest.raises(ImageTooLargeError, match=r"26\.\d MB; at most 25 MB"):
        read_picture(content)


def test_25_megabytes_are_not_too_many() -> None:
    content = png()

    assert read_picture(content + bytes(MAX_IMAGE_BYTES - len(content))).format is ImageFormat.PNG


def test_an_interlaced_png_that_would_fill_the_worker_is_refused() -> None:
    with pytest.raises(ImageTooLargeError, match="memory"):
        read_picture(png_header(8000, 6000, depth=16, colour=6, interlaced=1))


def test_the_same_without_interlacing_is_read() -> None:
    assert read_picture(png_header(8000, 6000, depth=16, colour=6)).samples == "ushort"


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
def test_a_truncated_picture_is_corrupt(kind: str, part: float) -> None:
    content = encoded(photo(1300, 900), kind)

    with pytest.raises(CorruptImageError, match="truncated or broken") as failure:
        model_input(read_picture(content[: int(len(content) * part)]))

    assert len(str(failure.value)) < 250
    assert str(failure.value).isprintable()


@pytest.mark.parametrize("kind", FORMATS)
def test_bytes_behind_the_end_do_no_harm(kind: str) -> None:
    content = encoded(photo(1300, 900), kind) + b"sent from my phone" * 50

    assert model_input(read_picture(content))


@pytest.mark.parametrize("kind", FORMATS)
def test_the_first_bytes_alone_are_an_error_with_a_name(kind: str) -> None:
    content = encoded(photo(), kind)

    for length in range(1, 64):
        with pytest.raises(LoupeError):
            model_input(read_picture(content[:length]))


def test_a_bitmap_without_pixels_is_corrupt() -> None:
    with pytest.raises(CorruptImageError):
        read_picture(bitmap_header(0, 5))


def test_the_name_of_a_file_plays_no_part() -> None:
    assert image_format(png()) is ImageFormat.PNG
