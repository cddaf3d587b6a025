"""Measure, print a table, write JSON."""

import argparse
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from bench import report
from bench.context import ROOT, Bench
from bench.figures import CannotRunHereError, Figure
from bench.machine import load, machine, now
from bench.parts import Part, all_parts
from bench.report import PartResult

RESULTS = ROOT / "bench" / "results"
REFERENCE = ROOT / "bench" / "reference.json"
ROUNDS, QUICK_ROUNDS = 15, 3
WIDTH = 150


def main(arguments: Sequence[str] | None = None) -> int:
    """0 if every part that was asked for ran or cannot run here, 1 if one failed."""
    parts = all_parts()
    options = _options(parts, arguments)
    if options.list:
        for part in parts.values():
            print(f"{part.name:<16}{part.title}")
        return 0
    results = [
        measure(parts[name], QUICK_ROUNDS if options.quick else options.rounds)
        for name in options.parts or parts
    ]
    Console(width=None if sys.stdout.isatty() else WIDTH).print(report.table(results))
    for path in _outputs(options.out, options.reference):
        report.write(path, results, keep_others=path == REFERENCE)
        print(f"Written: {os.path.relpath(path)}")
    return 1 if any(result.failed for result in results) else 0


def measure(part: Part, rounds: int) -> PartResult:
    """A part's figures. Whatever goes wrong in it is its result, and concerns no other part."""
    print(f"{part.name}: {part.title}", file=sys.stderr, flush=True)
    figures: list[Figure] = []
    begin, before = time.monotonic(), load()
    result = PartResult(part.name, part.title, machine(), now(), 0, rounds, (before, before))
    try:
        with tempfile.TemporaryDirectory(prefix="loupe-bench-") as folder:
            for figure in part.run(Bench(rounds, Path(folder))):
                figures.append(figure)
    except CannotRunHereError as reason:
        result = replace(result, cannot_run=str(reason))
    except Exception as error:
        traceback.print_exc()
        result = replace(result, failed=f"{type(error).__name__}: {error}")
    seconds = round(time.monotonic() - begin, 1)
    return replace(result, figures=tuple(figures), seconds=seconds, load=(before, load()))


def _outputs(out: Path | None, reference: bool) -> list[Path]:
    named = out or RESULTS / f"{now().replace(':', '')[:17]}.json"
    return [named, REFERENCE] if reference else [named]


def _options(parts: dict[str, Part], arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(parts)}; all without any")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"turns of each contender ({ROUNDS})")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_ROUNDS} turns: to see whether it runs")
    parser.add_argument("--out", type=Path, help="where to write the JSON (bench/results/TIME.json)")
    parser.add_argument(
        "--reference", action="store_true", help="also renew these parts in bench/reference.json"
    )
    parser.add_argument("--list", action="store_true", help="list the parts")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.parts if name not in parts]
    if unknown:
        parser.error(f"no such part: {', '.join(unknown)}; there are {', '.join(parts)}")
    if options.rounds < 1:
        parser.error("--rounds must be at least 1")
    return options


if __name__ == "__main__":
    sys.exit(main())
