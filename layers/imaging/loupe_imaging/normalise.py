"""The model input: a copy of any picture that is small, plain and at most 96 KiB."""

from typing import Any

from loupe_imaging.decode import fitted, require_sound
from loupe_imaging.formats import ImageFormat
from loupe_imaging.picture import Picture

# In base64 this is 128 KiB, half of what Step Functions carries between two states.
MAX_MODEL_INPUT = 96 * 1024
MAX_UNTOUCHED = 1024
# Models look at 224 to 512 pixels and crop the middle: keep the shorter side long enough for that.
MAX_SIDE = 640
MIN_SIDE = 256
MAX_STRIP = 4096
# Up to here a picture is drawn, not photographed: JPEG would blur what little there is.
MAX_LOSSLESS = 128
QUALITIES = (92, 85, 78, 70, 60)
SMALLER = 0.75


def model_input(picture: Picture) -> bytes:
    """A JPEG or PNG for the model: the picture's own if it is small and plain, else a normalised copy.

    The copy is upright, 8-bit sRGB or grey, without alpha or metadata, never enlarged.
    Raises CorruptImageError.
    """
    if _may_pass(picture):
        require_sound(picture)
        return picture.content
    return _encoded(_pixels(picture))


def model_input_with_pixels(picture: Picture) -> tuple[bytes, Any]:
    """The model input and, of the same decoding, the picture's pixels at the size that it has or would have
    had.

    Raises CorruptImageError.
    """
    pixels = _pixels(picture)
    return picture.content if _may_pass(picture) else _encoded(pixels), pixels


def model_input_size(width: int, height: int) -> tuple[int, int]:
    """Within 640 pixels, but with a shorter side of 256 if the picture has that; strips up to 4096 long."""
    longest, shortest = max(width, height), min(width, height)
    scale = min(1.0, max(MAX_SIDE / longest, min(MIN_SIDE / shortest, MAX_STRIP / longest)))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _pixels(picture: Picture) -> Any:
    return fitted(picture, *model_input_size(picture.width, picture.height))


def _encoded(image: Any) -> bytes:
    if max(image.width, image.height) <= MAX_LOSSLESS:
        return bytes(image.pngsave_buffer(compression=9, keep="none"))
    return _as_jpeg(image)


def _may_pass(picture: Picture) -> bool:
    return (
        picture.plain
        and picture.format in (ImageFormat.JPEG, ImageFormat.PNG)
        and picture.upright
        and picture.longest <= MAX_UNTOUCHED
        and len(picture.content) <= MAX_MODEL_INPUT
    )


def _as_jpeg(image: Any) -> bytes:
    """The best quality that fits; if none does, the next smaller size."""
    while True:
        for quality in QUALITIES:
            content: bytes = image.jpegsave_buffer(Q=quality, keep="none")
            if len(content) <= MAX_MODEL_INPUT:
                return content
        image = image.thumbnail_image(
            max(1, round(image.width * SMALLER)), height=max(1, round(image.height * SMALLER)), size="force"
        )
