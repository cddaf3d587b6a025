"""From a picture's bytes to pixels: upright, 8 bits, sRGB or grey, on white, and no larger than asked for."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from loupe_core.errors import CorruptImageError
from loupe_imaging.apart import pixels_apart
from loupe_imaging.complete import complete
from loupe_imaging.formats import ImageFormat, by_their_names
from loupe_imaging.libvips import pyvips
from loupe_imaging.picture import LOADERS, Picture, broken_as_corrupt, read_apart

# What libvips keeps in floats although it has a fixed range.
PERCEPTUAL = ("lab", "labs", "lch", "xyz")
WHITE = 255
# For the loader. thumbnail_buffer's own argument `fail_on` does not reach it (libvips 8.18).
STRICT = "fail_on=error"
# By how much a JPEG's decoder may shrink it, and what must then be left to resize, so that the result is as
# good as without (42 dB; JPEG itself loses more). `thumbnail_buffer` leaves 2, which takes a fifth longer.
JPEG_SHRINKS = ((8, 2.0), (4, 1.5), (2, 1.5))
# For people's eyes nothing need be left (36 dB), but for a shrinking by 8, which keeps little of a picture.
JPEG_SHRINKS_FOR_EYES = ((8, 2.0), (4, 1.0), (2, 1.0))
# What needs no conversion of colours, but for the number of bits.
DISPLAYABLE = ("srgb", "b-w", "rgb16", "grey16", "rgb", "multiband")


def fitted(picture: Picture, width: int, height: int, *, for_eyes: bool = False) -> Any:
    """The picture at exactly `width` × `height`, in memory: one band of grey or three of sRGB, 8 bits.

    JPEG and WebP are shrunk while they are decoded; `for_eyes` does so to the utmost.
    Raises CorruptImageError.
    """
    if picture.apart:
        return _converted(picture, pixels_apart(picture, width, height), width, height)
    if picture.format is ImageFormat.BMP:
        return _converted(picture, _bitmap(picture), width, height)
    try:
        with broken_as_corrupt(picture.format), _whole(picture):
            return _from_libvips(picture, width, height, for_eyes=for_eyes)
    except CorruptImageError as error:
        if picture.format is not ImageFormat.TIFF:
            raise
        try:
            rare = read_apart(picture.header)
            return _converted(rare, pixels_apart(rare, width, height), width, height)
        except CorruptImageError:
            raise error from None


def require_sound(picture: Picture) -> None:
    """Decode the whole picture once. Raises CorruptImageError."""
    with broken_as_corrupt(picture.format), _whole(picture):
        _strictly(picture).avg()


def _whole(picture: Picture) -> AbstractContextManager[None]:
    if picture.format is not ImageFormat.JPEG:
        return nullcontext()
    return complete(picture.header)


def _from_libvips(picture: Picture, width: int, height: int, *, for_eyes: bool) -> Any:
    shrink = _jpeg_shrink(picture, width, height, for_eyes=for_eyes)

    def pixels(*, to_srgb: bool) -> Any:
        return _flat(picture, _shrunk(picture, width, height, shrink, to_srgb=to_srgb)).copy_memory()

    try:
        return pixels(to_srgb=_needs_srgb(picture))
    except pyvips.Error:
        if not picture.has_profile:
            raise
        # A broken colour profile is no reason to refuse a picture whose pixels are sound.
        return pixels(to_srgb=False)


def _converted(picture: Picture, image: Any, width: int, height: int) -> Any:
    """Pixels that another library decoded, through their profile and at their size."""
    options: dict[str, Any] = {"height": height, "size": "force"}
    with broken_as_corrupt(picture.format):
        if "icc-profile-data" in image.get_fields():
            try:
                converted = image.thumbnail_image(width, output_profile="srgb", **options)
                return _flat(picture, converted).copy_memory()
            except pyvips.Error:
                # As above.
                image = image.copy()
                image.remove("icc-profile-data")
        return _flat(picture, image.thumbnail_image(width, **options)).copy_memory()


def _bitmap(picture: Picture) -> Any:
    # Pillow is loaded for bitmaps only: nobody else pays for it.
    from loupe_imaging.bitmap import BrokenBitmapError, bitmap_pixels

    try:
        with by_their_names():
            return bitmap_pixels(picture.content)
    except BrokenBitmapError as error:
        raise CorruptImageError(f"The BMP is truncated or broken: {error}.") from error


def _needs_srgb(picture: Picture) -> bool:
    """Whether colours must be converted: from a profile, or from CMYK, Lab and the like."""
    return picture.has_profile or picture.interpretation not in DISPLAYABLE


def _shrunk(picture: Picture, width: int, height: int, shrink: int, *, to_srgb: bool) -> Any:
    options: dict[str, Any] = {"height": height, "size": "force"}
    if to_srgb:
        options["output_profile"] = "srgb"
    if picture.samples not in ("uchar", "ushort") and picture.interpretation not in PERCEPTUAL:
        return _from_scientific(picture).thumbnail_image(width, **options)
    if picture.interpretation == "grey16" and not to_srgb:
        # libvips would take 16-bit greys through colours first, which takes eight times as long.
        eight_bits = (_strictly(picture) >> 8).cast("uchar").copy(interpretation="b-w")
        return eight_bits.thumbnail_image(width, **options)
    if shrink > 1:
        return _strictly(picture, shrink=shrink).thumbnail_image(width, **options)
    return pyvips.Image.thumbnail_buffer(picture.content, width, option_string=STRICT, **options)


def _jpeg_shrink(picture: Picture, width: int, height: int, *, for_eyes: bool) -> int:
    """By how much the decoder shrinks the picture, if it is a JPEG; else 1."""
    if picture.format is not ImageFormat.JPEG:
        return 1
    factor = min(picture.width / width, picture.height / height)
    shrinks = JPEG_SHRINKS_FOR_EYES if for_eyes else JPEG_SHRINKS
    return next((shrink for shrink, left in shrinks if shrink * left <= factor), 1)


def _flat(picture: Picture, image: Any) -> Any:
    """To 8 bits and to grey or sRGB, alpha laid on white."""
    if image.interpretation == "multiband" or image.bands > 4:
        image = image.extract_band(0, n=3 if image.bands >= 3 else 1)
        image = image.copy(interpretation="srgb" if image.bands == 3 else "b-w")
    image = image.colourspace("b-w" if picture.grey else "srgb")
    if image.hasalpha():
        image = image.flatten(background=WHITE)
    return image.cast("uchar")


def _from_scientific(picture: Picture) -> Any:
    """A TIFF of floats or of wide or signed integers, its range brought to 0–255.

    Up to 1 they are taken as parts of white, up to 255 as bytes; anything else is stretched by its own range.
    """
    lowest, highest = _range(picture)
    if lowest >= 0 and highest <= 255:
        lowest, highest = 0.0, 1.0 if highest <= 1 else 255.0
    scale = 255.0 / ((highest - lowest) or 1.0)
    image = _strictly(picture).autorot()
    bands = min(image.bands, 3) if image.bands != 2 else 1
    image = image.extract_band(0, n=bands).linear(scale, -lowest * scale).cast("uchar")
    return image.copy(interpretation="srgb" if bands == 3 else "b-w")


def _range(picture: Picture) -> tuple[float, float]:
    statistics = _strictly(picture).stats()
    return float(statistics(0, 0)[0]), float(statistics(1, 0)[0])


def _strictly(picture: Picture, **options: Any) -> Any:
    """The picture as its loader gives it, row by row; what is broken is an error."""
    return LOADERS[picture.format](picture.content, access="sequential", fail_on="error", **options)
