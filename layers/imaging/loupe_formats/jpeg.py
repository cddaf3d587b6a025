"""JPEG: frame and scans. Source: ITU-T T.81, annex B."""

import re
from dataclasses import dataclass, field

from loupe_formats.errors import BrokenPictureError, NotAPictureError, PictureTooLargeError
from loupe_formats.formats import ImageFormat
from loupe_formats.header import Header

MAX_SEGMENTS = 5_000
BITS = 8
# Start of frame: 0 to 15 without DHT, JPG and DAC, which share the range.
FRAMES = {0xC0 + number for number in range(16)} - {0xC4, 0xC8, 0xCC}
PROGRESSIVE = (0xC2, 0xC6, 0xCA, 0xCE)
ARITHMETIC = range(0xC9, 0xD0)
# An arithmetic decoder takes a decision at a time, however few bits the file has.
ARITHMETIC_WORK = 6
DHT, SOS, EOI, DNL = 0xC4, 0xDA, 0xD9, 0xDC
STANDALONE = {0x01, *range(0xD0, 0xD9)}
END_OF_IMAGE = b"\xff\xd9"
# Decoders fill in what is missing before the end marker, so that a picture cut short looks complete. Where
# data is missing these bytes are decoded as such and show; behind complete data they are skipped.
GARBAGE = b"\x5a\x93" * 500
# In entropy-coded data FF is followed by 00 or a restart marker; anything else ends it.
_END_OF_SCAN = re.compile(rb"\xff+[\x01-\xcf\xd8-\xfe]", re.DOTALL)
_MARKER = re.compile(rb"\xff+([^\x00\xff])", re.DOTALL)


def with_garbage(content: bytes) -> bytes:
    """The JPEG with GARBAGE before its last end marker: decoded, it looks the same if it is complete."""
    end = content.rfind(END_OF_IMAGE)
    return content[:end] + GARBAGE + content[end:]


@dataclass
class _Frame:
    kind: int
    bits: int
    width: int
    height: int
    # Samples that a component has, and bytes of its coefficients, by its id.
    samples: dict[int, int]
    coefficients: int


@dataclass
class _Walk:
    """What walking over the markers finds."""

    frame: _Frame | None = None
    scans: int = 0
    partial: bool = False
    work: int = 0
    ended: bool = False
    broken: bool = field(default=False)


def read_jpeg(content: bytes) -> Header:
    """Raises BrokenPictureError, PictureTooLargeError; NotAPictureError for samples of over 8 bits, which
    neither libvips nor Pillow reads.
    """
    walk = _walk(content)
    frame = walk.frame
    if frame is None:
        raise BrokenPictureError("it has no frame header")
    if frame.bits != BITS:
        raise NotAPictureError(
            f"The file is a JPEG of {frame.bits} bits a sample; {BITS} are read, and PNG and TIFF of 16."
        )
    unfinished = walk.scans > 0 and not walk.ended and not walk.broken
    bands = len(frame.samples)
    return Header(
        format=ImageFormat.JPEG,
        content=content + END_OF_IMAGE if unfinished else content,
        width=frame.width,
        height=frame.height,
        bands=bands,
        bits=frame.bits,
        # All coefficients are kept where no scan holds a whole picture.
        whole=frame.coefficients if frame.kind in PROGRESSIVE or walk.partial else 0,
        work=walk.work * (ARITHMETIC_WORK if frame.kind in ARITHMETIC else 1),
        unfinished=unfinished,
        simple=bands in (1, 3),
    )


def _walk(content: bytes) -> _Walk:
    walk = _Walk()
    at = 2
    for _ in range(MAX_SEGMENTS):
        marker = _MARKER.search(content, at)
        if marker is None:
            return walk
        kind, at = marker[1][0], marker.end()
        if kind == EOI:
            walk.ended = True
            return walk
        if kind in STANDALONE:
            continue
        length = int.from_bytes(content[at : at + 2], "big")
        segment = content[at + 2 : at + length]
        if length < 2 or len(segment) != length - 2:
            walk.broken = True
            return walk
        at += length
        if kind in FRAMES:
            if walk.frame is not None:
                raise BrokenPictureError("it has two frame headers")
            walk.frame = _frame(kind, segment)
        elif kind == SOS:
            _count_scan(walk, segment)
            end = _END_OF_SCAN.search(content, at)
            if end is None:
                return walk
            at = end.start()
    raise PictureTooLargeError(f"The JPEG has over {MAX_SEGMENTS:,} segments and scans.")


def _frame(kind: int, segment: bytes) -> _Frame:
    if len(segment) < 6 or len(segment) < 6 + 3 * segment[5]:
        raise BrokenPictureError("its frame header is cut short")
    bits, count = segment[0], segment[5]
    height, width = int.from_bytes(segment[1:3], "big"), int.from_bytes(segment[3:5], "big")
    if not height:
        raise BrokenPictureError("its height is not in its header")
    components = [segment[at : at + 3] for at in range(6, 6 + 3 * count, 3)]
    factors = {part[0]: (part[1] >> 4, part[1] & 15) for part in components}
    if not width or not factors or any(not (1 <= x <= 4 and 1 <= y <= 4) for x, y in factors.values()):
        raise BrokenPictureError("its frame header is malformed")
    across = max(x for x, _ in factors.values())
    down = max(y for _, y in factors.values())
    # In blocks of 8 × 8, filled up to a whole number of the largest component's.
    columns, rows = -(-width // (8 * across)), -(-height // (8 * down))
    samples = {name: columns * x * rows * y * 64 for name, (x, y) in factors.items()}
    return _Frame(kind, bits, width, height, samples, 2 * sum(samples.values()))


def _count_scan(walk: _Walk, segment: bytes) -> None:
    if walk.frame is None:
        raise BrokenPictureError("a scan comes before its frame header")
    names = segment[1 : 1 + 2 * segment[0] : 2] if segment else b""
    walk.scans += 1
    walk.partial |= len(names) < len(walk.frame.samples)
    walk.work += sum(walk.frame.samples.get(name, 0) for name in names)
