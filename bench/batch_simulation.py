"""How long a million pictures take by the times of a run's batches: `python -m bench.batch_simulation RUN`.

Needs the cloud on which the run was. Batches start in the order of the list, as many at once as the plan's
concurrency for so many instances, at most 1,000 a second (Step Functions' limit). A batch is over when its
call is, which took one of the run's measured times, drawn by chance, and when an instance's processor has
answered all its pictures. `--picture-ms` scales the measured times to another mean, such as that of a quiet
machine. Prints a table in Markdown, and which of the three was short.
"""

import argparse
import heapq
import random
from collections.abc import Sequence
from dataclasses import dataclass

from bench.parts.batch import MODEL_MS, PROCESSORS
from bench.parts.executions import connect
from loupe.batch.workflow import BatchWorkflow
from loupe.cost.batch import PICTURES_A_BATCH

MILLION = 1_000_000
INSTANCES = (1, 3, 10, 30, 100)
BATCHES_AN_INSTANCE = 4
STARTS_A_SECOND = 1_000
SEED = 17


@dataclass(frozen=True)
class Simulated:
    """`seconds` in all, and for which share of them the instances' processors and the batches' places had
    work.
    """

    seconds: float
    processors_busy: float
    places_busy: float


def simulate(calls: Sequence[float], batches: int, places: int, processors: int, answers: float) -> Simulated:
    """`calls`: seconds of measured calls; `answers`: seconds of a processor for the pictures of one batch."""
    chance = random.Random(SEED)
    free_places, free_processors = [0.0] * places, [0.0] * processors
    working, end = 0.0, 0.0
    for number in range(batches):
        start = max(heapq.heappop(free_places), number / STARTS_A_SECOND)
        answered = max(start, free_processors[0]) + answers
        heapq.heapreplace(free_processors, answered)
        call = chance.choice(calls)
        over = max(start + call, answered)
        heapq.heappush(free_places, over)
        working, end = working + over - start, max(end, over)
    return Simulated(end, batches * answers / processors / end, working / places / end)


def measured_calls(run: str) -> list[float]:
    """Seconds of the calls of a run's whole batches."""
    cloud, stack = connect()
    workflow = BatchWorkflow(cloud, stack)
    pages = cloud.client("s3").get_paginator("list_objects_v2")
    found = pages.paginate(Bucket=workflow.bucket, Prefix=f"runs/{run}/rows/")
    parts = [workflow.read(each["Key"]) or {} for page in found for each in page.get("Contents", [])]
    whole = [part for part in parts if len(part.get("rows", [])) == PICTURES_A_BATCH]
    return [part["functionMs"] / 1000 for part in whole if part["functionMs"]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("run")
    parser.add_argument("--picture-ms", type=float)
    options = parser.parse_args()
    calls = measured_calls(options.run)
    mean = sum(calls) / len(calls)
    if options.picture_ms:
        wanted = options.picture_ms * PICTURES_A_BATCH / 1000
        calls, mean = [call * wanted / mean for call in calls], wanted
    print(f"{len(calls)} calls, {mean / PICTURES_A_BATCH * 1000:.0f} ms a picture\n")
    print("| instances | batches at once | minutes | pictures a second | processors busy | places busy |")
    print("|---|---|---|---|---|---|")
    for instances in INSTANCES:
        places = instances * BATCHES_AN_INSTANCE
        answers = PICTURES_A_BATCH * MODEL_MS / 1000
        found = simulate(calls, MILLION // PICTURES_A_BATCH, places, instances * PROCESSORS, answers)
        rate = f"{MILLION / found.seconds:,.0f}"
        busy = f"{found.processors_busy:.0%} | {found.places_busy:.0%}"
        print(f"| {instances} | {places} | {found.seconds / 60:,.1f} | {rate} | {busy} |")


if __name__ == "__main__":
    main()
