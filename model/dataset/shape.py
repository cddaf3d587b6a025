"""What size and colour a model for a dataset should take, and a picture in that shape."""

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from model.dataset.sources import Example
from model.errors import DatasetError, UnreadableImageError
from model.images import pixels_of, read_pixels, read_size
from model.spec import FILTERS, InputSpec

SAMPLE = 400
SMALLEST, LARGEST, PHOTO = 16, 64, 96
STEP = 4
# Small pictures by the tens of thousands teach a network of their own size more than features of photos know.
MANY = 20_000


@dataclass(frozen=True)
class Wanted:
    """What somebody says of the model's input; None where the pictures decide."""

    side: int | None = None
    color: str | None = None
    resize: str | None = None
    resize_short: int | None = None
    filter: str | None = None


def choose_input(examples: list[Example], wanted: "Wanted | None" = None) -> InputSpec:
    """Small pictures keep their size, photos become 96 x 96; grey ones stay grey.

    Looks at a sample that is spread evenly; what cannot be read there is left to the reading of all.
    """
    wanted = wanted or Wanted()
    sample = examples[:: max(1, len(examples) // SAMPLE)]
    sizes = [size for example in sample if (size := _size(example)) is not None]
    side = wanted.side or _side(sizes)
    color = wanted.color or ("L" if all(_is_grey(example) for example in sample) else "RGB")
    resize = wanted.resize
    if resize is None:
        square = all(abs(width - height) <= 0.05 * max(width, height) for width, height in sizes)
        same = len({round(width / height, 1) for width, height in sizes}) <= 1
        resize = "stretch" if square or same else "center_crop"
    short = wanted.resize_short if resize == "center_crop" else None
    return InputSpec(
        width=side,
        height=side,
        channels=1 if color == "L" else 3,
        color=color,
        resize=resize,
        resize_short=None if short is None else max(short, side),
        filter=wanted.filter or InputSpec.filter,
    )


def transfer_input(text: str, spec: InputSpec, pictures: int) -> InputSpec | None:
    """What a backbone of "SIDE,FILTER" takes of pictures that are prepared as `spec` for a start from
    nothing; None where only that would be tried. Raises DatasetError.
    """
    side, _, kind = text.partition(",")
    kind = kind.strip() or InputSpec.filter
    if not side.strip().isdigit() or not 8 <= int(side) <= 1024 or kind not in FILTERS:
        raise DatasetError(f"--transfer {text}: write a side and a filter, such as 224,bicubic")
    if spec.channels == 1 or (pictures > MANY and spec.width <= LARGEST):
        return None
    return replace(spec, width=int(side), height=int(side), resize_short=None, filter=kind, mean=(), std=())


def pixels_of_example(example: Example, spec: InputSpec) -> npt.NDArray[np.uint8]:
    """The example as the server would read it. Raises UnreadableImageError, OSError."""
    if isinstance(example.source, Path | bytes):
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
    if not isinstance(example.source, Path | bytes):
        height, width = example.source.shape[:2]
        return width, height
    # Reading all pictures says which are broken, and why.
    return read_size(example.source)


def _is_grey(example: Example) -> bool:
    if not isinstance(example.source, Path | bytes):
        return example.source.ndim == 2
    probe = InputSpec(width=32, height=32, channels=3, color="RGB")
    try:
        pixels = read_pixels(example.source, probe).astype(np.int16)
    except (UnreadableImageError, OSError):
        return True
    # JPEG's chroma rounds by a little even in grey pictures.
    return int((pixels.max(axis=2) - pixels.min(axis=2)).max()) <= 6
