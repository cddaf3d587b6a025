"""Reading a picture as Rekognition does: JPEG or PNG, within its limits, upright."""

import io
import warnings

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from local.rekognition import errors

MIN_SIDE = 80
MAX_SIDE = 10_000
# Faces of 40 pixels in a Full HD picture are what Rekognition promises; the cascades need about 25.
WORKING_SIDE = 1280

Grey = NDArray[np.uint8]


def read_upright(content: bytes) -> Grey:
    """The picture in grey, upright by its EXIF orientation, its longer side at most WORKING_SIDE.

    Ratios of a box in it are ratios in the upright original. Raises InvalidImageFormatException,
    InvalidParameterException (a side under 80 pixels) or ImageTooLargeException (over 10 000).
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's bomb warning: sizes are checked here
            with Image.open(io.BytesIO(content), formats=("JPEG", "PNG")) as picture:
                _check_size(*picture.size)
                if picture.format == "JPEG":
                    picture.draft("L", (WORKING_SIDE, WORKING_SIDE))
                upright = ImageOps.exif_transpose(picture) if picture.format == "JPEG" else picture
                grey = upright.convert("L")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise errors.invalid_image_format() from error
    grey.thumbnail((WORKING_SIDE, WORKING_SIDE), Image.Resampling.LANCZOS)
    return np.asarray(grey)


def _check_size(width: int, height: int) -> None:
    if min(width, height) < MIN_SIDE:
        raise errors.invalid_parameters()
    if max(width, height) > MAX_SIDE:
        raise errors.image_too_large(
            f"Input image dimensions {width} x {height} exceed maximum dimension size of {MAX_SIDE} pixels"
        )
