"""HEIC and AVIF: the primary picture's size and how it is put together.

Sources: ISO/IEC 14496-12 (boxes), ISO/IEC 23008-12 (HEIF), the AVIF specification.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from loupe_formats.errors import BrokenPictureError, NotAPictureError, PictureTooLargeError
from loupe_formats.formats import ACCEPTED, ImageFormat
from loupe_formats.header import Header

MAX_BOXES = 20_000
MAX_TILES = 1_024
MAX_DERIVATIONS = 4
# A quarter turn swaps the sides; which way round it goes is the decoder's to know.
UPRIGHT, QUARTER_TURN = 1, 6
# A pixel as luma and chroma, and as RGB; Pillow keeps two more copies of an AVIF.
HEIC_BYTES = (4.5, 6.0)
AVIF_BYTES = 9.0
CODECS = {b"hvc1": ImageFormat.HEIC, b"hev1": ImageFormat.HEIC, b"av01": ImageFormat.AVIF}
DERIVED = (b"grid", b"iden", b"iovl", b"tmap")
OTHER_CODECS = {
    b"jpeg": "JPEG",
    b"avc1": "H.264",
    b"vvc1": "H.266",
    b"evc1": "EVC",
    b"j2k1": "JPEG 2000",
    b"unci": "uncompressed pixels",
    b"mski": "a mask",
}


@dataclass
class _Items:
    """What `meta` says. Properties are (kind, data), by the items that they belong to."""

    primary: int | None = None
    kinds: dict[int, bytes] = field(default_factory=dict)
    properties: list[tuple[bytes, bytes]] = field(default_factory=list)
    owned: dict[int, list[int]] = field(default_factory=dict)
    parts: dict[int, list[int]] = field(default_factory=dict)

    def values(self, item: int, kind: bytes) -> Iterator[bytes]:
        """The data of an item's properties of a kind."""
        for index in self.owned.get(item, ()):
            if 1 <= index <= len(self.properties) and self.properties[index - 1][0] == kind:
                yield self.properties[index - 1][1]

    def size(self, item: int) -> tuple[int, int]:
        data = next(self.values(item, b"ispe"), b"")
        if len(data) < 12:
            raise BrokenPictureError("its picture has no size")
        width, height = _number(data, 4, 4), _number(data, 8, 4)
        if not width or not height:
            raise BrokenPictureError("its picture has no pixels")
        return width, height


class _Reader:
    """Walks over boxes, and counts them."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.count = 0

    def boxes(self, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
        """(kind, start, end) of the boxes' data between two places."""
        while at + 8 <= end:
            self.count += 1
            if self.count > MAX_BOXES:
                raise PictureTooLargeError(f"The file has over {MAX_BOXES:,} boxes.")
            length, kind, head = _number(self.content, at, 4), self.content[at + 4 : at + 8], 8
            if length == 1:
                length, head = _number(self.content, at + 8, 8), 16
            elif length == 0:
                length = end - at
            if length < head:
                raise BrokenPictureError("a box has no length")
            yield kind, at + head, min(at + length, end)
            at += length


def read_heif(content: bytes, kind: ImageFormat) -> Header:
    """Raises NotAPictureError for a codec that is not read, BrokenPictureError, PictureTooLargeError."""
    reader = _Reader(content)
    items, film = _Items(), (0, 0)
    for name, start, end in reader.boxes(0, len(content)):
        if name == b"meta":
            _read_meta(reader, start + 4, end, items)
        elif name == b"moov":
            film = film if any(film) else _film_size(reader, start, end)
    if items.primary is None:
        if kind is ImageFormat.AVIF and all(film):
            return _header(content, kind, film, 8, UPRIGHT)
        raise BrokenPictureError("it has no primary picture")
    return _primary(content, items, items.primary)


def _primary(content: bytes, items: _Items, primary: int) -> Header:
    size = items.size(primary)
    tiles, codec = _leaves(items, primary)
    if codec not in CODECS:
        named = OTHER_CODECS.get(codec, "a codec that is not known")
        raise NotAPictureError(f"The file is a HEIF with {named} in it; a picture must be a {ACCEPTED}.")
    if len(tiles) > MAX_TILES:
        raise PictureTooLargeError(
            f"The picture is in {len(tiles):,} tiles; at most {MAX_TILES:,} are allowed."
        )
    sizes = [items.size(tile) for tile in tiles]
    decoded = sum(width * height for width, height in sizes)
    # The tiles of the last row and column may reach beyond the picture.
    widest, highest = max(width for width, _ in sizes), max(height for _, height in sizes)
    if decoded > (size[0] + widest) * (size[1] + highest):
        raise PictureTooLargeError("The picture's tiles are far larger than the picture.")
    quarters = sum(data[0] & 1 for data in items.values(primary, b"irot") if data)
    bits = max((data[5] for data in items.values(tiles[0], b"pixi") if len(data) > 5), default=8)
    return _header(content, CODECS[codec], size, bits, QUARTER_TURN if quarters % 2 else UPRIGHT, decoded)


