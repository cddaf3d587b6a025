"""BMP, which libvips does not read: Pillow's decoder does, and hands the pixels to libvips.

Of Pillow only this one plugin is loaded.
"""

import io
import struct
from typing import Any

from PIL.BmpImagePlugin import BmpImageFile

from loupe_formats.bmp import expanded
from loupe_imaging.libvips import pyvips

# What Pillow raises for broken files, all kinds together.
BROKEN = (OSError, SyntaxError, ValueError, TypeError, LookupError, OverflowError, EOFError, struct.error)
BANDS = {"L": 1, "P": 1, "RGB": 3, "RGBA": 4}


class BrokenBitmapError(Exception):
    """Pillow cannot read the bitmap."""


def bitmap_pixels(content: bytes) -> Any:
    """The pixels as a libvips image: 8-bit grey or sRGB, alpha as a fourth band.

    The header has been checked. Raises BrokenBitmapError, or loupe_formats' errors for its run lengths.
    """
    try:
        # Run lengths are expanded here: Pillow does so one pixel at a time.
        bitmap = BmpImageFile(io.BytesIO(expanded(content)))
        bitmap.load()
        palette = bitmap.palette.getdata()[1] if bitmap.mode == "P" and bitmap.palette else b""
        pixels = bitmap if bitmap.mode in BANDS else bitmap.convert("L")
        mode, (width, height), raw = pixels.mode, pixels.size, pixels.tobytes()
    except BROKEN as error:
        raise BrokenBitmapError(str(error).rstrip(".") or type(error).__name__) from error
    image = pyvips.Image.new_from_memory(raw, width, height, BANDS[mode], "uchar")
    if mode == "P":
        return _through_palette(image, bytes(palette))
    return image.copy(interpretation="b-w" if mode == "L" else "srgb")


def _through_palette(indices: Any, palette: bytes) -> Any:
    """Look colours up as pixels pass: a palette picture is never held as RGB."""
    table = palette[: 256 * 3].ljust(256 * 3, b"\0")
    return indices.maplut(pyvips.Image.new_from_memory(table, 256, 1, 3, "uchar")).copy(interpretation="srgb")
