"""From a picture's bytes to the pixels a model takes: the same rules in preparing, training and serving.

Any JPEG, PNG, WebP, GIF, BMP or TIFF: EXIF orientation is applied, transparency is laid on white, 16 bits
become 8, CMYK and palettes become RGB or grey, an animation is its first frame.
"""

import contextlib
import io
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from model.errors import ImageTooLargeError, UnreadableImageError
from model.spec import InputSpec

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
MAX_PIXELS = 50_000_000
ORIENTATION_TAG = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

Pixels = npt.NDArray[np.uint8]
Box = tuple[float, float, float, float]


def read_pixels(data: bytes | Path, spec: InputSpec, max_pixels: int = MAX_PIXELS) -> Pixels:
    """A picture as the model sees it before normalising: uint8, height x width x channels.

    Raises UnreadableImageError, or ImageTooLargeError over `max_pixels`; the message is the reason.
    """
    if not isinstance(data, Path) and not data:
        raise UnreadableImageError("the body is empty")
    try:
        with Image.open(io.BytesIO(data) if isinstance(data, bytes) else data, formats=FORMATS) as image:
            return pixels_of(image, spec, max_pixels)
    except UnreadableImageError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ImageTooLargeError(f"more than {max_pixels // 1_000_000} megapixels") from None
    except UnidentifiedImageError:
        raise UnreadableImageError("not a JPEG, PNG, WebP, GIF, BMP or TIFF") from None
    except Exception as error:  # Pillow's decoders raise nearly anything on hostile bytes, meaning the same
        raise UnreadableImageError(f"the picture is broken: {error}") from None


def pixels_of(image: Image.Image, spec: InputSpec, max_pixels: int = MAX_PIXELS) -> Pixels:
    """An opened picture as the model sees it. Decodes it; raises whatever its decoder does."""
    if image.width * image.height > max_pixels:
        size = f"{image.width} x {image.height}"
        raise ImageTooLargeError(f"{size} is more than {max_pixels // 1_000_000} megapixels")
    turn = _TURNS.get(_orientation(image))
    # Turning the small result is cheaper than turning the original: a quarter turn swaps the wanted sides.
    sideways = turn is not None and turn not in (_TURNS[2], _TURNS[3], _TURNS[4])
    width, height = (spec.height, spec.width) if sideways else (spec.width, spec.height)
    if image.format == "JPEG":
        # The decoder may shrink by 2, 4 or 8 as it reads; never below what the resize wants.
        wanted = max(width, height, spec.resize_short or 0)
        image.draft(None, (wanted, wanted))
    mode = "L" if spec.channels == 1 else "RGB"
    plain = _plain(image, mode)
    box = _box(plain.size, (width, height), spec)
    if plain.size != (width, height) or box != (0, 0, width, height):
        resampling = Image.Resampling[spec.filter.upper()]
        plain = plain.resize((width, height), resampling, box=box, reducing_gap=3.0)
    if turn is not None:
        plain = plain.transpose(turn)
    pixels: Pixels = np.asarray(plain, dtype=np.uint8)
    if spec.channels == 1:
        return pixels[:, :, np.newaxis]
    return pixels[:, :, ::-1] if spec.color == "BGR" else pixels


def _orientation(image: Image.Image) -> int:
    """EXIF's orientation, 1 to 8; broken EXIF says nothing about the pixels, so it counts as upright."""
    with contextlib.suppress(Exception):
        return int(image.getexif().get(ORIENTATION_TAG, 1))
    return 1


def _plain(image: Image.Image, mode: str) -> Image.Image:
    """The picture in mode L or RGB, opaque, 8 bits."""
    if image.mode == mode and "transparency" not in image.info:
        return image
    if image.mode.startswith("I") or image.mode == "F":
        return Image.fromarray(_eight_bits(np.asarray(image))).convert(mode)
    if image.has_transparency_data:
        # Black, the usual colour under full transparency, would show; paper is white.
        colored = image.convert("RGBA")
        paper = Image.new("RGBA", colored.size, (255, 255, 255, 255))
        return Image.alpha_composite(paper, colored).convert(mode)
    if image.mode in ("CMYK", "LAB", "HSV", "YCbCr") and mode == "L":
        image = image.convert("RGB")
    return image.convert(mode)


def _eight_bits(values: npt.NDArray[np.generic]) -> Pixels:
    """16-bit, 32-bit and float samples as 8 bits, by the range they use: 0…1 (floats), 8, 16 or 32 bits."""
    samples = np.nan_to_num(np.asarray(values, dtype=np.float64), posinf=255, neginf=0)
    most = float(samples.max())
    if values.dtype == np.uint16 or 255 < most <= 65535:
        samples /= 257
    elif most > 65535:
        samples *= 255 / (2**31 - 1 if most < 2**31 else 2**32 - 1)
    elif values.dtype.kind == "f" and most <= 1:
        samples *= 255
    return np.clip(np.rint(samples), 0, 255).astype(np.uint8)


def _box(size: tuple[int, int], wanted: tuple[int, int], spec: InputSpec) -> Box:
    """The part of the source that fills the wanted size: all of it, or the middle of it.

    center_crop with `resize_short` is "short side to resize_short, then crop the middle", in one resampling.
    """
    if spec.resize == "stretch":
        return (0, 0, *size)
    if spec.resize_short:
        unit = min(size) / spec.resize_short
    else:
        unit = min(size[0] / wanted[0], size[1] / wanted[1])
    width, height = min(wanted[0] * unit, size[0]), min(wanted[1] * unit, size[1])
    left, top = (size[0] - width) / 2, (size[1] - height) / 2
    return (left, top, left + width, top + height)