def _header(
    content: bytes, kind: ImageFormat, size: tuple[int, int], bits: int, orientation: int, decoded: int = 0
) -> Header:
    pixels = max(size[0] * size[1], decoded)
    return Header(
        format=kind,
        content=content,
        width=size[0],
        height=size[1],
        bands=3,
        bits=8,
        whole=int(pixels * (AVIF_BYTES if kind is ImageFormat.AVIF else HEIC_BYTES[bits > 8])),
        work=pixels * 3,
        orientation=orientation,
    )


def _leaves(items: _Items, item: int) -> tuple[list[int], bytes]:
    """The coded pictures that an item is put together from, and their codec."""
    for _ in range(MAX_DERIVATIONS):
        codec = items.kinds.get(item, b"")
        if codec not in DERIVED:
            return [item], codec
        parts = items.parts.get(item, [])
        if not parts:
            raise BrokenPictureError("its picture has no parts")
        if codec in (b"grid", b"iovl"):
            return parts, items.kinds.get(parts[0], b"")
        item = parts[0]
    raise BrokenPictureError("its picture is derived too often")


def _read_meta(reader: _Reader, start: int, end: int, items: _Items) -> None:
    content = reader.content
    for name, at, stop in reader.boxes(start, end):
        if name == b"pitm":
            items.primary = _number(content, at + 4, 2 if content[at : at + 1] == b"\0" else 4)
        elif name == b"iinf":
            first = at + (6 if content[at : at + 1] == b"\0" else 8)
            for inner, begin, finish in reader.boxes(first, stop):
                if inner == b"infe":
                    _read_entry(content[begin:finish], items)
        elif name == b"iprp":
            for inner, begin, finish in reader.boxes(at, stop):
                _read_properties(reader, inner, begin, finish, items)
        elif name == b"iref":
            wide = content[at : at + 1] != b"\0"
            for inner, begin, finish in reader.boxes(at + 4, stop):
                if inner == b"dimg":
                    _read_parts(content[begin:finish], wide, items)


def _read_properties(reader: _Reader, name: bytes, start: int, end: int, items: _Items) -> None:
    content = reader.content
    if name == b"ipco":
        found = reader.boxes(start, end)
        items.properties += [(kind, content[at : min(stop, at + 64)]) for kind, at, stop in found]
    elif name == b"ipma":
        _read_associations(content[start:end], items)


def _read_entry(data: bytes, items: _Items) -> None:
    if len(data) < 12 or data[0] < 2:
        return
    width = 2 if data[0] == 2 else 4
    items.kinds[_number(data, 4, width)] = data[6 + width : 10 + width]


def _read_associations(data: bytes, items: _Items) -> None:
    wide_item, wide_index = data[:1] != b"\0", bool(_number(data, 3, 1) & 1)
    at = 8
    for _ in range(_number(data, 4, 4)):
        width = 4 if wide_item else 2
        item, count = _number(data, at, width), _number(data, at + width, 1)
        at += width + 1
        step = 2 if wide_index else 1
        mask = 0x7FFF if wide_index else 0x7F
        items.owned.setdefault(item, []).extend(
            _number(data, at + index * step, step) & mask for index in range(count)
        )
        at += count * step


def _read_parts(data: bytes, wide: bool, items: _Items) -> None:
    width = 4 if wide else 2
    item, count = _number(data, 0, width), _number(data, width, 2)
    first = width + 2
    items.parts[item] = [_number(data, first + index * width, width) for index in range(count)]


def _film_size(reader: _Reader, start: int, end: int) -> tuple[int, int]:
    """Of the first track with pictures: its header ends in width and height, in parts of 65,536."""
    for name, at, stop in reader.boxes(start, end):
        if name != b"trak":
            continue
        for inner, begin, finish in reader.boxes(at, stop):
            if inner == b"tkhd" and finish - begin >= 8:
                size = (
                    _number(reader.content, finish - 8, 4) >> 16,
                    _number(reader.content, finish - 4, 4) >> 16,
                )
                if all(size):
                    return size
    return 0, 0


def _number(content: bytes, at: int, size: int) -> int:
    data = content[at : at + size]
    if len(data) < size:
        raise BrokenPictureError("its boxes are cut short")
    return int.from_bytes(data, "big")
