"""What a picture is, by its header alone: no pixel is decoded, so a decompression bomb costs nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from loupe_core.errors import CorruptImageError, ImageTooLargeError
from loupe_core.limits import MAX_IMAGE_BYTES
from loupe_formats.header import Header
from loupe_formats.reading import read_header
from loupe_imaging.formats import BUDGET, ImageFormat, by_their_names
from loupe_imaging.libvips import pyvips

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
    """A picture by its header. Width and height are those of the upright picture, in pixels.

    `content` is what is decoded: the file without what is not its picture.
    """

    content: bytes
    header: Header
    width: int
    height: int
    orientation: int
    grey: bool
    # libvips' words for how a sample is kept and what it means.
    samples: str
    interpretation: str
    has_profile: bool
    # 8-bit sRGB or grey in one frame without alpha, as the file keeps it.
    plain: bool
    # Decoded in a process of its own, by Pillow or libheif: what libvips does not read.
    apart: bool = False

    @property
    def format(self) -> ImageFormat:
        return self.header.format

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

    Raises UnsupportedImageError, CorruptImageError, or ImageTooLargeError: over 25 MB or 50 megapixels, or
    more than this function has memory or time to decode.
    """
    if len(content) > MAX_IMAGE_BYTES:
        raise ImageTooLargeError(
            f"The picture is {len(content) / 1e6:.1f} MB; "
            f"at most {MAX_IMAGE_BYTES // 1_000_000} MB are allowed."
        )
    with by_their_names():
        header = read_header(content, BUDGET)
    if header.format is ImageFormat.BMP:
        return _by_header(header, apart=False)
    if header.format not in LOADERS:
        return read_apart(header)
    try:
        with broken_as_corrupt(header.format):
            return _from_libvips(header)
    except CorruptImageError:
        if header.format is not ImageFormat.TIFF:
            raise
        # Valid but rare: Pillow may know what libvips does not. If it does not either, decoding says so.
        return read_apart(header)


def read_apart(header: Header) -> Picture:
    """A picture that a child decodes, which turns it upright."""
    return _by_header(header, apart=True)


def _by_header(header: Header, *, apart: bool) -> Picture:
    sideways = header.orientation in SIDEWAYS
    return Picture(
        content=header.content,
        header=header,
        width=header.height if sideways else header.width,
        height=header.width if sideways else header.height,
        orientation=UPRIGHT,
        grey=header.bands == 1,
        samples="uchar",
        interpretation="b-w" if header.bands == 1 else "srgb",
        has_profile=False,
        plain=False,
        apart=apart,
    )


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
    reasons = [cause for cause in causes if cause not in ("load error", "out of order read")]
    text = (reasons or causes or ["no reason given"])[0].rstrip(".")
    return "".join(letter if letter.isprintable() else " " for letter in text)[:160]


def _from_libvips(header: Header) -> Picture:
    image = LOADERS[header.format](header.content, access="sequential", fail_on="error")
    if image.width * image.height > header.pixels:
        raise _corrupt(header.format, "its headers contradict each other")
    fields = set(image.get_fields())
    orientation = int(image.get("orientation")) if "orientation" in fields else UPRIGHT
    width, height = image.width, image.height
    if orientation in SIDEWAYS:
        width, height = height, width
    grey = image.interpretation in GREY and image.bands <= 2
    has_profile = "icc-profile-data" in fields
    return Picture(
        content=header.content,
        header=header,
        width=width,
        height=height,
        orientation=orientation,
        grey=grey,
        samples=str(image.format),
        interpretation=str(image.interpretation),
        has_profile=has_profile,
        plain=header.simple
        and image.format == "uchar"
        and image.interpretation in ("srgb", "b-w")
        and image.bands == (1 if grey else 3)
        and (not has_profile or _says_srgb(image.get("icc-profile-data"))),
    )


def _says_srgb(profile: Any) -> bool:
    name = bytes(profile)
    return b"sRGB" in name or "sRGB".encode("utf-16-be") in name
