"""WebP, an animation as its first frame. Source: RFC 9649."""

import struct
from collections.abc import Iterator

from loupe_formats.errors import BrokenPictureError, PictureTooLargeError
from loupe_formats.formats import ImageFormat
from loupe_formats.header import Header

MAX_CHUNKS = 10_000
ANIMATION, ALPHA = 0x02, 0x10
FRAME_HEADER = 16


def read_webp(content: bytes) -> Header:
    """Raises BrokenPictureError, PictureTooLargeError."""
    canvas: tuple[int, int] | None = None
    for kind, start, end in _chunks(content, 12, len(content)):
        if kind == b"VP8X" and end - start >= 10:
            canvas = _wide(content, start + 4), _wide(content, start + 7)
        elif kind == b"ANMF" and canvas is not None:
            return _first_frame(content, start, end, canvas)
        elif kind in (b"VP8 ", b"VP8L"):
            width, height = _frame_size(content, kind, start)
            if canvas not in (None, (width, height)):
                raise BrokenPictureError("its frame is not of its canvas's size")
            return _header(content, width, height, lossless=kind == b"VP8L")
    raise BrokenPictureError("it has no image")


def _header(content: bytes, width: int, height: int, *, lossless: bool, canvases: int = 0) -> Header:
    pixels = width * height
    return Header(
        format=ImageFormat.WEBP,
        content=content,
        width=width,
        height=height,
        bands=4,
        bits=8,
        # A lossless one is put together as 32-bit pixels. Shrunk while it is decoded, it is a good deal less.
        whole=pixels * 4 * (1 + canvases) if lossless or canvases else pixels * 3,
        work=pixels * 4 * (1 + canvases),
    )


def _first_frame(content: bytes, start: int, end: int, canvas: tuple[int, int]) -> Header:
    x, y = 2 * _triple(content, start), 2 * _triple(content, start + 3)
    size = _wide(content, start + 6), _wide(content, start + 9)
    parts, frame = [], b""
    for kind, begin, finish in _chunks(content, start + FRAME_HEADER, end):
        if kind not in (b"ALPH", b"VP8 ", b"VP8L"):
            continue
        parts.append(content[begin - 8 : finish + (finish - begin) % 2])
        if kind != b"ALPH":
            frame = kind
            if _frame_size(content, kind, begin) != size:
                raise BrokenPictureError("its first frame is not of the size that it says")
            break
    if not frame:
        raise BrokenPictureError("its first frame has no image")
    if (x, y) != (0, 0) or size != canvas:
        # The frame lies on a canvas, which only the animation's decoder draws.
        return _header(content, *canvas, lossless=True, canvases=2)
    flags = ALPHA if len(parts) > 1 or frame == b"VP8L" else 0
    extended = struct.pack("<4sIB3x", b"VP8X", 10, flags) + _narrow(size[0]) + _narrow(size[1])
    body = b"WEBP" + extended + b"".join(parts)
    still = b"RIFF" + struct.pack("<I", len(body)) + body
    return _header(still, *size, lossless=frame == b"VP8L")


def _chunks(content: bytes, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """(kind, start, end) of the chunks' data between two places; the last one may be cut short."""
    for _ in range(MAX_CHUNKS):
        if at + 8 > end:
            return
        kind, length = content[at : at + 4], int.from_bytes(content[at + 4 : at + 8], "little")
        yield kind, at + 8, min(at + 8 + length, end)
        at += 8 + length + length % 2
    raise PictureTooLargeError(f"The WebP has over {MAX_CHUNKS:,} chunks.")


def _frame_size(content: bytes, kind: bytes, start: int) -> tuple[int, int]:
    if kind == b"VP8L":
        if len(content) < start + 5 or content[start] != 0x2F:
            raise BrokenPictureError("its image is cut short")
        bits = int.from_bytes(content[start + 1 : start + 5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if content[start + 3 : start + 6] != b"\x9d\x01\x2a" or len(content) < start + 10:
        raise BrokenPictureError("its image is cut short")
    width, height = struct.unpack_from("<HH", content, start + 6)
    if not width & 0x3FFF or not height & 0x3FFF:
        raise BrokenPictureError("its image has no pixels")
    return width & 0x3FFF, height & 0x3FFF


def _triple(content: bytes, at: int) -> int:
    return int.from_bytes(content[at : at + 3], "little")


def _wide(content: bytes, at: int) -> int:
    return _triple(content, at) + 1


def _narrow(value: int) -> bytes:
    return (value - 1).to_bytes(3, "little")
