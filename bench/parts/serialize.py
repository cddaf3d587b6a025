"""The model input of a picture, from its bytes: JPEG, PNG and WebP of 0.3 to 48 megapixels.

Against Pillow as most people write it, Pillow's `thumbnail`, and libvips' own `vipsthumbnail`, which is the
limit: the same size and quality, on one thread. vipsthumbnail makes several pictures in one go, and what it
takes to start is subtracted. Peers are told the quality that Loupe must find, and encode once with it.
"""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from bench.context import Bench
from bench.figures import CannotRunHereError, Figure, Spread, at_least, at_most, part_of, ratios, times_better
from bench.measure import Lap, Laps, race, timed_process
from bench.samples import SIZES, SUFFIXES, photo
from bench.workers import Worker
from loupe_imaging.decode import fitted
from loupe_imaging.normalise import MAX_MODEL_INPUT, QUALITIES, model_input_size
from loupe_imaging.picture import read_picture

ONE_THREAD = {**os.environ, "VIPS_CONCURRENCY": "1"}
# From here on the picture is large enough for its decoding to matter.
LARGE = 3
LARGEST = 48
MEMORY_LIMIT_MB = 300
# Pictures that vipsthumbnail makes in one go: enough for its start to be little beside them.
COPIES = {0.3: 16, 3: 6, 12: 3, 48: 2}
STARTS = 5
WAYS = {"plain": "Pillow, plain", "thumbnail": "Pillow, thumbnail"}


def run(bench: Bench) -> Iterator[Figure]:
    """Twelve pictures, each with all contenders taking turns."""
    for kind in SUFFIXES:
        for megapixels in SIZES:
            bench.say(f"{megapixels:g} MP {kind}")
            yield from _figures(bench, megapixels, kind)
    if shutil.which("vipsthumbnail") is None:
        raise CannotRunHereError("vipsthumbnail is not on the path (Debian: apt install libvips-tools)")


def _figures(bench: Bench, megapixels: float, kind: str) -> Iterator[Figure]:
    path = photo(megapixels, kind)
    name = f"{megapixels:g} MP {kind.upper() if kind != 'webp' else 'WebP'}"
    width, height = model_input_size(*SIZES[megapixels])
    quality = _quality(path, width, height)
    arguments: list[str | Path] = [path, str(width), str(height), str(quality)]
    large = megapixels >= LARGE
    with ExitStack() as stack:
        workers = {"Loupe": Worker([sys.executable, "-m", "bench.contenders.serialize_loupe", path])}
        for way in WAYS:
            pillow = [sys.executable, "-m", "bench.contenders.serialize_pillow", *arguments, way]
            workers[way] = Worker(pillow)
        for worker in workers.values():
            stack.enter_context(worker)
        contenders: dict[str, Callable[[], Lap]] = {name: worker.lap for name, worker in workers.items()}
        if shutil.which("vipsthumbnail"):
            thumbnails = _copies(path, bench.folder / f"{kind}-{megapixels:g}", COPIES[megapixels])
            start = start_of_vipsthumbnail()
            contenders["vips"] = lambda: vipsthumbnail(thumbnails, width, height, quality, start)
        laps = race(contenders, bench.rounds)
        peaks = {name: float(worker.last["peakMb"]) for name, worker in workers.items()}
        sizes = {name: int(worker.last["made"]) for name, worker in workers.items()}
    detail = {"quality": quality, "width": width, "height": height, "bytes": sizes}
    for way, title in WAYS.items():
        yield times_better(
            f"{name}, time",
            title,
            laps["Loupe"].milliseconds(),
            laps[way].milliseconds(),
            "ms",
            at_least(2) if large and way == "plain" else None,
            cpu_ratio=Spread.of(ratios(laps[way].cpu, laps["Loupe"].cpu)),
            detail=detail,
        )
    if "vips" in laps:
        yield _against_vipsthumbnail(f"{name}, time", laps["Loupe"], laps["vips"])
    yield times_better(f"{name}, peak memory", WAYS["plain"], [peaks["Loupe"]], [peaks["plain"]], "MB")
    if megapixels == LARGEST:
        yield part_of(
            f"{name}, peak memory", "its limit", [peaks["Loupe"]], [MEMORY_LIMIT_MB], "MB", at_most(1)
        )


def _against_vipsthumbnail(name: str, ours: Laps, theirs: Laps) -> Figure:
    return part_of(
        name,
        "vipsthumbnail",
        ours.milliseconds(),
        theirs.milliseconds(),
        "ms",
        at_most(1.3),
        cpu_ratio=Spread.of(ratios(ours.cpu, theirs.cpu)),
    )


def start_of_vipsthumbnail() -> Lap:
    """The quickest of several: what is subtracted must not be more than what it is subtracted from."""
    laps = [timed_process(["vipsthumbnail", "--version"], ONE_THREAD)[0] for _ in range(STARTS)]
    return Lap(min(lap.wall for lap in laps), min(lap.cpu for lap in laps))


def vipsthumbnail(pictures: list[Path], width: int, height: int, quality: int, start: Lap) -> Lap:
    """What one picture takes when it makes several, less what it takes to start."""
    output = f"tn-%s.jpg[Q={quality},strip]"
    command: list[str | Path] = ["vipsthumbnail", *pictures, "--size", f"{width}x{height}!", "-o", output]
    lap, _ = timed_process(command, ONE_THREAD)
    return Lap((lap.wall - start.wall) / len(pictures), (lap.cpu - start.cpu) / len(pictures))


def _copies(path: Path, folder: Path, count: int) -> list[Path]:
    """The picture under several names: libvips remembers what it made of one name."""
    folder.mkdir()
    copies = [folder / f"{number}{path.suffix}" for number in range(count)]
    for copy in copies:
        os.link(path, copy) if os.stat(path).st_dev == os.stat(folder).st_dev else shutil.copy(path, copy)
    return copies


def _quality(path: Path, width: int, height: int) -> int:
    """The best quality of Loupe's at which the picture fits."""
    image = fitted(read_picture(path.read_bytes()), width, height)
    return next(quality for quality in QUALITIES if len(image.jpegsave_buffer(Q=quality)) <= MAX_MODEL_INPUT)
