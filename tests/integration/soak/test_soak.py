"""Everything at once for as long as asked, while processes are killed: nothing is lost, nothing is left.

`make soak` runs it for half an hour and prints the table of docs/reliability.md; SOAK_MINUTES and SOAK_SEED
change that. Leases, which are minutes long, are ended by the test when the activities are over.
"""

from __future__ import annotations

import os
import random
import statistics
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from local.cloud.client import running
from loupe.stacks import NAMES
from tests.cloud import DeployedStack, OwnStack
from tests.conftest import ROOT
from tests.integration.soak.activities import Activity, Put, Reviews, Trainings, joined
from tests.integration.soak.killing import Killer, below
from tests.integration.workflow.conftest import FINAL, Workflow, hasten_queue
from tests.polling import wait_for

MINUTES = float(os.environ.get("SOAK_MINUTES", "30"))
SEED = int(os.environ.get("SOAK_SEED", "20261128"))
PEOPLE = 3
# The model says of the unsure digit something above it. Nobody is asked about the sure ones: an answer that
# corrects one is notified, too.
PARAMETERS = {"ReviewThreshold": "0.2", "AuditPercentage": "0"}
# More would only wait: the next upload comes when one of these is done.
MAX_UNDER_WAY = 16
# Growth of the cloud's memory from the middle third of the time to the last.
TIMES = ((1, "once"), (2, "twice"), (0, "never"))
MAX_GROWTH = 1.15
MAX_GROWTH_BYTES = 40_000_000
# Of the cloud itself: functions' code and homes, and a library's file.
KEPT_SCRATCH = {"code", "lambda", ".ses"}

# Slow: it is as long as it is told to be, half an hour.
pytestmark = pytest.mark.timeout(MINUTES * 60 + 3000)


@pytest.fixture(scope="module")
def soaked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedStack]:
    with OwnStack(ROOT, tmp_path_factory.mktemp("soak"), NAMES, PARAMETERS) as deployed:
        hasten_queue(Workflow(deployed))
        yield deployed


