"""Pictures of every kind, made on the spot."""

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]


def pattern(width: int, height: int, seed: int = 0) -> Pixels:
    """Smooth colours with a little noise: it looks like a photo to an encoder. Height × width × 3."""
    rng = np.random.default_rng(seed)
    x, y = np.linspace(0, 1, width), np.linspace(0, 1, height)[:, None]
    planes = [x * 200 + y * 40, (1 - x) * 150 + y * 90, 60 + 120 * x * y]
    noise = rng.integers(-4, 5, (height, width, 3))
    smooth = np.stack([np.broadcast_to(plane, (height, width)) for plane in planes], axis=-1)
    return (smooth + noise).clip(0, 255).astype(np.uint8)


def noise(width: int, height: int, seed: int = 0) -> Pixels:
    """What no encoder can make small."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def photo(width: int = 320, height: int = 240) -> Image.Image:
    return Image.fromarray(pattern(width, height))


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    """An image in one of Pillow's formats."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def jpeg(width: int = 320, height: int = 240, **options: Any) -> bytes:
    return encoded(photo(width, height), "JPEG", **options)


def png(width: int = 320, height: int = 240, **options: Any) -> bytes:
    return encoded(photo(width, height), "PNG", **options)


def opened(content: bytes) -> Image.Image:
    """A result, decoded by a decoder that did not make it."""
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def mean_colour(content: bytes) -> list[float]:
    return [float(value) for value in np.asarray(opened(content).convert("RGB")).mean(axis=(0, 1))]
