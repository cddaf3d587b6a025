"""Whether a JPEG has all of its picture. libjpeg fills in what is missing, and only warns."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from loupe_core.errors import CorruptImageError
from loupe_formats.header import Header
from loupe_formats.jpeg import END_OF_IMAGE, with_garbage
from loupe_imaging.libvips import pyvips

SHRINK = 8
MISSING = "The JPEG is truncated or broken: a part of its picture is missing."


class _Warnings(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.heard = False

    def emit(self, record: logging.LogRecord) -> None:
        self.heard = True


@contextmanager
def complete(header: Header) -> Iterator[None]:
    """Raise CorruptImageError where a JPEG lacks data: no end marker, or libvips warns of it."""
    warnings = _Warnings()
    logger = logging.getLogger("pyvips")
    logger.addHandler(warnings)
    try:
        if header.unfinished:
            require_complete(header)
        yield
    finally:
        logger.removeHandler(warnings)
    # Without an end marker decoding has failed by now.
    if warnings.heard and not header.unfinished and END_OF_IMAGE in header.content:
        require_complete(header)


def require_complete(header: Header) -> None:
    """Decode the JPEG with and without garbage before its end marker. Raises CorruptImageError."""
    # An eighth of the size shows what a scan lacks, but not what is missing in one that only refines.
    shrink = 1 if header.whole else SHRINK
    try:
        same = _sums(header.content, shrink) == _sums(with_garbage(header.content), shrink)
    except pyvips.Error as error:
        raise CorruptImageError(MISSING) from error
    if not same:
        raise CorruptImageError(MISSING)


def _sums(content: bytes, shrink: int) -> Any:
    """Sums and squares over the pixels, which are not kept."""
    return pyvips.Image.jpegload_buffer(content, shrink=shrink, access="sequential").stats().tolist()
