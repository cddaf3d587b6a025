"""BMP, run lengths expanded. Source: Microsoft's "Bitmap Storage" and [MS-WMF] 3.1.6."""

import struct

from loupe_formats.budget import MAX_PIXELS
from loupe_formats.errors import BrokenPictureError, PictureTooLargeError
from loupe_formats.formats import ImageFormat
from loupe_formats.header import Header

OLD_HEADER, FULL_HEADER = 12, 40
RGB, RLE8, RLE4, BIT_FIELDS, ALPHA_FIELDS = 0, 1, 2, 3, 6
BITS = (1, 2, 4, 8, 16, 24, 32)
# An encoder needs a few for a row. A million of them take a second.
NIBBLES = [bytes((byte >> 4, byte & 15)) for byte in range(256)]
CUT_SHORT = "The BMP is truncated or broken: its run lengths end too early."
MAX_RUNS = 1_000_000


def read_bmp(content: bytes) -> Header:
    """Raises BrokenPictureError, PictureTooLargeError."""
    size = int.from_bytes(content[14:18], "little")
    if len(content) < 14 + size:
        raise BrokenPictureError("its header is cut short")
    if size == OLD_HEADER:
        width, height, _, bits = struct.unpack_from("<HHHH", content, 18)
        compression = RGB
    else:
        width, height, _, bits = struct.unpack_from("<iiHH", content, 18)
        compression = struct.unpack_from("<I", content, 30)[0] if size >= FULL_HEADER else RGB
    height = abs(height)
    if width < 1 or not height or bits not in BITS:
        raise BrokenPictureError("its header is malformed")
    (start,) = struct.unpack_from("<I", content, 10)
    if compression not in (RLE8, RLE4) and width * height < MAX_PIXELS:
        stride = (width * bits + 31) // 32 * 4
        if len(content) < start + stride * (height - 1) + (width * bits + 7) // 8:
            raise BrokenPictureError("its rows are cut short")
    return Header(
        format=ImageFormat.BMP,
        content=content,
        width=width,
        height=height,
        bands=4 if bits == 32 else 3 if bits > 8 or _is_coloured(content, size, bits) else 1,
        bits=8,
        # The decoder's pixels, and their copy for libvips.
        whole=width * height * ((4 if bits > 8 else 1) + (4 if bits == 32 else 3 if bits > 8 else 1)),
        work=width * height * 4,
    )


def _is_coloured(content: bytes, size: int, bits: int) -> bool:
    """Whether a palette has a colour that is no grey."""
    entry = 3 if size == OLD_HEADER else 4
    count = struct.unpack_from("<I", content, 46)[0] if size >= FULL_HEADER else 0
    palette = content[14 + size : 14 + size + entry * min(count or 1 << bits, 256)]
    blue, green, red = (palette[offset::entry] for offset in range(3))
    return not blue == green == red


def expanded(content: bytes) -> bytes:
    """A BMP in run lengths as one of 8-bit indices without; any other as it is.

    Raises BrokenPictureError, PictureTooLargeError. The header has been read, and its pixels are few enough.
    """
    size = int.from_bytes(content[14:18], "little")
    if size < FULL_HEADER:
        return content
    width, height, _, bits, compression = struct.unpack_from("<iiHHI", content, 18)
    if compression not in (RLE8, RLE4):
        return content
    if height < 0 or bits != (8 if compression == RLE8 else 4):
        raise BrokenPictureError("The BMP is truncated or broken: its run lengths do not fit its header.")
    (start,) = struct.unpack_from("<I", content, 10)
    colours = struct.unpack_from("<I", content, 46)[0] or 1 << bits
    palette = content[14 + size : 14 + size + 4 * colours]
    if colours > 256 or len(palette) < 4 * colours:
        raise BrokenPictureError("The BMP is truncated or broken: its palette is cut short.")
    stride = -(-width // 4) * 4
    rows = _runs(content, start, width, height, stride, four_bits=compression == RLE4)
    head = FULL_HEADER + 14 + len(palette)
    return (
        b"BM"
        + struct.pack("<IHHI", head + len(rows), 0, 0, head)
        + struct.pack("<IiiHHIIiiII", FULL_HEADER, width, height, 1, 8, RGB, len(rows), 0, 0, colours, 0)
        + palette
        + rows
    )


def _runs(content: bytes, at: int, width: int, height: int, stride: int, *, four_bits: bool) -> bytearray:
    """The indices, a byte each, in rows of `stride` bytes."""
    rows = bytearray(stride * height)
    x = y = 0
    for _ in range(MAX_RUNS):
        if y >= height:
            return rows
        pair = content[at : at + 2]
        if len(pair) < 2:
            raise BrokenPictureError(CUT_SHORT)
        at += 2
        count, value = pair
        if count:
            count = min(count, width - x)
            run = bytes((value >> 4, value & 15)) * (count // 2 + 1) if four_bits else pair[1:] * count
            rows[y * stride + x : y * stride + x + count] = run[:count]
            x += count
        elif value == 0:
            x, y = 0, y + 1
        elif value == 1:
            return rows
        elif value == 2:
            right_down = content[at : at + 2]
            if len(right_down) < 2:
                raise BrokenPictureError(CUT_SHORT)
            x, y, at = min(width, x + right_down[0]), y + right_down[1], at + 2
        else:
            length = (value + 1) // 2 if four_bits else value
            data = content[at : at + length]
            if len(data) < length:
                raise BrokenPictureError(CUT_SHORT)
            at += length + length % 2
            if four_bits:
                data = b"".join(map(NIBBLES.__getitem__, data))
            count = min(value, width - x)
            rows[y * stride + x : y * stride + x + count] = data[:count]
            x += count
    raise PictureTooLargeError(f"The BMP is in over {MAX_RUNS:,} runs.")
