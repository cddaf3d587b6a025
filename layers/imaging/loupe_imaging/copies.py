"""Copies of a picture for whoever is not its owner: no larger than eyes need, and without metadata.

A phone's original says where it was taken; none of these does.
"""

from collections.abc import Mapping
from typing import Any

from loupe_imaging.formats import ImageFormat
from loupe_imaging.picture import Picture

DISPLAY_SIDE = 2048
# A JPEG whose half is at least so much of the display copy's size is shown at its half: the decoder halves it
# itself, in a third of the time.
ALMOST = 0.9
DISPLAY_QUALITY = 82
THUMBNAIL_SIDES = (640, 320)
THUMBNAIL_QUALITY = 75
# Of 0 to 6. Each more takes half as long again and saves a few per cent.
THUMBNAIL_EFFORT = 2


def display_scale(picture: Picture) -> float:
    """What the picture is multiplied by, so that its longer side has at most 2048 pixels; never over 1."""
    scale = min(1.0, DISPLAY_SIDE / picture.longest)
    if picture.format is ImageFormat.JPEG and ALMOST * scale <= 0.5 < scale:
        return 0.5
    return scale


def display_copy(image: Any) -> bytes:
    """A JPEG of pixels that have the display copy's size."""
    return bytes(image.jpegsave_buffer(Q=DISPLAY_QUALITY, keep="none"))


def thumbnails(image: Any) -> Mapping[int, bytes]:
    """WebP pictures of at most 640 and 320 pixels a side, by that number; never enlarged."""
    made = {}
    for side in THUMBNAIL_SIDES:
        image = image.thumbnail_image(side, height=side, size="down").copy_memory()
        made[side] = bytes(image.webpsave_buffer(Q=THUMBNAIL_QUALITY, effort=THUMBNAIL_EFFORT, keep="none"))
    return made
