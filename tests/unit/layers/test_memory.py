"""Large pictures in a small worker: peak memory of a process that does nothing else."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import pyvips
from PIL import Image

ROOT = Path(__file__).parents[3]
PROGRAM = """
import pathlib, sys
sys.path[:0] = ["layers/core", "layers/imaging"]
from loupe_imaging.normalise import model_input
from loupe_imaging.picture import read_picture
picture = read_picture(open(sys.argv[1], "rb").read())
assert 0 < len(model_input(picture)) <= 96 * 1024
# Not getrusage: what it tells a child of includes the parent's size before exec.
peak = pathlib.Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]
print(picture.width * picture.height, int(peak) // 1024)
"""


def gradient(width: int, height: int, bands: int = 3) -> "pyvips.Image":
    """Colours that change from pixel to pixel, made as they are written."""
    position = pyvips.Image.xyz(width, height) * [255 / width, 255 / height]
    image = position[0].bandjoin([position[1]] + [(position[0] + position[1]) / 2] * (bands - 2))
    return image.cast("uchar").copy(interpretation="srgb")


def noisy(width: int, height: int) -> "pyvips.Image":
    planes = [pyvips.Image.gaussnoise(width, height, mean=128, sigma=30, seed=seed) for seed in range(3)]
    return planes[0].bandjoin(planes[1:]).cast("uchar").copy(interpretation="srgb")


def indexed(width: int, height: int) -> Image.Image:
    rows = np.add.outer(np.arange(height) // 40, np.arange(width) // 40).astype(np.uint8)
    image = Image.fromarray(rows)
    image.putpalette(bytes(range(256)) * 3)
    return image


def sixteen_bits(image: "pyvips.Image") -> "pyvips.Image":
    return (image.cast("ushort") * 257).cast("ushort").copy(interpretation="rgb16")


WRITERS: dict[str, tuple[Callable[[str], None], int]] = {
    "48 MP JPEG": (lambda path: gradient(8000, 6000).jpegsave(path, Q=88), 300),
    "48 MP PNG": (lambda path: gradient(8000, 6000).pngsave(path, compression=1), 300),
    "48 MP WebP": (lambda path: gradient(8000, 6000).webpsave(path, Q=70, effort=0), 300),
    "25 MB TIFF": (lambda path: noisy(3300, 2550).tiffsave(path), 300),
    "48 MP TIFF of 16 bits": (
        lambda path: sixteen_bits(gradient(8000, 6000)).tiffsave(path, compression="deflate"),
        300,
    ),
    # These are decoded as a whole; with Lambda's runtime they must still fit 512 MB.
    "48 MP progressive JPEG": (
        lambda path: gradient(8000, 6000).jpegsave(path, interlace=True, subsample_mode="off"),
        400,
    ),
    "48 MP interlaced PNG": (
        lambda path: gradient(8000, 6000).pngsave(path, interlace=True, compression=1),
        400,
    ),
    "48 MP GIF": (lambda path: indexed(8000, 6000).save(path, "GIF"), 400),
}


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("name", WRITERS)
def test_a_large_picture_fits_a_small_worker(name: str, tmp_path: Path) -> None:
    write, most = WRITERS[name]
    path = tmp_path / "picture"
    write(str(path))

    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )

    assert run.returncode == 0, run.stderr[-2000:]
    pixels, peak = map(int, run.stdout.split())
    assert pixels > 8_000_000
    assert peak < most, f"{peak} MB"