def test_nothing_is_lost_and_nothing_is_left(
    soaked: DeployedStack, digit_files: dict[str, bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    put, workflow = Put(), Workflow(soaked)
    activities = joined(soaked, put)
    for each in activities:
        if isinstance(each, Trainings):
            each.prepare(digit_files)
    begun = time.monotonic()
    with Killer(soaked, SEED) as killer:
        failed = _live(activities, workflow, begun + MINUTES * 60)
    lasted = time.monotonic() - begun
    waited = time.monotonic()
    for each in activities:
        each.finish()
    unfinished = _finished(workflow, put, [each for each in activities if isinstance(each, Reviews)])
    waited = time.monotonic() - waited
    counts = _counts(workflow, put)
    growth = _growth(killer.memory)
    with capsys.disabled():
        print(_table(put, killer, counts, growth, lasted, waited))

    assert failed == []
    assert [problem for each in activities for problem in each.problems()] == []
    assert unfinished == []
    assert {key: counts[key] for key in put.kept - put.wished if counts[key] != 1} == {}
    assert {key: counts[key] for key in put.wished if counts[key] not in (1, 2)} == {}
    assert {key: counts[key] for key in put.deleted if counts[key] > 1} == {}
    assert _versions(workflow, put.deleted) == []
    assert _queued(workflow) == {}
    assert growth[2] <= max(growth[1] * MAX_GROWTH, growth[1] + MAX_GROWTH_BYTES)
    assert _left_in_scratch(soaked) == []


def _live(activities: list[Activity], workflow: Workflow, until: float) -> list[str]:
    """Let people do things until that moment; what their activities raised."""
    failed: list[str] = []

    def person(number: int) -> None:
        choice = random.Random(SEED + number)
        weights = [each.weight for each in activities]
        while time.monotonic() < until:
            try:
                if _under_way(workflow) < MAX_UNDER_WAY:
                    choice.choices(activities, weights)[0].act(choice)
                else:
                    time.sleep(0.5)
            except Exception as error:
                failed.append(f"{type(error).__name__}: {error}")

    people = [threading.Thread(target=person, args=(number,)) for number in range(PEOPLE)]
    for each in people:
        each.start()
    for each in people:
        each.join()
    return failed


def _under_way(workflow: Workflow) -> int:
    asked = {"stateMachineArn": workflow.machine, "statusFilter": "RUNNING", "maxResults": 100}
    return len(workflow.states.list_executions(**asked)["executions"])


def _finished(workflow: Workflow, put: Put, reviews: list[Reviews]) -> list[str]:
    """Lets people decide what is left, and waits until nothing runs and nothing is pending; the keys that are
    not finished after ten minutes.
    """

    def open_keys() -> list[str]:
        if _under_way(workflow):
            return ["executions"]
        pending = [key for key in sorted(put.deleted) if "pending" in workflow.record(key)]
        return pending + [key for key in sorted(put.kept) if not _is_final(workflow.record(key))]

    choice = random.Random(SEED)

    def done() -> bool:
        for each in reviews:
            each.decides_all(choice)
        left = open_keys()
        workflow.end_leases([key for key in left if "/" in key])
        return not left

    try:
        wait_for(done, "every picture's outcome", 600, interval=5)
    except AssertionError:
        return open_keys()
    return []


def _is_final(record: dict[str, object]) -> bool:
    return record.get("status") in FINAL and "pending" not in record


def _counts(workflow: Workflow, put: Put) -> Counter[str]:
    """How many messages there are about each picture, when as many as there must be have come."""

    def counted() -> Counter[str]:
        start = f"s3://{workflow.bucket}/"
        lines = [line for message in workflow.stack.inbox.messages() for line in message.body.splitlines()]
        return Counter(line.split(start)[-1] for line in lines if line.startswith("Picture:"))

    try:
        wait_for(lambda: all(counted()[key] for key in put.kept), "every message", 120, interval=5)
    except AssertionError:
        return counted()
    return counted()


def _versions(workflow: Workflow, keys: set[str]) -> list[str]:
    """What is left of deleted pictures."""
    listed = (
        workflow.s3.list_object_versions(Bucket=bucket, Prefix=key)
        for key in sorted(keys)
        for bucket in (workflow.bucket, workflow.processed)
    )
    return [
        each["Key"]
        for page in listed
        for kind in ("Versions", "DeleteMarkers")
        for each in page.get(kind, [])
    ]


def _queued(workflow: Workflow) -> dict[str, int]:
    """Messages that wait in the stack's queues."""
    sqs = workflow.stack.client("sqs")
    found = {}
    for name in ("OutcomesQueue", "UndeliveredEvents"):
        url = workflow.resource("AWS::SQS::Queue", name)
        asked = {"QueueUrl": url, "AttributeNames": ["ApproximateNumberOfMessages"]}
        found[name] = int(sqs.get_queue_attributes(**asked)["Attributes"]["ApproximateNumberOfMessages"])
    return {name: count for name, count in found.items() if count}


def _growth(memory: list[tuple[float, int]]) -> tuple[int, int, int]:
    """The cloud's memory in bytes: its median in the first, the middle and the last third of the time."""
    sizes = [size for _, size in memory]
    third = max(1, len(sizes) // 3)
    parts = sizes[:third], sizes[third : 2 * third], sizes[2 * third :]
    first, middle, last = (int(statistics.median(part or [0])) for part in parts)
    return first, middle, last


def _left_in_scratch(stack: DeployedStack) -> list[str]:
    """Temporary files and folders that belong to no living process of the cloud."""
    cloud = running(stack.state)
    assert cloud is not None
    environments = b""
    for each in below(cloud.pid):
        with suppress(OSError):  # It has ended.
            environments += Path(f"/proc/{each.pid}/environ").read_bytes() + b"\0"
    scratch = stack.state / "tmp"
    entries = [*scratch.iterdir(), *(scratch / "lambda").iterdir()]
    return sorted(
        each.name
        for each in entries
        if each.name not in KEPT_SCRATCH and str(each).encode() + b"\0" not in environments
    )


def _table(
    put: Put,
    killer: Killer,
    counts: Counter[str],
    growth: tuple[int, int, int],
    lasted: float,
    waited: float,
) -> str:
    pictures = len(put.kept) + len(put.deleted)
    rows = [
        ("time", f"{lasted / 60:.0f} min, and {waited:.0f} s until all had ended (seed {SEED})"),
        *((name, str(count)) for name, count in sorted(put.done.items())),
        *((f"killed: {name}", str(count)) for name, count in sorted(killer.killed.items())),
        ("pictures that had to end", f"{len(put.kept)} of {pictures}, the others were deleted"),
        (
            "notified",
            ", ".join(f"{sum(counts[key] == times for key in put.kept)} {word}" for times, word in TIMES),
        ),
        ("memory of the local cloud, by thirds", ", ".join(f"{size / 1e6:.0f} MB" for size in growth)),
    ]
    return "\n".join(["", "| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)])
