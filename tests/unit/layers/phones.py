"""HEIC and AVIF as phones and cameras write them; the encoder is a dependency of the tests alone."""

import io
from typing import Any

import numpy as np
import pillow_heif
from PIL import Image

# HEVC's fastest: what is tested is the decoder.
FAST = {"preset": "ultrafast"}


def heic(
    image: Image.Image, *others: Image.Image, primary: int = 0, exif: bytes | None = None, **options: Any
) -> bytes:
    """A HEIC of one picture, or of several; `tile_size` makes a grid of tiles.

    As phones do, it says twice how `exif` has it turned: in EXIF, and in the boxes that decoders heed.
    """
    out = io.BytesIO()
    held = pillow_heif.from_pillow(image)
    if exif is not None:
        held.info["exif"] = exif
    for other in others:
        held.add_from_pillow(other)
    held.save(out, quality=90, enc_params=FAST, primary_index=primary, **options)
    return out.getvalue()


def deep_heic(image: Image.Image) -> bytes:
    """A HEIC of 10 bits a sample."""
    samples = np.asarray(image.convert("RGB")).astype(np.uint16) << 8
    held = pillow_heif.from_bytes("RGB;16", image.size, samples.tobytes())
    out = io.BytesIO()
    held.save(out, quality=90, enc_params=FAST)
    return out.getvalue()


def avif(image: Image.Image, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, "AVIF", quality=90, speed=10, **options)
    return out.getvalue()


def corners(width: int = 200, height: int = 120) -> Image.Image:
    """White, red in the upper left quarter, blue in the lower right one."""
    image = Image.new("RGB", (width, height), "white")
    image.paste((230, 20, 20), (0, 0, width // 2, height // 2))
    image.paste((20, 20, 230), (width // 2, height // 2, width, height))
    return image
