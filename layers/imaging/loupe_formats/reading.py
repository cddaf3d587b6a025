"""A file's header, within a budget."""

from loupe_formats.bmp import read_bmp
from loupe_formats.budget import Budget, Costs, memory_of_rows, require_room, require_size
from loupe_formats.errors import BrokenPictureError
from loupe_formats.formats import ImageFormat, image_format
from loupe_formats.gif import read_gif
from loupe_formats.header import Header
from loupe_formats.heif import read_heif
from loupe_formats.jpeg import read_jpeg
from loupe_formats.png import read_png
from loupe_formats.tiff import read_tiff
from loupe_formats.webp import read_webp

READERS = {
    ImageFormat.JPEG: read_jpeg,
    ImageFormat.PNG: read_png,
    ImageFormat.GIF: read_gif,
    ImageFormat.WEBP: read_webp,
    ImageFormat.TIFF: read_tiff,
    ImageFormat.BMP: read_bmp,
}


def read_header(content: bytes, budget: Budget, costs: Costs = memory_of_rows) -> Header:
    """What the file says of its picture. No pixel is decoded, and the whole takes milliseconds.

    Raises NotAPictureError, BrokenPictureError, or PictureTooLargeError: over 50 megapixels, over 100,000
    pixels a side, or more than the budget has.
    """
    kind = image_format(content)
    try:
        header = (
            read_heif(content, kind)
            if kind in (ImageFormat.HEIC, ImageFormat.AVIF)
            else READERS[kind](content)
        )
    except BrokenPictureError as error:
        raise BrokenPictureError(f"The {kind.spoken} is truncated or broken: {error}.") from error
    require_size(header)
    require_room(header, budget, costs)
    return header
