"""What would take more memory or time than a function of 512 MB has is refused by its header."""

import struct
import time
from collections.abc import Callable

import pytest

from loupe_formats.budget import Budget, memory_of_all, memory_of_rows
from loupe_formats.errors import BrokenPictureError, FormatError, PictureTooLargeError
from loupe_formats.reading import read_header
from tests.unit.formats import files

BUDGET = Budget.from_environ({})
SIDE = 7071
TEXT = files.png_chunk(b"tEXt", b"k\0v")
NEXT_FRAME = b"\x2c" + struct.pack("<HHHHB", 0, 0, 8, 8, 0) + b"\x02\x02\x4c\x01\x00"
TOO_LARGE: dict[str, Callable[[], bytes]] = {
    "PNG, one row": lambda: files.png_file(50_000_000, 1, 16, 6),
    "PNG, one column, interlaced": lambda: files.png_file(1, 50_000_000, 8, 6, 1),
    "PNG, wide, 16 bits": lambda: files.png_file(100_000, 500, 16, 6),
    "PNG, interlaced, 16 bits": lambda: files.png_file(6700, 6700, 16, 6, 1),
    "PNG, interlaced, transparent colour": lambda: files.png_file(
        SIDE, SIDE, 16, 2, 1, files.png_chunk(b"tRNS", bytes(6))
    ),
    "BMP, one row in run lengths": lambda: files.bmp_file(50_000_000, 1, 8, 1, b"\1\1\0\0"),
    "GIF, canvas": lambda: files.gif_file(65_535, 65_535, (0, 0, 1, 1)),
    "GIF, frame beyond its canvas": lambda: files.gif_file(10, 10, (65_535, 65_535, 100, 100)),
    "GIF, wide": lambda: files.gif_file(65_535, 762),
    "JPEG, progressive CMYK": lambda: files.jpeg_file(65_500, 763, 4, 0xC2, [(1, 2, 3, 4)]),
    "JPEG, a component a scan": lambda: files.jpeg_file(SIDE, SIDE, 4, 0xC0, [(1,), (2,), (3,), (4,)]),
    "JPEG, scans": lambda: files.jpeg_file(SIDE, SIDE, 1, 0xC2, [(1,)] * 100),
    "JPEG, arithmetic scans": lambda: files.jpeg_file(SIDE, SIDE, 1, 0xCA, [(1,)] * 10),
    "JPEG, segments": lambda: files.jpeg_file(8, 8, before=files.jpeg_segment(0xE1, b"") * 6000),
    "JPEG, tables": lambda: files.jpeg_file(8, 8, before=files.jpeg_segment(0xC4, b"") * 6000),
    "WebP, canvas": lambda: files.webp_file(
        files.vp8x(16_777_216, 256), files.anmf(0, 0, 8, 8, files.vp8l(8, 8))
    ),
    "WebP, animation on a canvas": lambda: files.webp_file(
        files.vp8x(SIDE, SIDE), files.anmf(2, 2, 8, 8, files.vp8l(8, 8))
    ),
    "WebP, chunks": lambda: files.webp_file(files.vp8x(8, 8), files.riff_chunk(b"EXIF", b"") * 20_000),
    "TIFF, bands": lambda: files.tiff_file(files.grey_tiff(SIDE, bands=1000)),
    "TIFF, bits for each of many bands": lambda: files.tiff_file({**files.grey_tiff(4), 258: [8] * 200}),
    "TIFF, planes": lambda: files.tiff_file(files.grey_tiff(SIDE, bands=4, bits=16, planar=2)),
    "TIFF, tile": lambda: files.tiff_file(files.grey_tiff(100, tile_width=60_000, tile_length=16_000)),
    "TIFF, tiles": lambda: files.tiff_file(files.grey_tiff(SIDE, tile_width=1, tile_length=1)),
    "TIFF, strips": lambda: files.tiff_file(files.grey_tiff(1, length=2_000_000, rows=1)),
    "TIFF, scans of its JPEG": lambda: files.tiff_file(
        files.grey_tiff(SIDE, compression=7), b"\xff\xda\0\2\0" * 500
    ),
    "HEIC, sides": lambda: files.heif_file((60_000, 60_000)),
    "HEIC, tiles": lambda: files.heif_file((7000, 7000), tiles=5000, tile=(64, 64)),
    "HEIC, tiles that are larger than the picture": lambda: files.heif_file((600, 600), tiles=900),
    "AVIF, 49 megapixels": lambda: files.heif_file((7000, 7000), b"av01", b"avif"),
    "HEIC, boxes": lambda: files.ftyp(b"heic") + files.box(b"free", b"") * 30_000,
}
BROKEN: dict[str, Callable[[], bytes]] = {
    "PNG without a header": lambda: b"\x89PNG\r\n\x1a\n" + TEXT,
    "PNG without pixels": lambda: files.png_file(0, 4),
    "BMP without rows": lambda: files.bmp_file(SIDE, SIDE, 32),
    "BMP of no width": lambda: files.bmp_file(0, 5),
    "GIF without an image": lambda: b"GIF89a" + bytes(7) + b"\x3b",
    "JPEG without a frame": lambda: b"\xff\xd8" + files.jpeg_segment(0xE0, b"JFIF\0") + b"\xff\xd9",
    "JPEG with two frames": lambda: files.jpeg_file(
        8, 8, before=files.jpeg_segment(0xC0, b"\x08\0\x08\0\x08\x01\x01\x11\0")
    ),
    "JPEG whose height comes later (DNL)": lambda: files.jpeg_file(8, 0),
    "WebP without an image": lambda: files.webp_file(files.vp8x(8, 8)),
    "WebP of another size than its canvas": lambda: files.webp_file(
        files.vp8x(8, 8, 0), files.vp8l(9000, 9000)
    ),
    "TIFF with a count that lies": lambda: files.tiff_file(files.grey_tiff()).replace(
        struct.pack("<HHI", 273, 4, 1), struct.pack("<HHI", 273, 4, 0xFFFFFFFF)
    ),
    "TIFF with its directory beyond the end": lambda: b"II*\0\xff\xff\xff\x7f",
    "HEIC without a primary picture": lambda: files.ftyp(b"heic", b"mif1"),
    "HEIC with a box of no length": lambda: files.ftyp(b"heic") + struct.pack(">I4s", 4, b"meta"),
    "HEIC whose grid has no tiles": lambda: files.heif_file((64, 64), kind=b"grid"),
}


