"""How a contender takes turns: it works once for each line that it reads, and answers with what that took.

Imported by programs that run in a peer's environment: nothing but the standard library.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path


def take_turns(work: Callable[[], int]) -> None:
    """`work` gives the size of what it made, in bytes."""
    print("ready", flush=True)
    for _ in sys.stdin:
        cpu, wall = time.process_time(), time.perf_counter()
        made = work()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        print(json.dumps({"wall": wall, "cpu": cpu, "made": made, "peakMb": peak_megabytes()}), flush=True)


def peak_megabytes() -> float:
    """The most memory this process ever held. (getrusage's begins with the parent's size before exec.)"""
    status = Path("/proc/self/status")
    if not status.exists():
        return float("nan")
    return int(status.read_text().partition("VmHWM:")[2].split()[0]) * 1024 / 1e6
