"""Every call meets every kind of fault: each picture still ends with one record and one message.

`make faults` runs it with 50 uploads a row and writes the table of docs/faults.md; the test suite takes two.
With FAULT_EVENTS=off every status event of an execution is lost, and the schedule alone finishes what is
pending; leases, which are minutes long, are then ended by the test.
Rows wait most of their time, so several run at once, each with faults that meet only its own pictures.
"""

from __future__ import annotations

import os
import re
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path

import pytest

from tests.cloud import DeployedStack
from tests.integration.workflow.conftest import Workflow, hasten_queue
from tests.integration.workflow.faults import DENIED, ERROR, KILL, PLACES, Faults, Place, breaks_function
from tests.integration.workflow.ledger import Ledger
from tests.integration.workflow.scenarios import WITHOUT_EVENT, Scenarios, too_small_for_faces
from tests.polling import wait_for

UPLOADS = int(os.environ.get("FAULT_UPLOADS", "2"))
TABLE = os.environ.get("FAULT_TABLE")
ALL = TABLE is not None
EVENTS = os.environ.get("FAULT_EVENTS", "on")
SECONDS = 1800 if ALL else 300
AT_ONCE = int(os.environ.get("FAULT_ROWS", "6"))
# A throttle is retried for minutes, a service's timeout for 30 seconds a try: these are for `make faults`.
QUICK = {"lambda": KILL, "rekognition": ERROR}
KINDS = [
    (place, kind) for place in PLACES for kind in (place.kinds if ALL else [QUICK.get(place.service, DENIED)])
]


def row_file(place: Place, kind: str) -> Path:
    """Where a row of the table is kept; its name puts it in its place."""
    name = re.sub("[^a-z]+", "-", place.state.lower())
    return Path(str(TABLE)) / f"{KINDS.index((place, kind)):03}-{name}-{kind}-{EVENTS}.md"


# A run that was cut short is gone on with.
ROWS = [row for row in KINDS if not ALL or not row_file(*row).exists()]


class Rows:
    """The rows that were asked for, begun in order, several at once."""

    def __init__(self, workflow: Workflow) -> None:
        self._workflow = workflow
        self._faults = Faults(workflow)
        self._ledger = Ledger(workflow, 10 if ALL else 0.5)
        self._scenarios = Scenarios(workflow, self._faults, events=EVENTS == "on")
        self._pool = ThreadPoolExecutor(AT_ONCE)
        self._begun: dict[tuple[Place, str], Future[None]] = {}

    def begin(self, place: Place, kind: str) -> None:
        self._begun[place, kind] = self._pool.submit(self._run, place, kind)

    def outcome(self, place: Place, kind: str) -> None:
        """Waits for the row; raises what it found wrong."""
        self._begun[place, kind].result()

    def stop(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _run(self, place: Place, kind: str) -> None:
        marker = f"{re.sub('[^a-z]+', '-', place.state.lower())[:30]}-{kind}-{uuid.uuid4().hex[:6]}"
        prefix = "tests" if place.scenario in WITHOUT_EVENT else "uploads"
        keys = [f"{prefix}/{marker}/{number}.png" for number in range(UPLOADS)]
        picture = self._workflow.picture(place.picture)
        if place.service != "rekognition":
            picture = too_small_for_faces(picture)
        with (
            self._faults.on(place, kind, marker, keys) as faults,
            self._scenarios.begun(place.scenario, marker, keys, picture),
        ):
            if faults:
                wanted = 1 if place.marked_by == "nothing" else UPLOADS
                wait_for(lambda: self._faults.met(faults) >= wanted, f"{marker}: the fault met", SECONDS, 2)
            wait_for(lambda: self._all_ended(keys), f"{marker}: ends under the fault", SECONDS, 1)
            met = self._ends(keys)
            assert faults or "SUCCEEDED" not in met
        wait_for(lambda: self._finished(place, keys), f"{marker}: finishing", SECONDS, 1)
        # E-mails are delivered beside the executions. One too many would have been sent by now as well.
        expected = [0 if place.scenario == "deleted" else 1] * UPLOADS
        wait_for(lambda: sum(self._ledger.messages(keys)) >= sum(expected), f"{marker}: messages", 60, 1)
        statuses = Counter(record["status"] for record in self._ledger.records(keys).values())
        messages = self._ledger.messages(keys)
        if place.scenario == "deleted":
            assert statuses == {"DELETED": UPLOADS}
            assert self._left(marker, keys) == []
        assert sum(statuses[each] for each in ("CLASSIFIED", "REJECTED", "FAILED", "DELETED")) == UPLOADS
        assert messages == expected
        if TABLE:
            self._write(place, kind, met, statuses, sum(messages))

    def _all_ended(self, keys: list[str]) -> bool:
        """Whether every picture has executions, and all of them have ended."""
        runs = self._ledger.runs(keys)
        return all(runs.values()) and all(run.ended for each in runs.values() for run in each)

    def _finished(self, place: Place, keys: list[str]) -> bool:
        """Whether all is recorded and notified. Where no event comes, the schedule finds leases ended."""
        if (EVENTS == "off" or place.by_schedule) and self._all_ended(keys):
            self._workflow.end_leases(keys)
        return self._ledger.finished(keys)

    def _ends(self, keys: list[str]) -> Counter[str]:
        runs = [run for each in self._ledger.runs(keys).values() for run in each]
        return Counter(run.error or run.status for run in runs)

    def _left(self, marker: str, keys: list[str]) -> list[str]:
        """Every version of every object that is left of the row's pictures."""
        outputs, listed = self._workflow.stack.outputs, self._workflow.s3.list_object_versions
        buckets = (outputs["UploadsBucketName"], outputs["ProcessedBucketName"])
        found = [listed(Bucket=bucket, Prefix=f"uploads/{marker}/") for bucket in buckets]
        return [each["Key"] for page in found for each in [*page.get("Versions", [])]]

    @staticmethod
    def _write(place: Place, kind: str, met: Counter[str], statuses: Counter[str], messages: int) -> None:
        ends = ", ".join(f"{count} × {name}" for name, count in met.most_common())
        records = ", ".join(f"{count} {status}" for status, count in statuses.most_common())
        file = row_file(place, kind)
        file.parent.mkdir(parents=True, exist_ok=True)
        line = f"| {place.state} | {kind} | {EVENTS} | {UPLOADS} | {ends} | {records} | {messages} |\n"
        file.write_text(line, encoding="utf-8")


@pytest.fixture(scope="module")
def rows(stack: DeployedStack, request: pytest.FixtureRequest) -> Iterator[Rows]:
    workflow = Workflow(stack)
    hasten_queue(workflow)
    begun, wanted = Rows(workflow), []
    for item in request.session.items:
        if item.path == Path(__file__) and isinstance(item, pytest.Function):
            place, kind = item.callspec.params["place"], item.callspec.params["kind"]
            assert isinstance(place, Place)
            wanted.append((place, str(kind)))
    with workflow.without_status_events() if EVENTS == "off" else nullcontext():
        # Functions that sleep or die keep the few workers from the other rows' pictures: they come last.
        for place, kind in sorted(wanted, key=lambda row: breaks_function(*row)):
            begun.begin(place, kind)
        yield begun
    begun.stop()


@pytest.mark.timeout(7200 if ALL else 600)
@pytest.mark.parametrize(("place", "kind"), ROWS, ids=[f"{place.state}-{kind}" for place, kind in ROWS])
def test_each_upload_ends_with_one_record_and_one_message(rows: Rows, place: Place, kind: str) -> None:
    rows.outcome(place, kind)
