"""Which format a file is, what decoding it may take, and what is wrong with it by the workflow's names."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from loupe_core.errors import CorruptImageError, ImageTooLargeError, UnsupportedImageError
from loupe_formats import formats
from loupe_formats.budget import Budget
from loupe_formats.errors import BrokenPictureError, NotAPictureError, PictureTooLargeError
from loupe_formats.formats import ImageFormat

__all__ = ["BUDGET", "ImageFormat", "by_their_names", "image_format"]

BUDGET = Budget.from_environ(os.environ)


@contextmanager
def by_their_names() -> Iterator[None]:
    """Turn loupe_formats' errors into UnsupportedImageError, CorruptImageError and ImageTooLargeError."""
    try:
        yield
    except NotAPictureError as error:
        raise UnsupportedImageError(str(error)) from error
    except BrokenPictureError as error:
        raise CorruptImageError(str(error)) from error
    except PictureTooLargeError as error:
        raise ImageTooLargeError(str(error)) from error


def image_format(content: bytes) -> ImageFormat:
    """The format of a file's bytes. Raises UnsupportedImageError, which says what the file is if it can."""
    with by_their_names():
        return formats.image_format(content)
