"""The same with Pillow: serialize_pillow.py PICTURE WIDTH HEIGHT QUALITY plain|thumbnail.

`plain` is what most people write: open, turn upright, to RGB, resize, save. `thumbnail` is what Pillow's
tutorial shows, which lets the decoder of a JPEG shrink while it reads.
"""

import io
import sys
from pathlib import Path

from PIL import Image, ImageOps

from bench.contenders.turns import take_turns


def serialized(path: Path, width: int, height: int, quality: int, way: str) -> bytes:
    """A JPEG of exactly that size."""
    with Image.open(io.BytesIO(path.read_bytes())) as image:
        if way == "thumbnail":
            image.thumbnail((width, height), Image.Resampling.LANCZOS)
        small = ImageOps.exif_transpose(image).convert("RGB")
        if small.size != (width, height):
            small = small.resize((width, height), Image.Resampling.LANCZOS)
        buffer = io.BytesIO()
        small.save(buffer, "JPEG", quality=quality)
        return buffer.getvalue()


def main(path: Path, width: int, height: int, quality: int, way: str) -> None:
    take_turns(lambda: len(serialized(path, width, height, quality, way)))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), sys.argv[5])