@pytest.mark.parametrize("name", TOO_LARGE)
def test_what_takes_too_much_is_refused(name: str) -> None:
    content = TOO_LARGE[name]()

    with pytest.raises(PictureTooLargeError, match=r"^The |^Decoding ") as failure:
        read_header(content, BUDGET)

    assert len(str(failure.value)) < 200


@pytest.mark.parametrize("name", BROKEN)
def test_what_contradicts_itself_is_broken(name: str) -> None:
    content = BROKEN[name]()

    with pytest.raises(BrokenPictureError, match="truncated or broken"):
        read_header(content, BUDGET)


@pytest.mark.parametrize("name", [*TOO_LARGE, *BROKEN])
def test_a_refusal_takes_no_time_to_speak_of(name: str) -> None:
    content = (TOO_LARGE | BROKEN)[name]()
    start = time.process_time()

    with pytest.raises(FormatError):
        read_header(content, BUDGET)

    assert time.process_time() - start < 0.5


def test_a_larger_function_takes_larger_pictures() -> None:
    content = files.png_file(SIDE, SIDE, 16, 6, 1)

    with pytest.raises(PictureTooLargeError, match="memory"):
        read_header(content, BUDGET)

    larger = Budget.from_environ({"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024"})
    assert read_header(content, larger).width == SIDE


