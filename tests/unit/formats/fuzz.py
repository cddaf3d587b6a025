"""Broken headers by the thousand: read, or refused by name, at once.

    PYTHONPATH=.:layers/imaging python -m tests.unit.formats.fuzz SECONDS

With atheris, where it is installed, guided by coverage.
Without it the same seeds are changed at random.
"""

import random
import sys
import time
from importlib.util import find_spec
from pathlib import Path

from loupe_formats.bmp import expanded
from loupe_formats.budget import Budget
from loupe_formats.errors import FormatError
from loupe_formats.formats import ImageFormat
from loupe_formats.reading import read_header
from tests.unit.formats import files

BUDGET = Budget.from_environ({})
# Of a processor, for a file of a few kilobytes.
MAX_SECONDS = 1.0
NUMBERS = (0, 1, 0x7F, 0x80, 0xFF)


def seeds() -> list[bytes]:
    """A sound header of each kind."""
    runs = b"\x05\x01\x00\x03\x01\x02\x03\x00\x00\x02\x01\x01\x00\x00\x00\x01"
    return [
        files.plain_png(extra=files.png_chunk(b"tEXt", b"k\0v") + files.png_chunk(b"iCCP", b"x\0\0x")),
        files.png_file(64, 64, 16, 6, 1, files.png_chunk(b"tRNS", bytes(6))),
        files.jpeg_file(64, 64, before=files.jpeg_segment(0xE1, b"Exif\0\0")),
        files.jpeg_file(64, 64, 3, 0xC2, [(1, 2, 3), (1,), (2,), (3,)]),
        files.gif_file(64, 64, rest=b"\x21\xf9\x04\0\0\0\0\0\x3b"),
        files.bmp_file(8, 8, 8, 1, runs),
        files.bmp_file(8, 8, 4, 2, runs),
        files.bmp_file(4, 4, 24, 0, bytes(48)),
        files.tiff_file(files.grey_tiff(bands=3), bytes(48)),
        files.tiff_file(files.grey_tiff(64, tile_width=16, tile_length=16), bytes(64)),
        files.webp_file(files.vp8x(64, 64), files.anmf(0, 0, 64, 64, files.vp8l(64, 64))),
        files.heif_file((640, 480), tiles=4, tile=(320, 240), turns=1),
        files.heif_file((64, 64), b"av01", b"avif"),
    ]


def examine(content: bytes) -> str:
    """ "read", or the refusal's name. Anything else that is raised is a fault, and so is taking long."""
    start = time.process_time()
    try:
        header = read_header(content, BUDGET)
        if header.format is ImageFormat.BMP:
            expanded(header.content)
        outcome = "read"
    except FormatError as error:
        outcome = type(error).__name__
    taken = time.process_time() - start
    assert taken < MAX_SECONDS, f"{taken:.1f} s"
    return outcome


def changed(draw: random.Random, content: bytes) -> bytes:
    """A seed with some bytes changed, cut, doubled or put in."""
    data = bytearray(content)
    for _ in range(draw.choice((1, 1, 2, 4, 8))):
        at = draw.randrange(len(data) + 1)
        match draw.randrange(5):
            case 0:
                del data[at:]
            case 1:
                data[at:at] = data[at : at + draw.randrange(64)]
            case 2:
                data[at : at + 4] = draw.choice((b"\xff\xff\xff\xff", bytes(4), b"\x7f\xff\xff\xff"))
            case _:
                data[at : at + 1] = bytes([draw.choice((*NUMBERS, draw.randrange(256)))])
    return bytes(data)


def by_chance(seconds: float, number: int) -> dict[str, int]:
    """Examine changed seeds for so long; how many ended in which way."""
    draw, known = random.Random(number), seeds()
    outcomes: dict[str, int] = {}
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for content in known:
            outcome = examine(changed(draw, content))
            outcomes[outcome] = outcomes.get(outcome, 0) + 1
    return outcomes


def main(arguments: list[str]) -> int:
    """The command line."""
    seconds = float(arguments[0])
    if find_spec("atheris") is None:
        print(by_chance(seconds, int(time.time())))
        return 0
    import tempfile

    import atheris

    atheris.instrument_all()
    with tempfile.TemporaryDirectory() as folder:
        for number, content in enumerate(seeds()):
            Path(folder, str(number)).write_bytes(content)
        options = [f"-max_total_time={seconds:.0f}", "-timeout=10", "-max_len=65536", folder]
        atheris.Setup(["fuzz", *options], lambda data: examine(bytes(data)) and None)
        atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
