"""Lines of text as a panel that is legible on any background: white on a translucent dark ground."""

import html
import math
import unicodedata
from collections.abc import Sequence
from typing import Any

from loupe_imaging.fonts import FAMILY, use_packaged_fonts
from loupe_imaging.libvips import pyvips

MAX_LABEL_LENGTH = 60
MIN_TEXT = 13
MAX_TEXT_SIZE = 30
# One point is one pixel.
DPI = 72
# An Arabic label is set from right to left, but its line begins at the left like every other, and the label
# does not draw the number behind it into its own order.
LEFT_TO_RIGHT = "\u200e"
ISOLATE, END_OF_ISOLATE = "\u2068", "\u2069"
WHITE = [255, 255, 255]
GROUND = 24
OPACITY = 0.68


def caption_lines(predictions: Sequence[tuple[str, float]]) -> list[str]:
    """`German shepherd - 60.0%`, a line for each (label, score from 0 to 1).

    Rounded down as everywhere (loupe_core.confidence.percent; this package stands alone).
    """
    return [
        f"{_isolated(printable(label))} - {math.floor(score * 1000 + 1e-9) / 10:.1f}%"
        for label, score in predictions
    ]


def text_size(width: int) -> int:
    """The height of letters, in pixels, that suits a picture of this width."""
    return max(MIN_TEXT, min(MAX_TEXT_SIZE, round(width / 33)))


def text_mask(lines: Sequence[str], size: int, width: int) -> Any:
    """The lines as a mask of one band: 255 is text. Lines longer than `width` pixels are broken."""
    use_packaged_fonts()
    return pyvips.Image.text(
        # The text is Pango markup: what people call their labels must not be.
        "\n".join(LEFT_TO_RIGHT + html.escape(line, quote=False) for line in lines),
        font=f"{FAMILY} {size}",
        dpi=DPI,
        width=width,
        wrap="word-char",
        spacing=size // 4,
    )


def panel(mask: Any, background: Any, padding: int) -> Any:
    """`background` (sRGB, larger than the mask by `padding` all round) darkened, with the text on it."""
    dark = background * (1 - OPACITY) + GROUND * OPACITY
    letters = mask.embed(padding, padding, background.width, background.height)
    return letters.ifthenelse(WHITE, dark, blend=True).cast("uchar").copy(interpretation="srgb")


def _isolated(label: str) -> str:
    rightward = any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in label)
    return f"{ISOLATE}{label}{END_OF_ISOLATE}" if rightward else label


def printable(label: str) -> str:
    """A label on one line, without control characters, cut to 60."""
    line = "".join(letter if letter.isprintable() or letter == "\u200d" else " " for letter in label)
    line = " ".join(line.split()) or "?"
    return line if len(line) <= MAX_LABEL_LENGTH else line[: MAX_LABEL_LENGTH - 1] + "…"
