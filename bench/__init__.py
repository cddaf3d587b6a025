"""Benchmarks: Loupe against its peers and against what is possible. `python -m bench --help`."""

import sys
from pathlib import Path

# What the functions share is on their path in Lambda, and so must be here.
sys.path[:0] = [str(Path(__file__).parents[1] / "layers" / name) for name in ("core", "imaging")]
