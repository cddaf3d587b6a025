"""From a picture's bytes to the pixels a model takes: the same rules in preparing, training and serving.

Any JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC or AVIF: EXIF orientation is applied, transparency is laid on white,
16 bits become 8, CMYK and palettes become RGB or grey, colours of a profile sRGB, an animation is its first
frame. What decoding would take is known from the header, and too much of it is refused.
"""

import contextlib
import hashlib
import io
import os
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms, UnidentifiedImageError

from loupe_formats.bmp import expanded
from loupe_formats.budget import MAX_PIXELS as MAX_PIXELS
from loupe_formats.budget import Budget, memory_of_all
from loupe_formats.errors import FormatError, PictureTooLargeError
from loupe_formats.formats import ACCEPTED, ImageFormat
from loupe_formats.header import Header
from loupe_formats.isolated import decode_apart
from loupe_formats.jpeg import with_garbage
from loupe_formats.reading import read_header
from model.errors import ImageTooLargeError, UnreadableImageError
from model.spec import InputSpec

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
# Decoded in a process of its own: no header bounds what that takes.
APART = (ImageFormat.HEIC, ImageFormat.AVIF)
# Where Lambda does not say how much there is: what docs/container.md recommends.
BUDGET = Budget.from_environ(os.environ, default_mib=2048)
# A picture is brought to 8 bits or onto white so many rows at a time: no second copy of it is made.
STRIP = 256
SMALL = 64
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
    content = data.read_bytes() if isinstance(data, Path) else data
    try:
        header = read_header(content, BUDGET, memory_of_all)
        with _opened(header) as image:
            return pixels_of(image, spec, max_pixels)
    except UnreadableImageError:
        raise
    except PictureTooLargeError as error:
        raise ImageTooLargeError(_reason(error)) from None
    except FormatError as error:
        raise UnreadableImageError(_reason(error)) from None
    except UnidentifiedImageError:
        raise UnreadableImageError(f"not a {ACCEPTED}") from None
    except Exception as error:  # Pillow's decoders raise nearly anything on hostile bytes, meaning the same
        raise UnreadableImageError(f"the picture is broken: {error}") from None


def read_size(data: bytes | Path) -> tuple[int, int] | None:
    """Width and height by the header, before any turning; None where the file is no picture."""
    try:
        content = data.read_bytes() if isinstance(data, Path) else data
        header = read_header(content, BUDGET, memory_of_all)
    except (FormatError, OSError):
        return None
    return header.width, header.height


@contextlib.contextmanager
def _opened(header: Header) -> Iterator[Image.Image]:
    if header.format in APART:
        pixels = decode_apart(header, BUDGET)
        mode = {1: "L", 3: "RGB", 4: "RGBA"}[pixels.bands]
        image = Image.frombuffer(mode, (pixels.width, pixels.height), bytes(pixels.data), "raw", mode, 0, 1)
        image.info["icc_profile"] = pixels.profile
        yield image
        return
    content = expanded(header.content) if header.format is ImageFormat.BMP else header.content
    if header.unfinished:
        _require_complete(header)
    with Image.open(io.BytesIO(content), formats=FORMATS) as image:
        yield image


def _require_complete(header: Header) -> None:
    """Refuse a JPEG that lacks more than its end marker, which it has been given."""

    def digest(content: bytes) -> bytes:
        with Image.open(io.BytesIO(content), formats=("JPEG",)) as image:
            # Small it shows what a scan lacks, but not what is missing in one that only refines.
            if not header.whole:
                image.draft(None, (SMALL, SMALL))
            return hashlib.blake2b(image.tobytes()).digest()

    if digest(header.content) != digest(with_garbage(header.content)):
        raise UnreadableImageError("the picture is broken: a part of it is missing")


def _reason(error: FormatError) -> str:
    text = str(error).rstrip(".")
    return text[:1].lower() + text[1:]


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
    # Of the small result: sooner it would take far longer. A grey one hardly changes.
    profile = image.info.get("icc_profile") if mode == "RGB" and image.mode in ("RGB", "RGBA") else None
    plain = _plain(image, mode)
    box = _box(plain.size, (width, height), spec)
    if plain.size != (width, height) or box != (0, 0, width, height):
        resampling = Image.Resampling[spec.filter.upper()]
        plain = plain.resize((width, height), resampling, box=box, reducing_gap=3.0)
    if profile:
        plain = _in_srgb(plain, profile)
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
    image.load()
    if image.mode.startswith("I") or image.mode == "F":
        return _eight_bits(image).convert(mode)
    if image.has_transparency_data:
        return _in_strips(image, mode, _on_white)
    if image.mode in ("CMYK", "LAB", "HSV", "YCbCr") and mode == "L":
        return _in_strips(image, mode, lambda strip: strip.convert("RGB"))
    return image.convert(mode)


def _in_strips(image: Image.Image, mode: str, change: Callable[[Image.Image], Image.Image]) -> Image.Image:
    result = Image.new(mode, image.size)
    for top in range(0, image.height, STRIP):
        strip = image.crop((0, top, image.width, min(top + STRIP, image.height)))
        strip.info = image.info
        result.paste(change(strip).convert(mode), (0, top))
    return result


def _on_white(strip: Image.Image) -> Image.Image:
    # Black, the usual colour under full transparency, would show; paper is white.
    colored = strip.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", colored.size, (255, 255, 255, 255)), colored)


def _eight_bits(image: Image.Image) -> Image.Image:
    """16-bit, 32-bit and float samples as 8 bits, by the range they use: 0…1 (floats), 8, 16 or 32 bits."""
    values = np.asarray(image)
    strips = [values[top : top + STRIP] for top in range(0, image.height, STRIP)]
    most = max(float(_finite(strip).max()) for strip in strips)
    scale = 1.0
    if values.dtype == np.uint16 or 255 < most <= 65535:
        scale = 1 / 257
    elif most > 65535:
        scale = 255 / (2**31 - 1 if most < 2**31 else 2**32 - 1)
    elif values.dtype.kind == "f" and most <= 1:
        scale = 255.0
    result = np.empty(values.shape, np.uint8)
    for number, strip in enumerate(strips):
        result[number * STRIP : number * STRIP + len(strip)] = np.clip(
            np.rint(_finite(strip) * scale), 0, 255
        )
    return Image.fromarray(result)


def _finite(samples: npt.NDArray[np.generic]) -> npt.NDArray[np.float64]:
    return np.nan_to_num(np.asarray(samples, dtype=np.float64), posinf=255, neginf=0)


@lru_cache(maxsize=16)
def _to_srgb(profile: bytes) -> ImageCms.ImageCmsTransform | None:
    """The way from a profile's colours to sRGB; None where it is sRGB already, or broken."""
    if b"sRGB" in profile or "sRGB".encode("utf-16-be") in profile:
        return None
    with contextlib.suppress(ImageCms.PyCMSError, OSError, TypeError, ValueError):
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), "RGB", "RGB")
    return None


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    transform = _to_srgb(profile)
    return image if transform is None else ImageCms.applyTransform(image, transform) or image


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
