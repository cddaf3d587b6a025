"""The annotated picture: at most 1000 pixels wide, with the best labels and the faces' boxes on it.

A picture is never enlarged, with one exception: below 320 pixels it is shown on a canvas of that width, and a
tiny one enlarged a whole number of times, so that its pixels stay squares. Else its labels could not be read.
The labels lie over the lower left corner; where that would hide too much of a picture, in a band beneath it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from loupe_imaging.caption import caption_lines, panel, text_mask, text_size
from loupe_imaging.copies import display_copy, display_scale
from loupe_imaging.decode import fitted
from loupe_imaging.picture import Picture

WIDEST = 1000
TALLEST = 4000
NARROWEST = 320
CANVAS = [24, 24, 24]
# Labels may lie over pictures from this width on, and hide this part of their height.
NARROWEST_COVERED = 480
MAX_HIDDEN = 0.45
QUALITY = 88
BOX_COLOUR = [64, 224, 96]
BOX_EDGE = [0, 0, 0]


@dataclass(frozen=True)
class Box:
    """A box in parts of the picture's width and height."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class AnnotatedPicture:
    """A JPEG without metadata, its size in pixels, and the display copy that nothing is drawn on."""

    content: bytes
    width: int
    height: int
    display: bytes


def annotate(
    picture: Picture, predictions: Sequence[tuple[str, float]], faces: Sequence[Box]
) -> AnnotatedPicture:
    """Draw `predictions` ((label, score from 0 to 1), best first) and `faces`. Raises CorruptImageError."""
    image, display = _decoded(picture)
    if image.bands == 1:
        image = image.colourspace("srgb")
    image = _on_canvas(_with_boxes(image, faces))
    if predictions:
        image = _with_caption(image, caption_lines(predictions))
    content: bytes = image.jpegsave_buffer(Q=QUALITY, keep="none")
    return AnnotatedPicture(content, image.width, image.height, display)


def _decoded(picture: Picture) -> tuple[Any, bytes]:
    """The pixels to draw on and the display copy, of one decoding."""
    drawn = _size(picture, min(1.0, WIDEST / picture.width, TALLEST / picture.height))
    shown = _size(picture, display_scale(picture))
    image = fitted(picture, *max(drawn, shown), for_eyes=True)
    return _resized(image, drawn), display_copy(_resized(image, shown))


def _size(picture: Picture, scale: float) -> tuple[int, int]:
    # Rounded down, so that a half is no more than what a JPEG's decoder makes of it.
    return max(1, int(picture.width * scale + 1e-6)), max(1, int(picture.height * scale + 1e-6))


def _resized(image: Any, size: tuple[int, int]) -> Any:
    width, height = size
    if (image.width, image.height) == size:
        return image
    return image.thumbnail_image(width, height=height, size="force").copy_memory()


def _on_canvas(image: Any) -> Any:
    """At least 320 pixels wide."""
    if image.width >= NARROWEST:
        return image
    times = max(1, NARROWEST // max(image.width, image.height))
    image = image.zoom(times, times)
    left = (NARROWEST - image.width) // 2
    return image.embed(left, 0, NARROWEST, image.height, extend="background", background=CANVAS)


def _with_caption(image: Any, lines: list[str]) -> Any:
    size = text_size(image.width)
    padding = size // 2
    mask = text_mask(lines, size, image.width - 2 * padding)
    # A letter may lean a pixel over the width that was asked for.
    width, height = min(mask.width + 2 * padding, image.width), mask.height + 2 * padding
    if image.width < NARROWEST_COVERED or height > image.height * MAX_HIDDEN:
        width = image.width
        image = image.embed(0, 0, image.width, image.height + height, extend="background", background=CANVAS)
    top = image.height - height
    return image.insert(panel(mask, image.crop(0, top, width, height), padding), 0, top)


def _with_boxes(image: Any, faces: Sequence[Box]) -> Any:
    """Green boxes with a black edge inside and out: one of them stands out on any picture."""
    thickness = max(1, image.width // 250)
    colours = [BOX_EDGE, *([BOX_COLOUR] * thickness), BOX_EDGE]
    for face in faces:
        left, right = _span(face.left, face.width, image.width)
        top, bottom = _span(face.top, face.height, image.height)
        for inset, colour in enumerate(colours):
            width, height = right - left - 2 * inset, bottom - top - 2 * inset
            if width > 0 and height > 0:
                image = image.draw_rect(colour, left + inset, top + inset, width, height)
    return image


def _span(start: float, length: float, whole: int) -> tuple[int, int]:
    """From where to where a box reaches, in pixels: a face at the edge has a box that goes beyond."""
    first = max(0, min(whole, round(start * whole)))
    last = max(0, min(whole, round((start + length) * whole)))
    return first, last
