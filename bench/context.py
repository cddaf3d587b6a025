"""What a part is given: how often to measure, where to write, which environments the peers live in."""

import sys
from dataclasses import dataclass
from pathlib import Path

from bench.figures import CannotRunHereError

ROOT = Path(__file__).parents[1]
PEERS = ROOT / "bench" / "peers"
BENCH_PYTHON = ROOT / ".venv-bench" / "bin" / "python"
LAMBDA_PYTHON = ROOT / ".venv-lambda" / "bin" / "python"
NODE_PEERS = PEERS / "node"
# Builds and sample pictures, kept from one run to the next.
CACHE = ROOT / "build" / "bench"


@dataclass(frozen=True)
class Bench:
    """One run of a part. `rounds` is how often contenders take turns; `folder` is gone afterwards."""

    rounds: int
    folder: Path

    def say(self, text: str) -> None:
        """Progress, for whoever waits."""
        print(f"  {text}", file=sys.stderr, flush=True)


def require(path: Path, how: str) -> Path:
    """The path, or CannotRunHereError that says how to get what is missing."""
    if not path.exists():
        raise CannotRunHereError(f"{path.relative_to(ROOT)} is not there: {how}")
    return path


def bench_python() -> Path:
    """The interpreter with the peers that are Python."""
    return require(BENCH_PYTHON, "make bench makes it")


def bench_packages() -> Path:
    """The folder with the packages of the peers that are Python."""
    return next(bench_python().parents[1].glob("lib/python3.*/site-packages"))


def lambda_python() -> Path:
    """The interpreter that holds what Lambda's runtime holds."""
    return require(LAMBDA_PYTHON, "make setup makes it")


def node_peers() -> Path:
    """The folder with the peers that are JavaScript, their packages installed."""
    require(NODE_PEERS / "node_modules", "make bench makes it, with Node 20 or later and npm")
    return NODE_PEERS
