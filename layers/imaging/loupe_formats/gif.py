"""GIF up to its first frame. Source: CompuServe's GIF89a specification."""

from loupe_formats.errors import BrokenPictureError, PictureTooLargeError
from loupe_formats.formats import ImageFormat
from loupe_formats.header import Header

# Blocks of data hold up to 255 bytes. An encoder fills them.
MAX_BLOCKS = 500_000
EXTENSION, IMAGE, TRAILER = 0x21, 0x2C, 0x3B
CANVAS = 4


def read_gif(content: bytes) -> Header:
    """Raises BrokenPictureError, PictureTooLargeError."""
    if len(content) < 13:
        raise BrokenPictureError("its header is cut short")
    width, height = _short(content, 6), _short(content, 8)
    at = 13 + _table(content[10])
    blocks = 0
    while content[at : at + 1] == bytes([EXTENSION]):
        at, blocks = _skip(content, at + 2, blocks)
    if content[at : at + 1] != bytes([IMAGE]) or len(content) < at + 10:
        raise BrokenPictureError("it has no image")
    left, top, across, down = (_short(content, at + offset) for offset in (1, 3, 5, 7))
    # Decoders disagree about what lies outside the canvas: count whatever the larger is.
    width, height = max(width, left + across), max(height, top + down)
    if not across or not down:
        raise BrokenPictureError("its image has no pixels")
    end, _ = _skip(content, at + 11 + _table(content[at + 9]), blocks)
    return Header(
        format=ImageFormat.GIF,
        # An animation is its first frame, and what follows is not even looked at.
        content=content[:end] + bytes([TRAILER]) if end < len(content) else content,
        width=width,
        height=height,
        bands=4,
        bits=8,
        whole=width * height * CANVAS,
        work=width * height * CANVAS,
    )


def _skip(content: bytes, at: int, blocks: int) -> tuple[int, int]:
    """Behind the blocks of data that begin at `at`, or the file's end; and the blocks so far."""
    while at < len(content) and (length := content[at]):
        at += length + 1
        blocks += 1
        if blocks > MAX_BLOCKS:
            raise PictureTooLargeError(
                f"The GIF has over {MAX_BLOCKS:,} blocks of data before its second frame."
            )
    return at + 1, blocks


def _table(flags: int) -> int:
    """Bytes of the colour table that the flags announce."""
    return 3 * (2 << (flags & 7)) if flags & 0x80 else 0


def _short(content: bytes, at: int) -> int:
    return int.from_bytes(content[at : at + 2], "little")
