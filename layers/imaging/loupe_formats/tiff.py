"""TIFF and BigTIFF: the first picture's directory. Sources: Adobe's TIFF 6.0, the BigTIFF design."""

from dataclasses import dataclass

from loupe_formats.errors import BrokenPictureError, PictureTooLargeError
from loupe_formats.formats import ImageFormat
from loupe_formats.header import Header

MAX_ENTRIES = 1_000
MAX_STRIPS = 1_000_000
MAX_BANDS = 64
MAX_BITS = 128
# A strip's own JPEG may have its components in scans of their own, but not be progressive.
MAX_SCANS_A_STRIP = 4
WIDTH, LENGTH, BITS, COMPRESSION, PHOTOMETRIC, STRIP_OFFSETS = 256, 257, 258, 259, 262, 273
ORIENTATION, BANDS, ROWS, PLANAR = 274, 277, 278, 284
TILE_WIDTH, TILE_LENGTH, TILE_OFFSETS = 322, 323, 324
OLD_JPEG, JPEG = 6, 7
UNCOMPRESSED = 1
SEPARATE = 2
SIZES = {1: 1, 3: 2, 4: 4, 16: 8, 13: 4, 18: 8}


@dataclass(frozen=True)
class _Layout:
    """How the two kinds of TIFF write their numbers."""

    order: str
    big: bool

    @property
    def count_size(self) -> int:
        return 8 if self.big else 2

    @property
    def entry_size(self) -> int:
        return 20 if self.big else 12

    @property
    def offset_size(self) -> int:
        return 8 if self.big else 4

    def number(self, content: bytes, at: int, size: int) -> int:
        data = content[at : at + size]
        if len(data) < size:
            raise BrokenPictureError("its directory is cut short")
        return int.from_bytes(data, "little" if self.order == "<" else "big")


@dataclass(frozen=True)
class _Entry:
    """A field: its count of values and the first of them, which is all that matters here."""

    count: int
    first: int
    largest: int


def read_tiff(content: bytes) -> Header:
    """Raises BrokenPictureError, PictureTooLargeError."""
    layout = _Layout("<" if content[:2] == b"II" else ">", content[2:4] in (b"+\0", b"\0+"))
    start = layout.number(content, 8 if layout.big else 4, layout.offset_size)
    entries, end = _directory(content, start, layout)
    width, height = _value(entries, WIDTH, 0), _value(entries, LENGTH, 0)
    if not width or not height:
        raise BrokenPictureError("it has no pixels")
    bands = _value(entries, BANDS, 1)
    bits = entries[BITS].largest if BITS in entries else 1
    if bands > MAX_BANDS:
        raise PictureTooLargeError(f"The TIFF has {bands:,} bands; at most {MAX_BANDS} are allowed.")
    if not 1 <= bits <= MAX_BITS or bands < 1:
        raise BrokenPictureError("its directory is malformed")
    piece, pieces = _pieces(entries, width, height, bands, bits)
    separate = _value(entries, PLANAR, 1) == SEPARATE
    compression = _value(entries, COMPRESSION, UNCOMPRESSED)
    if compression in (OLD_JPEG, JPEG):
        _check_scans(content, pieces)
    sampled = max(8, bits)
    return Header(
        format=ImageFormat.TIFF,
        content=_alone(content, end, layout),
        width=width,
        height=height,
        bands=bands,
        bits=sampled,
        # Planes lie one behind the other: libvips decodes them all for a row.
        whole=width * height * bands * sampled // 8 if separate else 0,
        piece=piece,
        work=max(width * height * bands * sampled // 8, piece * pieces),
        by_row=TILE_WIDTH not in entries and not separate and compression not in (OLD_JPEG, JPEG),
        orientation=_value(entries, ORIENTATION, 1),
    )


def _directory(content: bytes, start: int, layout: _Layout) -> tuple[dict[int, _Entry], int]:
    """The entries of a directory by tag, and where the offset of the next one stands."""
    count = layout.number(content, start, layout.count_size)
    if count > MAX_ENTRIES:
        raise BrokenPictureError(f"its directory claims {count:,} entries")
    first = start + layout.count_size
    end = first + count * layout.entry_size
    entries: dict[int, _Entry] = {}
    for at in range(first, end, layout.entry_size):
        tag, kind = layout.number(content, at, 2), layout.number(content, at + 2, 2)
        size = SIZES.get(kind)
        if size is not None:
            entries.setdefault(tag, _entry(content, at + 4, size, tag, layout))
    return entries, end


def _entry(content: bytes, at: int, size: int, tag: int, layout: _Layout) -> _Entry:
    count = layout.number(content, at, layout.offset_size)
    values = at + layout.offset_size
    if count * size > layout.offset_size:
        values = layout.number(content, values, layout.offset_size)
    if tag == BITS and count > MAX_BANDS:
        raise PictureTooLargeError(f"The TIFF has {count:,} bands; at most {MAX_BANDS} are allowed.")
    if count * size > len(content):
        raise BrokenPictureError("its directory claims more than the file holds")
    # An offset beyond the file is the decoder's to complain of, unless it is of a field that is needed here.
    if not count or values + size > len(content):
        return _Entry(count, 0, 0)
    first = layout.number(content, values, size)
    if tag != BITS:
        return _Entry(count, first, first)
    numbers = [layout.number(content, values + index * size, size) for index in range(count)]
    return _Entry(count, first, max(numbers))


def _value(entries: dict[int, _Entry], tag: int, default: int) -> int:
    return entries[tag].first if tag in entries and entries[tag].count else default


def _pieces(entries: dict[int, _Entry], width: int, height: int, bands: int, bits: int) -> tuple[int, int]:
    """Bytes that are decoded at once, and how many such pieces there are."""
    together = 1 if _value(entries, PLANAR, 1) == SEPARATE else bands
    planes = bands // together
    if TILE_WIDTH in entries or TILE_OFFSETS in entries:
        across, down = _value(entries, TILE_WIDTH, 0), _value(entries, TILE_LENGTH, 0)
        if not across or not down:
            raise BrokenPictureError("its tiles have no size")
        columns, rows = -(-width // across), -(-height // down)
        tile = across * down * together * bits // 8
        count = columns * rows * planes
        # A row of tiles is put together before its rows are handed on.
        return tile * columns if count <= MAX_STRIPS else _too_many(count), rows * planes
    rows_a_strip = min(_value(entries, ROWS, height) or height, height)
    count = -(-height // rows_a_strip) * planes
    if count > MAX_STRIPS:
        _too_many(count)
    return (width * together * bits + 7) // 8 * rows_a_strip, count


def _too_many(count: int) -> int:
    raise PictureTooLargeError(
        f"The TIFF is in {count:,} strips or tiles; at most {MAX_STRIPS:,} are allowed."
    )


def _check_scans(content: bytes, pieces: int) -> None:
    """In JPEG's data FF DA begins a scan and nothing else does."""
    if content.count(b"\xff\xda") > MAX_SCANS_A_STRIP * pieces + MAX_SCANS_A_STRIP:
        raise PictureTooLargeError("The TIFF's JPEG data is in more scans than can be decoded in time.")


def _alone(content: bytes, end: int, layout: _Layout) -> bytes:
    """The file without a way from its first directory to the next: pages, however many, circles too."""
    link = content[end : end + layout.offset_size]
    if not any(link):
        return content
    return content[:end] + bytes(len(link)) + content[end + len(link) :]
