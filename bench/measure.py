"""Taking turns: every contender is measured once a round, so that what disturbs the machine disturbs all."""

import resource
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

Turn = TypeVar("Turn")


@dataclass(frozen=True)
class Lap:
    """How long one turn took, in seconds: by the clock, and of processors (user and system)."""

    wall: float
    cpu: float


@dataclass(frozen=True)
class Laps:
    """A contender's turns, in the order of the rounds."""

    wall: list[float]
    cpu: list[float]

    def milliseconds(self) -> list[float]:
        return [seconds * 1000 for seconds in self.wall]


def alternate(contenders: Mapping[str, Callable[[], Turn]], rounds: int) -> dict[str, list[Turn]]:
    """Call each contender once a round: A B C, A B C, …"""
    turns: dict[str, list[Turn]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, call in contenders.items():
            turns[name].append(call())
    return turns


def race(contenders: Mapping[str, Callable[[], Lap]], rounds: int, warm_up: int = 1) -> dict[str, Laps]:
    """Alternate contenders after `warm_up` rounds that do not count."""
    alternate(contenders, warm_up)
    return {
        name: Laps([lap.wall for lap in laps], [lap.cpu for lap in laps])
        for name, laps in alternate(contenders, rounds).items()
    }


def timed_process(
    command: Sequence[str | Path],
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: bytes = b"",
) -> tuple[Lap, bytes]:
    """Run a command to its end: its time with everything it starts, and what it printed.

    Raises subprocess.CalledProcessError if it fails.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    run = subprocess.run(
        list(map(str, command)), input=stdin, capture_output=True, env=env, cwd=cwd, check=True
    )
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Lap(wall, cpu), run.stdout