@pytest.mark.parametrize("text", ["", "much", "-1"])
def test_without_a_usable_size_a_small_function_is_assumed(text: str) -> None:
    assert Budget.from_environ({"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": text}) == BUDGET


def test_fifty_megapixels_of_what_people_have_are_within_the_budget() -> None:
    progressive = [(1, 2, 3), (1,), (3,), (2,), (1,), (1,), (1, 2, 3), (3,), (2,), (1,)]
    for content in (
        files.jpeg_file(SIDE, SIDE),
        files.jpeg_file(SIDE, SIDE, 3, 0xC2, progressive),
        files.png_file(SIDE, SIDE),
        files.png_file(SIDE, SIDE, 8, 6, 1),
        files.png_file(SIDE, SIDE, 16, 6),
        files.webp_file(files.vp8l(SIDE, SIDE)),
        files.gif_file(SIDE, SIDE),
        files.tiff_file(files.grey_tiff(SIDE, bands=3, rows=16)),
        files.heif_file((8064, 6048), tiles=192),
    ):
        assert read_header(content, BUDGET).pixels > 48_000_000


def test_pillow_needs_more_memory_than_libvips_and_the_servers_budget_has_it() -> None:
    content = files.png_file(SIDE, SIDE, 8, 6)

    with pytest.raises(PictureTooLargeError):
        read_header(content, BUDGET, memory_of_all)

    header = read_header(content, Budget.from_environ({}, default_mib=2048), memory_of_all)
    assert memory_of_all(header) > 2 * memory_of_rows(header)


def test_only_the_first_frame_of_a_gif_is_handed_on() -> None:
    content = files.gif_file(8, 8, rest=NEXT_FRAME * 100_000 + b"\x3b")

    header = read_header(content, BUDGET)

    assert header.content == files.gif_file(8, 8)


def test_only_the_first_page_of_a_tiff_is_handed_on() -> None:
    circle = files.tiff_file(files.grey_tiff(), bytes(16), following=8)

    assert read_header(circle, BUDGET).content == files.tiff_file(files.grey_tiff(), bytes(16))


def test_an_animated_webp_is_handed_on_as_its_first_frame() -> None:
    frames = files.anmf(0, 0, 20, 10, files.vp8l(20, 10)) * 3

    header = read_header(files.webp_file(files.vp8x(20, 10), frames), BUDGET)

    assert (header.width, header.height) == (20, 10)
    assert b"ANMF" not in header.content
    assert read_header(header.content, BUDGET).content == header.content


@pytest.mark.parametrize(
    "extra",
    [
        TEXT * 5000,
        b"".join(files.png_chunk(b"zTXt", b"k\0\0" + files.zlib_bomb(2 << 20)) for _ in range(10)),
        files.png_chunk(b"iTXt", b"k\0\1\0\0\0" + files.zlib_bomb(2 << 20)),
        files.png_chunk(b"iCCP", b"x\0\0" + files.zlib_bomb(8 << 20)),
        files.png_chunk(b"eXIf", bytes(100_000)),
        files.png_chunk(b"sPLT", b"p\0\x08" + bytes(600)) * 2000,
        files.png_chunk(b"acTL", struct.pack(">II", 1000, 0)),
    ],
    ids=["texts", "packed texts", "international text", "profile", "EXIF", "palettes", "animation"],
)
def test_a_png_goes_on_without_what_is_not_its_picture(extra: bytes) -> None:
    assert read_header(files.plain_png(extra=extra), BUDGET).content == files.plain_png()


def test_a_png_keeps_what_its_colours_depend_on() -> None:
    extra = files.png_chunk(b"gAMA", struct.pack(">I", 45455)) + files.png_chunk(b"sRGB", b"\0")
    content = files.plain_png(extra=extra)

    assert read_header(content, BUDGET).content is content


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_a_heif_that_is_turned_swaps_its_sides(turns: int) -> None:
    header = read_header(files.heif_file((400, 300), turns=turns), BUDGET)

    assert (header.orientation == 6) == (turns in (1, 3))
