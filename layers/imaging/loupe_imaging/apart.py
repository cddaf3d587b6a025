"""What a child decodes, as a libvips image."""

from typing import Any

from loupe_formats.isolated import decode_apart
from loupe_imaging.formats import BUDGET, by_their_names
from loupe_imaging.libvips import pyvips
from loupe_imaging.picture import Picture


def pixels_apart(picture: Picture, width: int, height: int) -> Any:
    """The picture, upright, 8-bit grey or RGB with or without alpha, no smaller than `width` × `height` if it
    has that.

    Raises CorruptImageError or ImageTooLargeError.
    """
    with by_their_names():
        pixels = decode_apart(picture.header, BUDGET, least=(width, height))
    image = pyvips.Image.new_from_memory(pixels.data, pixels.width, pixels.height, pixels.bands, "uchar")
    image = image.copy(interpretation="b-w" if pixels.bands == 1 else "srgb")
    if pixels.profile:
        image.set_type(pyvips.GValue.blob_type, "icc-profile-data", pixels.profile)
    return image
