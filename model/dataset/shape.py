"""What size and colour a model for a dataset should take, and a picture in that shape."""

from collections import Counter
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from model.dataset.sources import Example
from model.errors import UnreadableImageError
from model.images import FORMATS, pixels_of, read_pixels
from model.spec import InputSpec

SAMPLE = 400
SMALLEST, LARGEST, PHOTO = 16, 64, 96
STEP = 4


def choose_input(
    examples: list[Example], side: int | None = None, color: str | None = None, resize: str | None = None
) -> InputSpec:
    """Small pictures keep their size, photos become 96 x 96; grey ones stay grey.

    Looks at a sample that is spread evenly; what cannot be read there is left to the reading of all.
    """
    sample = examples[:: max(1, len(examples) // SAMPLE)]
    sizes = [size for example in sample if (size := _size(example)) is not None]
    if side is None:
        side = _side(sizes)
    if color is None:
        color = "L" if all(_is_grey(example) for example in sample) else "RGB"
    if resize is None:
        square = all(abs(width - height) <= 0.05 * max(width, height) for width, height in sizes)
        same = len({round(width / height, 1) for width, height in sizes}) <= 1
        resize = "stretch" if square or same else "center_crop"
    return InputSpec(width=side, height=side, channels=1 if color == "L" else 3, color=color, resize=resize)


def pixels_of_example(example: Example, spec: InputSpec) -> npt.NDArray[np.uint8]:
    """The example as the server would read it. Raises UnreadableImageError, OSError."""
    if isinstance(example.source, Path):
        return read_pixels(example.source, spec)
    return pixels_of(Image.fromarray(example.source), spec)


def _side(sizes: list[tuple[int, int]]) -> int:
    if not sizes:
        return PHOTO
    longer = Counter(max(size) for size in sizes)
    usual = sorted(longer.elements())[sum(longer.values()) // 2]
    if usual > LARGEST:
        return PHOTO
    return max(SMALLEST, -(-usual // STEP) * STEP)


def _size(example: Example) -> tuple[int, int] | None:
    if not isinstance(example.source, Path):
        height, width = example.source.shape[:2]
        return width, height
    try:
        with Image.open(example.source, formats=FORMATS) as image:
            return image.size
    except Exception:  # reading all pictures says which are broken, and why
        return None


def _is_grey(example: Example) -> bool:
    if not isinstance(example.source, Path):
        return example.source.ndim == 2
    probe = InputSpec(width=32, height=32, channels=3, color="RGB")
    try:
        pixels = read_pixels(example.source, probe).astype(np.int16)
    except (UnreadableImageError, OSError):
        return True
    # JPEG's chroma rounds by a little even in grey pictures.
    return int((pixels.max(axis=2) - pixels.min(axis=2)).max()) <= 6
