"""Small datasets in the forms that people bring, and what prepares them."""

import struct
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from model.dataset.splits import Shares
from model.prepare import Options, prepare


def draw(path: Path, number: int, size: tuple[int, int] = (32, 32), mode: str = "RGBA") -> None:
    """A picture of its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(number).integers(0, 255, (*reversed(size), 3), dtype=np.uint8)
    Image.fromarray(noise).convert(mode).save(path, "PNG")


def class_folders(root: Path, counts: dict[str, int], **options: Any) -> None:
    number = 0
    for label, count in counts.items():
        (root / label).mkdir(parents=True)
        for _ in range(count):
            number += 1
            draw(root / label / f"{number}.png", number, **options)


def idx(values: np.ndarray[Any, Any]) -> bytes:
    return struct.pack(f">BBBB{values.ndim}I", 0, 0, 8, values.ndim, *values.shape) + values.tobytes()


def run(root: Path, out: Path, **changes: Any) -> dict[str, Any]:
    return prepare(Options(root, out, changes.pop("shares", Shares()), **changes))


def write_lst(root: Path, part: str, count: int, start: int = 0) -> list[str]:
    """A folder of pictures in two classes and its list, as SageMaker's image classification takes them."""
    lines = []
    for number in range(start, start + count):
        name = f"{'bicycle' if number % 2 else 'motor bike'}_s_{number:06}.png"
        draw(root / part / name, number)
        lines.append(f"{number}\t{float(number % 2):.6f}\t{name}")
    (root / f"{part}.lst").write_text("\r\n".join(lines) + "\r\n", "utf-8")
    return lines
