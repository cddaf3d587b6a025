"""PNG without what is not its picture. Source: W3C's PNG specification, third edition."""

import zlib

from loupe_formats.errors import BrokenPictureError
from loupe_formats.formats import ImageFormat
from loupe_formats.header import Header

MAX_PALETTE = 768
MAX_EXIF = 64 * 1024
MAX_PROFILE = 4 * 1024 * 1024
SIGNATURE = 8
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
POINTER = 8
PIXELS = (b"IDAT", b"IEND")
# What decides about pixels and colours. Text, times, suggested palettes and further frames do not.
KEPT = {
    b"IHDR": 13,
    b"PLTE": MAX_PALETTE,
    b"tRNS": 256,
    b"gAMA": 4,
    b"cHRM": 32,
    b"sRGB": 1,
    b"sBIT": 4,
    b"eXIf": MAX_EXIF,
    b"iCCP": MAX_PROFILE,
}


def read_png(content: bytes) -> Header:
    """Raises BrokenPictureError."""
    header = content[16:29]
    if content[12:16] != b"IHDR" or len(header) < 13:
        raise BrokenPictureError("its header is missing or cut short")
    width, height = int.from_bytes(header[:4], "big"), int.from_bytes(header[4:8], "big")
    depth, colour, interlaced = header[8], header[9], header[12]
    if not width or not height or depth not in DEPTHS.get(colour, ()):
        raise BrokenPictureError("its header is malformed")
    kept, has_transparency = _without_ancillary(content)
    channels = CHANNELS[colour]
    bands = (3 if colour == 3 else channels) + (has_transparency and colour in (0, 2, 3))
    row = (width * channels * depth + 7) // 8
    return Header(
        format=ImageFormat.PNG,
        content=kept,
        width=width,
        height=height,
        bands=bands,
        bits=max(8, depth),
        # An interlaced one is put together in memory, with a pointer to each row.
        whole=width * height * bands * max(8, depth) // 8 + height * POINTER if interlaced else 0,
        piece=2 * row,
        work=width * height * channels,
        simple=depth == 8 and colour in (0, 2) and not has_transparency,
    )


def _without_ancillary(content: bytes) -> tuple[bytes, bool]:
    """The file with the chunks of its picture alone, and whether tRNS is among them."""
    parts: list[bytes] = []
    # From `begin` on lie chunks that are kept, or from `drop` on, where it is set, ones that are not.
    begin, drop, at, has_transparency = 0, -1, SIGNATURE, False
    size = len(content)
    while at < size:
        kind = content[at + 4 : at + 8]
        end = at + 12 + int.from_bytes(content[at : at + 4], "big")
        if kind in PIXELS or _is_kept(content, kind, at, end):
            if drop >= 0:
                parts.append(content[begin:drop])
                begin, drop = at, -1
            if kind == b"IEND":
                break
            has_transparency |= kind == b"tRNS"
        elif drop < 0:
            drop = at
        at = end
    if not parts and drop < 0:
        return content, has_transparency
    return b"".join([*parts, content[begin : drop if drop >= 0 else size]]), has_transparency


def _is_kept(content: bytes, kind: bytes, at: int, end: int) -> bool:
    largest = KEPT.get(kind)
    if largest is None:
        # A critical chunk that is not known, or one that is cut short, is for the decoder to complain of.
        return kind[:1].isupper() or end > len(content)
    if end - at - 12 > largest:
        return False
    return kind != b"iCCP" or _is_small_profile(content[at + 8 : end - 4])


def _is_small_profile(data: bytes) -> bool:
    """Whether an iCCP's profile unpacks to no more than 4 MB; a broken one need not be kept either."""
    _, _, packed = data.partition(b"\0")
    unpacker = zlib.decompressobj()
    try:
        unpacker.decompress(packed[1:], MAX_PROFILE)
    except zlib.error:
        return False
    return unpacker.eof
