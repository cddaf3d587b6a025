"""What a picture is, by its header alone: no pixel is decoded, so a decompression bomb costs nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from loupe_core.errors import CorruptImageError, ImageTooLargeError
from loupe_core.limits import LARGEST_IMAGE_BYTES
from loupe_imaging.formats import ImageFormat, image_format
from loupe_imaging.libvips import pyvips

LARGEST_PIXELS = 50_000_000
# An interlaced PNG is decoded as a whole. One of 16-bit RGBA and over 45 megapixels would not fit a 512 MB
# worker, and a refusal is better than a killed worker.
LARGEST_INTERLACED_BYTES = 360_000_000

UPRIGHT = 1
SIDEWAYS = (5, 6, 7, 8)
GREY = ("b-w", "grey16")
LOADERS = {
    ImageFormat.JPEG: pyvips.Image.jpegload_buffer,
    ImageFormat.PNG: pyvips.Image.pngload_buffer,
    ImageFormat.WEBP: pyvips.Image.webpload_buffer,
    ImageFormat.GIF: pyvips.Image.gifload_buffer,
    ImageFormat.TIFF: pyvips.Image.tiffload_buffer,
}


@dataclass(frozen=True)
class Picture:
    """A picture by its header. Width and height are those of the upright picture, in pixels."""

    content: bytes
    format: ImageFormat
    width: int
    height: int
    orientation: int
    grey: bool
    # libvips' words for how a sample is kept and what it means.
    samples: str
    interpretation: str
    has_alpha: bool
    has_profile: bool
    # 8-bit sRGB or grey in one frame without alpha, as the file keeps it.
    plain: bool

    @property
    def upright(self) -> bool:
        return self.orientation == UPRIGHT

    @property
    def longest(self) -> int:
        return max(self.width, self.height)

    @property
    def shortest(self) -> int:
        return min(self.width, self.height)


def read_picture(content: bytes) -> Picture:
    """Read a picture's header.

    Raises UnsupportedImageError, CorruptImageError, or ImageTooLargeError over 25 MB or 50 megapixels.
    """
    if len(content) > LARGEST_IMAGE_BYTES:
        raise ImageTooLargeError(
            f"The picture is {len(content) / 1e6:.1f} MB; "
            f"at most {LARGEST_IMAGE_BYTES // 1_000_000} MB are allowed."
        )
    kind = image_format(content)
    with broken_as_corrupt(kind):
        picture = _bitmap(content) if kind is ImageFormat.BMP else _from_header(content, kind)
    pixels = picture.width * picture.height
    if pixels > LARGEST_PIXELS:
        raise ImageTooLargeError(
            f"The picture has {pixels / 1e6:,.1f} megapixels ({picture.width} × {picture.height}); "
            f"at most {LARGEST_PIXELS // 1_000_000} are allowed."
        )
    _require_room(picture)
    return picture


def _require_room(picture: Picture) -> None:
    """Refuse the one kind of picture that is within the limits and yet too large to decode."""
    if picture.format is ImageFormat.PNG and picture.content[28] and picture.samples == "ushort":
        channels = (1 if picture.grey else 3) + picture.has_alpha
        if picture.width * picture.height * channels * 2 > LARGEST_INTERLACED_BYTES:
            raise ImageTooLargeError("An interlaced 16-bit PNG of this size takes too much memory to decode.")


@contextmanager
def broken_as_corrupt(kind: ImageFormat) -> Iterator[None]:
    """Turn a decoder's complaint into CorruptImageError."""
    try:
        yield
    except pyvips.Error as error:
        raise _corrupt(kind, _reason(error)) from error


def _corrupt(kind: ImageFormat, reason: str) -> CorruptImageError:
    return CorruptImageError(f"The {kind.spoken} is truncated or broken: {reason}.")


def _reason(error: Any) -> str:
    """libvips' last complaint that names a cause, without the name of the function that made it."""
    lines = [line for line in str(error.detail or error.message).splitlines() if line.strip()]
    causes = [line.partition(": ")[2].strip() or line.strip() for line in lines]
    told = [cause for cause in causes if cause not in ("load error", "out of order read")]
    text = (told or causes or ["no reason given"])[0].rstrip(".")
    return "".join(letter if letter.isprintable() else " " for letter in text)[:160]


def _from_header(content: bytes, kind: ImageFormat) -> Picture:
    header = LOADERS[kind](content, access="sequential", fail_on="error")
    fields = set(header.get_fields())
    orientation = int(header.get("orientation")) if "orientation" in fields else UPRIGHT
    width, height = header.width, header.height
    if orientation in SIDEWAYS:
        width, height = height, width
    grey = header.interpretation in GREY and header.bands <= 2
    has_alpha = bool(header.hasalpha())
    has_profile = "icc-profile-data" in fields
    return Picture(
        content=content,
        format=kind,
        width=width,
        height=height,
        orientation=orientation,
        grey=grey,
        samples=str(header.format),
        interpretation=str(header.interpretation),
        has_alpha=has_alpha,
        has_profile=has_profile,
        plain=header.format == "uchar"
        and header.interpretation in ("srgb", "b-w")
        and header.bands == (1 if grey else 3)
        and (not has_profile or _says_srgb(header.get("icc-profile-data")))
        and _one_plain_frame(content, kind),
    )


def _one_plain_frame(content: bytes, kind: ImageFormat) -> bool:
    if kind is ImageFormat.JPEG:
        return True
    # IHDR: depth 8, grey (0) or RGB (2). An acTL chunk before the pixels makes it an animation.
    return (
        kind is ImageFormat.PNG
        and content[24] == 8
        and content[25] in (0, 2)
        and b"acTL" not in content[: content.find(b"IDAT")]
    )


def _says_srgb(profile: Any) -> bool:
    name = bytes(profile)
    return b"sRGB" in name or "sRGB".encode("utf-16-be") in name


def _bitmap(content: bytes) -> Picture:
    # Pillow is loaded for bitmaps only: nobody else pays for it.
    from loupe_imaging.bitmap import BrokenBitmapError, bitmap_header

    try:
        header = bitmap_header(content)
    except BrokenBitmapError as error:
        raise _corrupt(ImageFormat.BMP, str(error)[:160]) from error
    return Picture(
        content=content,
        format=ImageFormat.BMP,
        width=header.width,
        height=header.height,
        orientation=UPRIGHT,
        grey=header.grey,
        samples="uchar",
        interpretation="b-w" if header.grey else "srgb",
        has_alpha=header.has_alpha,
        has_profile=False,
        plain=False,
    )
