"""Batches: what a million pictures cost against the online workflow, and how fast they go.

The costs are computed from prices and from the processor time that a photo takes to decode here; the rates
need a local cloud with the batch stack on it (`loupe up --detach`). All classify the same photos with the
same model. The bare loop decodes, resizes and asks onnxruntime in two threads, without a cloud around it.
"""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bench.context import ROOT, Bench
from bench.figures import Figure, at_least, at_most, part_of
from bench.parts.cost import COUNTED, MILLION, SCONES
from bench.parts.executions import connect
from bench.samples import photo
from bench.workers import Worker
from loupe.batch.upload import upload_folder
from loupe.batch.workflow import BatchWorkflow, run_name
from loupe.cost.batch import BatchUsage
from loupe.cost.estimate import estimate
from loupe.cost.prices import load_prices
from loupe.cost.stack_usage import facts_of_template, measurements, usage_of
from model.inference import Classifier
from model.photos import built

PICTURES = 2000
FEW = 60
CORES = 2
# The clients' own processor time a picture, S3's and SageMaker's: what decoding is not.
CLIENTS_MS = 20.0
# What the endpoint's instance takes for a picture that comes small (loupe/cost/measured.json). To Batch
# Transform's a picture goes whole, to be decoded there; an hour is taken to cost the same.
MODEL_MS = float(measurements()["modelMs"])
INSTANCE, PROCESSORS = "hosting.ml.m5.large", 2
TRANSFORM = "Batch Transform on the same instances, that never wait"
ONLINE = "the online workflow, Standard, endpoint apart"


def run(bench: Bench) -> Iterator[Figure]:
    """Dollars of a million pictures; then pictures a second."""
    yield from costs(bench)
    yield from rates(bench)


def costs(bench: Bench) -> Iterator[Figure]:
    """A photo's processor time, and what a million of them cost by it."""
    bill = estimate(usage_of(facts_of_template(ROOT), ROOT), load_prices(), MILLION)
    online = bill.dollars - bill.of(["SageMaker"])
    theirs = estimate(SCONES, load_prices(), MILLION).of(COUNTED)
    for megapixels in (0.3, 12):
        command: list[str | Path] = [
            sys.executable,
            "-m",
            "bench.contenders.serialize_loupe",
            photo(megapixels, "jpeg"),
        ]
        with Worker(command) as worker:
            laps = sorted(worker.lap().cpu * 1000 for _ in range(max(5, bench.rounds)))
        used = BatchUsage(laps[len(laps) // 2] + CLIENTS_MS)
        total = [estimate(used, load_prices(), MILLION).dollars]
        name, detail = f"a million photos of {megapixels:g} megapixels", {"milliseconds": used.milliseconds}
        yield part_of(name, "ten dollars", total, [10.0], "USD", at_most(1), detail=detail)
        yield part_of(name, ONLINE, total, [online], "USD", at_most(1 / 20))
        peer = f"{SCONES.name} (its functions taking no time)"
        yield part_of(name, peer, total, [theirs], "USD", at_most(1 / 20))
        whole = [total[0] + hosted(MODEL_MS)]
        transform = [hosted(MODEL_MS + laps[len(laps) // 2])]
        yield part_of(f"{name}, with the endpoint", TRANSFORM, whole, transform, "USD")


def hosted(milliseconds: float) -> float:
    """Dollars of instances that take so long for each of a million pictures, all processors busy."""
    hours = MILLION * milliseconds / 1000 / PROCESSORS / 3600
    return load_prices().of(INSTANCE, hours)


def rates(bench: Bench) -> Iterator[Figure]:
    cloud, stack = connect()
    workflow = BatchWorkflow(cloud, stack)
    count = PICTURES if bench.rounds > 5 else FEW
    folder = pictures(bench.folder / "pictures", count)
    source, _ = upload_folder(cloud, folder, stack.output("UploadsBucketName"))
    bench.say(f"{count} photos: a batch, loupe classify, a bare loop, in turns")
    ours, command, loop = [], [], []
    for _ in range(3 if bench.rounds >= 15 else 1):
        ours.append(count / timed(lambda: batch(workflow, source)))
        command.append(count / timed(lambda: classify(folder)))
        loop.append(count / timed(lambda: bare_loop(folder)))
    yield part_of(f"{count} photos", "loupe classify", ours, command, "/s", at_least(4))
    yield part_of(f"{count} photos", f"a bare loop on {CORES} cores", ours, loop, "/s", at_least(0.5))


def pictures(folder: Path, count: int) -> Path:
    """A small photo under many names, each a picture of its own."""
    folder.mkdir(parents=True)
    for number in range(count):
        shutil.copyfile(photo(0.3, "jpeg"), folder / f"{number:05}.jpg")
        with (folder / f"{number:05}.jpg").open("ab") as file:
            file.write(str(number).encode())
    return folder


def timed(work: Callable[[], Any]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def batch(workflow: BatchWorkflow, source: str) -> None:
    """A run on the live endpoint, from its start to its report."""
    given = {"source": source, "on": "live", "concurrency": CORES, "notify": False}
    arn = workflow.start(run_name("bench"), given)
    while (ended := workflow.describe(arn)).running:
        time.sleep(0.2)
    if ended.status != "SUCCEEDED" or json.loads(ended.output or "{}")["failed"]:
        raise RuntimeError(f"{arn} ended {ended.status}: {ended.cause}")


def classify(folder: Path) -> None:
    command = [sys.executable, "-m", "loupe", "classify", str(folder), "--threshold", "0", "--json"]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def bare_loop(folder: Path) -> None:
    classifier = Classifier(built(ROOT))
    with ThreadPoolExecutor(CORES) as pool:
        list(pool.map(lambda path: classifier.scores(path.read_bytes()), sorted(folder.iterdir())))
