"""A hundred broken files of each format: read or refused by name, and none hangs or crashes the process."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
ROUNDS = 120
# In a process of its own: a decoder that crashes would end the test run, one that hangs is killed.
PROGRAM = """
import collections, json, random, sys
sys.path[:0] = [".", "layers/core", "layers/imaging"]
from loupe_core.errors import LoupeError
from loupe_imaging.annotate import annotate
from loupe_imaging.normalise import MAX_MODEL_INPUT, model_input
from loupe_imaging.picture import read_picture
from tests.unit.layers.pictures import encoded, photo

kind, rounds = sys.argv[1], int(sys.argv[2])
draw = random.Random(kind)
modes = {
    "JPEG": ["RGB", "L", "CMYK"],
    "PNG": ["RGB", "RGBA", "P", "1"],
    "WEBP": ["RGB", "RGBA"],
    "GIF": ["P", "L"],
    "BMP": ["RGB", "RGBA", "P", "1"],
    "TIFF": ["RGB", "L", "CMYK", "P", "1"],
}[kind]
seeds = [bytearray(encoded(photo(97, 61).convert(mode), kind)) for mode in modes]
if kind == "TIFF":
    for packing in ("tiff_lzw", "jpeg", "packbits"):
        seeds.append(bytearray(encoded(photo(97, 61), kind, compression=packing)))
endings = collections.Counter()
for number in range(rounds):
    content = bytearray(draw.choice(seeds))
    for _ in range(draw.choice((0, 1, 1, 2, 4, 16, 64))):
        # Most of what can go wrong stands near the start.
        limit = len(content) if draw.random() < 0.4 else min(len(content), 200)
        where = draw.randrange(limit)
        content[where] = draw.choice((0, 1, 0x7F, 0x80, 0xFF, draw.randrange(256)))
    if draw.random() < 0.3:
        del content[draw.randrange(len(content)):]
    if draw.random() < 0.1:
        where = draw.randrange(len(content) + 1)
        content[where:where] = bytes(draw.randrange(256) for _ in range(draw.randrange(40)))
    try:
        picture = read_picture(bytes(content))
        assert len(model_input(picture)) <= MAX_MODEL_INPUT
        if number % 10 == 0:
            annotate(picture, [], [])
        endings["read"] += 1
    except LoupeError as error:
        assert not error.transient and len(str(error)) < 300, error
        endings[type(error).__name__] += 1
print(json.dumps({"endings": endings}))
"""


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_a_hundred_broken_files_are_read_or_refused(kind: str) -> None:
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM, kind, str(ROUNDS)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )

    assert run.returncode == 0, run.stderr[-2000:]
    result = json.loads(run.stdout)
    assert sum(result["endings"].values()) == ROUNDS
    assert set(result["endings"]) <= {
        "read",
        "CorruptImageError",
        "UnsupportedImageError",
        "ImageTooLargeError",
    }
    assert result["endings"]["read"] > 0
    assert result["endings"]["CorruptImageError"] > ROUNDS // 10
