"""Files that claim, or decode to, far more than they weigh: small, and the same every time."""

import struct
import zlib
from collections.abc import Iterable

NOTHING = b""


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_file(
    width: int,
    height: int,
    depth: int = 8,
    colour: int = 2,
    interlaced: int = 0,
    extra: bytes = NOTHING,
    body: bytes | None = None,
) -> bytes:
    """A PNG whose pixels are `body`, by default next to nothing."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced)
    pixels = png_chunk(b"IDAT", zlib.compress(bytes(100) if body is None else body))
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + extra + pixels + png_chunk(b"IEND", NOTHING)


def plain_png(width: int = 8, height: int = 8, extra: bytes = NOTHING) -> bytes:
    """A sound one, all of one colour."""
    return png_file(width, height, extra=extra, body=(b"\0" + b"\x80\x40\x20" * width) * height)


def zlib_bomb(size: int) -> bytes:
    packer = zlib.compressobj(9)
    parts = [packer.compress(bytes(1 << 20)) for _ in range(size >> 20)]
    return b"".join([*parts, packer.flush()])


def jpeg_segment(marker: int, data: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", 2 + len(data)) + data


def jpeg_file(
    width: int,
    height: int,
    components: int = 3,
    frame: int = 0xC0,
    scans: Iterable[Iterable[int]] = ((1, 2, 3),),
    bits: int = 8,
    before: bytes = NOTHING,
) -> bytes:
    """Markers without sound data: what walking over them finds is all that matters."""
    parts = b"".join(bytes([number + 1, 0x11, 0]) for number in range(components))
    content = b"\xff\xd8" + before
    content += jpeg_segment(frame, struct.pack(">BHHB", bits, height, width, components) + parts)
    for scan in scans:
        names = list(scan)
        header = bytes([len(names)]) + b"".join(bytes([name, 0]) for name in names) + b"\0\x3f\0"
        content += jpeg_segment(0xDA, header) + b"\0\xff\0\0"
    return content + b"\xff\xd9"


def gif_file(
    width: int, height: int, frame: tuple[int, int, int, int] | None = None, rest: bytes = b"\x3b"
) -> bytes:
    """A canvas, one frame on it (left, top, width, height), and whatever follows."""
    left, top, across, down = frame or (0, 0, width, height)
    image = b"\x2c" + struct.pack("<HHHHB", left, top, across, down, 0) + b"\x02\x02\x4c\x01\x00"
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff" + image + rest


def bmp_file(
    width: int, height: int, bits: int = 24, compression: int = 0, data: bytes = NOTHING, header: int = 40
) -> bytes:
    palette = b"".join(bytes([n, n, n, 0]) for n in range(1 << bits)) if bits <= 8 else NOTHING
    start = 14 + header + len(palette)
    info = struct.pack("<IiiHHIIiiII", header, width, height, 1, bits, compression, len(data), 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", start + len(data), 0, 0, start) + info + palette + data


def tiff_file(tags: dict[int, list[int]], data: bytes = NOTHING, following: int = 0) -> bytes:
    """A little-endian TIFF; every field in 32 bits, `data` behind the directory."""
    end = 8 + 2 + 12 * len(tags) + 4
    entries, values = b"", b""
    for tag, numbers in sorted(tags.items()):
        packed = struct.pack(f"<{len(numbers)}I", *numbers)
        where = packed if len(numbers) == 1 else struct.pack("<I", end + len(values))
        values += NOTHING if len(numbers) == 1 else packed
        entries += struct.pack("<HHI", tag, 4, len(numbers)) + where
    head = b"II*\0" + struct.pack("<IH", 8, len(tags))
    return head + entries + struct.pack("<I", following) + values + data


def grey_tiff(side: int = 4, **changed: int) -> dict[int, list[int]]:
    """The fields of an uncompressed grey TIFF, one strip, its data behind them."""
    names = {"width": 256, "length": 257, "bits": 258, "compression": 259, "photometric": 262, "bands": 277}
    names |= {"rows": 278, "planar": 284, "tile_width": 322, "tile_length": 323}
    values = {"width": side, "length": side, "bits": 8, "compression": 1, "photometric": 1, "bands": 1}
    values |= {"rows": side, "planar": 1} | changed
    tags = {names[name]: [value] for name, value in values.items()}
    if "tile_width" in changed:
        tags |= {324: [8], 325: [side * side]}
    else:
        tags |= {273: [8 + 2 + 12 * (len(tags) + 2) + 4], 279: [side * side]}
    return tags


def riff_chunk(kind: bytes, data: bytes) -> bytes:
    return kind + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)


def webp_file(*chunks: bytes) -> bytes:
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def vp8x(width: int, height: int, flags: int = 0x02) -> bytes:
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return riff_chunk(b"VP8X", bytes([flags, 0, 0, 0]) + sides)


def vp8l(width: int, height: int) -> bytes:
    bits = (width - 1) | (height - 1) << 14
    return riff_chunk(b"VP8L", b"\x2f" + struct.pack("<I", bits) + bytes(8))


def anmf(x: int, y: int, width: int, height: int, frame: bytes) -> bytes:
    place = (x // 2).to_bytes(3, "little") + (y // 2).to_bytes(3, "little")
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return riff_chunk(b"ANMF", place + sides + bytes(4) + frame)


def box(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", 8 + len(data)) + kind + data


def ftyp(major: bytes, *compatible: bytes) -> bytes:
    return box(b"ftyp", major + bytes(4) + b"".join(compatible))


def heif_file(
    size: tuple[int, int],
    kind: bytes = b"hvc1",
    brand: bytes = b"heic",
    tiles: int = 0,
    tile: tuple[int, int] = (512, 512),
    turns: int = 0,
) -> bytes:
    """The boxes of a HEIF without its data; with `tiles` its primary item is a grid of so many."""

    def full(kind: bytes, data: bytes, version: int = 0) -> bytes:
        return box(kind, bytes([version, 0, 0, 0]) + data)

    def entry(number: int, codec: bytes) -> bytes:
        return full(b"infe", struct.pack(">HH", number, 0) + codec + b"\0", 2)

    parts = list(range(2, 2 + tiles))
    entries = [entry(1, b"grid" if tiles else kind)] + [entry(part, kind) for part in parts]
    properties = full(b"ispe", struct.pack(">II", *size)) + full(b"ispe", struct.pack(">II", *tile))
    properties += box(b"irot", bytes([turns]))
    owned = struct.pack(">HB", 1, 2) + b"\x81\x83"
    owned += b"".join(struct.pack(">HB", part, 1) + b"\x82" for part in parts)
    associations = full(b"ipma", struct.pack(">I", 1 + tiles) + owned)
    meta = full(b"pitm", struct.pack(">H", 1))
    meta += full(b"iinf", struct.pack(">H", len(entries)) + b"".join(entries))
    meta += box(b"iprp", box(b"ipco", properties) + associations)
    if tiles:
        reference = struct.pack(">HH", 1, tiles) + b"".join(struct.pack(">H", part) for part in parts)
        meta += full(b"iref", box(b"dimg", reference))
    return ftyp(brand, b"mif1", brand) + full(b"meta", meta)
