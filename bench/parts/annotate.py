"""A 12-megapixel JPEG to 1000 pixels wide, with five labels written on it.

Against Jimp, with which the original wrote on pictures, and sharp, the fastest there is for Node.
"""

import sys
from collections.abc import Iterator
from contextlib import ExitStack

from bench.context import Bench, node_peers
from bench.figures import Figure, Spread, Target, at_least, ratios, times_better
from bench.measure import race
from bench.samples import photo
from bench.workers import Worker
from loupe_imaging.fonts import use_packaged_fonts

PREDICTIONS = (
    ("temple", 0.871),
    ("palace", 0.063),
    ("pagoda", 0.031),
    ("monastery", 0.019),
    ("bell cote", 0.008),
)
TARGETS: dict[str, Target] = {"Jimp": at_least(15), "sharp": at_least(1.5)}


def run(bench: Bench) -> Iterator[Figure]:
    """Everyone reads the file, draws and encodes once a round."""
    path = photo(12, "jpeg")
    words = [word for label, score in PREDICTIONS for word in (label, str(score))]
    lines = [f"{label} - {score:.1%}" for label, score in PREDICTIONS]
    node = node_peers()
    # So that sharp finds the font that Loupe draws with.
    use_packaged_fonts()
    with ExitStack() as stack:
        workers = {
            "Loupe": Worker([sys.executable, "-m", "bench.contenders.annotate_loupe", path, *words]),
            "sharp": Worker(["node", node / "annotate_sharp.mjs", path, *lines]),
            "Jimp": Worker(["node", node / "annotate_jimp.mjs", path, *lines]),
        }
        for worker in workers.values():
            stack.enter_context(worker)
        laps = race({name: worker.lap for name, worker in workers.items()}, bench.rounds)
        peaks = {name: round(float(worker.last["peakMb"])) for name, worker in workers.items()}
    for name, target in TARGETS.items():
        yield times_better(
            "12 MP JPEG to 1000 px with text",
            name,
            laps["Loupe"].milliseconds(),
            laps[name].milliseconds(),
            "ms",
            target,
            cpu_ratio=Spread.of(ratios(laps[name].cpu, laps["Loupe"].cpu)),
            detail={"peakMb": {"ours": peaks["Loupe"], "theirs": peaks[name]}},
        )
