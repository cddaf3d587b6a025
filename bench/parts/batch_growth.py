"""Batch growth: a picture's share of a run of 100, 2,000 and 10,000, and the memory beside it.

Needs a local cloud with the batch stack on it (`loupe up --detach`). So many small pictures lie under a
prefix; each run takes the first ones of it, on the live endpoint, by `loupe batch`. The first size warms up,
and comes once more at the end, to see a machine that slowed down meanwhile. A picture's milliseconds are
those that Lambda bills. LOUPE_BATCH_PICTURES says another largest size.
"""

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from bench.context import ROOT, Bench
from bench.executions_memory import resident_mib
from bench.figures import CannotRunHereError, Figure, at_most, part_of
from bench.parts.executions import PICTURE, STARTERS, connect
from local.cloud.client import running
from loupe.aws import Cloud
from loupe.batch.upload import PREFIX
from loupe.batch.workflow import BatchWorkflow
from loupe.settings import Settings
from loupe.stack import Stack

SMALL, LARGE = 100, 10_000
# The one between is this part of the largest.
STEP = 5
QUICK_SIZES = (40, 80, 200)
FLAT = at_most(1.15)
# A function of AWS's has a processor of its own; here two batches at once would wait for each other.
CONCURRENCY = 1


@dataclass(frozen=True)
class Grown:
    """One run. Memory in MiB: the command's at its highest, the cloud's afterwards."""

    pictures: int
    function_ms: float
    seconds: float
    command: float
    cloud: float


def run(bench: Bench) -> Iterator[Figure]:
    """Milliseconds a picture at each size against the smallest, then memory against the middle one."""
    cloud, stack = connect()
    workflow, pid = BatchWorkflow(cloud, stack), _pid_of_cloud()
    largest = int(os.environ.get("LOUPE_BATCH_PICTURES", LARGE))
    sizes = (SMALL, largest // STEP, largest) if bench.rounds > 5 else QUICK_SIZES
    source = _uploaded(bench, cloud, stack, sizes[-1])
    measured(workflow, source, sizes[0], pid)
    grown = {}
    for size in sizes:
        bench.say(f"{size:,} pictures")
        grown[size] = measured(workflow, source, size, pid)
    again = measured(workflow, source, sizes[0], pid)
    first, middle, last = (grown[size] for size in sizes)
    for each in (middle, last):
        name = f"a picture's share of a run of {each.pictures:,}"
        detail = {"pictures": each.pictures, "seconds": each.seconds}
        yield part_of(
            name, f"of {first.pictures}", [each.function_ms], [first.function_ms], "ms", FLAT, detail=detail
        )
    yield part_of(
        f"the same of {again.pictures} once more",
        "at the beginning",
        [again.function_ms],
        [first.function_ms],
        "ms",
    )
    against = f"{middle.pictures:,}"
    name = f"the command's memory with {last.pictures:,} pictures"
    yield part_of(name, against, [last.command], [middle.command], "MiB", FLAT)
    name = f"the local cloud's memory after {last.pictures:,} pictures"
    yield part_of(name, against, [last.cloud], [middle.cloud], "MiB", FLAT)


def _pid_of_cloud() -> int:
    info = running(Settings.from_environ(os.environ).state)
    if info is None:
        raise CannotRunHereError("no local cloud runs (loupe up --detach)")
    return info.pid


def _uploaded(bench: Bench, cloud: Cloud, stack: Stack, count: int) -> str:
    """Where so many pictures lie."""
    bench.say(f"{count:,} pictures are uploaded")
    bucket, prefix = stack.output("UploadsBucketName"), f"{PREFIX}growing-{uuid.uuid4().hex}/"
    content, s3 = PICTURE.read_bytes(), cloud.client("s3")

    def put(number: int) -> None:
        s3.put_object(Bucket=bucket, Key=f"{prefix}{number:05}.png", Body=content)

    with ThreadPoolExecutor(STARTERS) as pool:
        list(pool.map(put, range(count)))
    return f"s3://{bucket}/{prefix}"


def measured(workflow: BatchWorkflow, source: str, count: int, pid: int) -> Grown:
    """One run by the command. RuntimeError unless every picture was classified."""
    command = [
        sys.executable,
        "-m",
        "loupe",
        "batch",
        source,
        "--max-pictures",
        str(count),
        "--yes",
        "--json",
    ]
    command += ["--sample", "0", "--on", "live", "--concurrency", str(CONCURRENCY), "--threshold", "0"]
    began, highest = time.monotonic(), 0.0
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            highest = max(highest, _memory(process.pid))
            time.sleep(0.2)
        seconds = time.monotonic() - began
        assert process.stdout is not None
        answer = json.loads(process.stdout.read().splitlines()[-1])
    if answer["status"] != "SUCCEEDED" or answer["classified"] != count:
        raise RuntimeError(str(answer))
    summary = workflow.summary(answer["run"])
    assert summary is not None
    return Grown(count, summary["functionMs"] / count, seconds, highest, resident_mib(pid))


def _memory(pid: int) -> float:
    """0 of a process that has just ended."""
    try:
        return resident_mib(pid)
    except (OSError, RuntimeError):
        return 0.0
