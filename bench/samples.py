"""Pictures to measure with: a real photo at any size, in any format, made once and kept."""

from functools import cache
from pathlib import Path
from typing import Any

import pyvips

from bench.context import CACHE

# Megapixels, and the pixels of a camera's 4:3.
SIZES = {0.3: (640, 480), 3: (2048, 1536), 12: (4000, 3000), 48: (8000, 6000)}
# As cameras and phones write them.
SAVERS = {"jpeg": {"Q": 90}, "webp": {"Q": 85, "effort": 2}, "png": {"compression": 6}}
SUFFIXES = {"jpeg": ".jpg", "webp": ".webp", "png": ".png"}
# The sensor's noise, without which an enlarged photo would be nothing but smooth.
GRAIN = 5.0
# A PNG keeps noise as it is, and Loupe takes 25 MB: over 3 megapixels it goes without, and at 48 with fewer
# colours, as a drawing.
MAX_GRAINY_PNG = 3
MAX_SMOOTH_PNG = 12
DRAWN_STEP = 16


def photo(megapixels: float, kind: str) -> Path:
    """A photo of 0.3, 3, 12 or 48 megapixels as `jpeg`, `png` or `webp`."""
    path = CACHE / "samples" / f"photo-{megapixels:g}{SUFFIXES[kind]}"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_stem(f"{path.stem}-draft")
        _scene(megapixels, kind).write_to_file(str(draft), **SAVERS[kind])
        draft.replace(path)
    return path


@cache
def _original() -> Any:
    from sklearn.datasets import load_sample_images  # it takes a second, and most read what is kept

    temple = load_sample_images().images[0]
    height, width, bands = temple.shape
    image = pyvips.Image.new_from_memory(temple.tobytes(), width, height, bands, "uchar")
    return image.copy(interpretation="srgb")


def _scene(megapixels: float, kind: str) -> Any:
    width, height = SIZES[megapixels]
    image = _original().thumbnail_image(width, height=height, crop="centre")
    if kind != "png" or megapixels <= MAX_GRAINY_PNG:
        image = image + pyvips.Image.gaussnoise(width, height, sigma=GRAIN, mean=0, seed=1)
    elif megapixels > MAX_SMOOTH_PNG:
        image = (image / DRAWN_STEP).rint() * DRAWN_STEP
    return image.cast("uchar").copy(interpretation="srgb")
