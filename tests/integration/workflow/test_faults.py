"""Every state meets every kind of fault: each picture still ends with one record and one message.

`make faults` runs it with 50 uploads a row and writes the table of docs/faults.md; the test suite takes two.
"""

from __future__ import annotations

import io
import json
import os
import urllib.request
import zipfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.integration.workflow.conftest import Workflow
from tests.polling import wait_for

UPLOADS = int(os.environ.get("FAULT_UPLOADS", "2"))
TABLE = os.environ.get("FAULT_TABLE")
ALL = UPLOADS > 2
ERROR, THROTTLE, DENIED, TIMEOUT, KILL = "error", "throttle", "denied", "timeout", "kill"


@dataclass(frozen=True)
class Place:
    """Where a state can be met: a function, or what is in the requests that it sends to a service."""

    state: str
    service: str
    containing: str
    picture: str = "digit-3.png"

    @property
    def function(self) -> str | None:
        return self.containing if self.service == "lambda" else None


PLACES = [
    Place("Claim Image", "dynamodb", ":dead"),
    Place("Serialize Image Data", "lambda", "serialize-image-data"),
    Place("Classify Image Data", "lambda", "classify-image-data"),
    Place("Detect Faces", "rekognition", "DetectFaces"),
    Place("Filter Inference Data", "lambda", "filter-inference-data"),
    Place("Annotate Image", "lambda", "annotate-image"),
    Place("Record Result", "dynamodb", ":autoTitle"),
    Place("Notify Success", "sns", "+shows+"),
    Place("Record Failure", "dynamodb", ":retakeable", picture="digit-9-unsure.png"),
    Place("Notify Failure", "sns", "refused", picture="digit-9-unsure.png"),
]
# A throttle is retried for minutes, a service's timeout for 30 seconds a try: these are for `make faults`.
QUICK = {"lambda": (KILL,), "dynamodb": (DENIED,), "sns": (DENIED,), "rekognition": (ERROR,)}
KINDS = (ERROR, THROTTLE, DENIED, TIMEOUT)
WHOLE = {"lambda": (*KINDS, KILL), "dynamodb": KINDS, "sns": KINDS, "rekognition": KINDS}
ROWS = [(place, kind) for place in PLACES for kind in (WHOLE if ALL else QUICK)[place.service]]


@contextmanager
def fault(workflow: Workflow, place: Place, kind: str) -> Iterator[None]:
    """The fault, for the length of a with block."""
    if place.function and kind in (KILL, TIMEOUT):
        with broken_function(workflow, f"{workflow.stack.name}-{place.function}", kind):
            yield
        return
    asked = {"service": place.service, "kind": kind, "containing": place.containing}
    _faults(workflow, "POST", asked)
    try:
        yield
    finally:
        _faults(workflow, "DELETE")


def _faults(workflow: Workflow, method: str, document: Any = None) -> None:
    url = f"{workflow.stack.gateway_url}/_loupe/faults"
    data = json.dumps(document).encode() if document else None
    with urllib.request.urlopen(urllib.request.Request(url, data=data, method=method), timeout=10):
        pass


@contextmanager
def broken_function(workflow: Workflow, name: str, kind: str) -> Iterator[None]:
    """A function whose worker dies, or that outlives its timeout."""
    functions = workflow.stack.client("lambda")
    before = functions.get_function(FunctionName=name)
    with urllib.request.urlopen(before["Code"]["Location"], timeout=30) as answer:
        code = answer.read()
    body = "import os; os._exit(1)" if kind == KILL else "import time; time.sleep(60)"
    functions.update_function_code(
        FunctionName=name, ZipFile=_packed(f"def handler(event, context):\n    {body}\n")
    )
    if kind == TIMEOUT:
        functions.update_function_configuration(FunctionName=name, Timeout=1)
    try:
        yield
    finally:
        functions.update_function_code(FunctionName=name, ZipFile=code)
        functions.update_function_configuration(FunctionName=name, Timeout=before["Configuration"]["Timeout"])


def _packed(source: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("app.py", source)
    return target.getvalue()


def running(workflow: Workflow) -> int:
    """How many executions run now, of both state machines."""
    machines = [workflow.machine, workflow.machine.replace("classify-image", "settle-image")]
    listed = workflow.states.list_executions
    return sum(len(listed(stateMachineArn=arn, statusFilter="RUNNING")["executions"]) for arn in machines)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("place", "kind"), ROWS, ids=[f"{place.state}-{kind}" for place, kind in ROWS])
def test_each_upload_ends_with_one_record_and_one_message(
    workflow: Workflow, place: Place, kind: str
) -> None:
    picture = workflow.picture(place.picture)
    wait_for(lambda: running(workflow) == 0, "quiet", 120)
    with fault(workflow, place, kind):
        with ThreadPoolExecutor(10) as pool:
            prefix = "uploads/faces" if place.service == "rekognition" else "uploads"
            keys = list(pool.map(lambda n: workflow.put(picture, f"{n}.png", prefix), range(UPLOADS)))
        met = wait_for(lambda: _endings_under_fault(workflow, keys), "endings under the fault", 600, 0.5)
    wait_for(lambda: all(_final(workflow, key) for key in keys), "final records", 240, 0.5)
    wait_for(lambda: all(workflow.messages(key) for key in keys), "messages", 240, 0.5)
    wait_for(lambda: running(workflow) == 0, "quiet", 240, 0.5)

    messages = [len(workflow.messages(key)) for key in keys]
    assert messages == [1] * UPLOADS
    statuses = Counter(str(workflow.record(key)["status"]) for key in keys)
    assert sum(statuses.values()) == UPLOADS
    if TABLE:
        _write_row(place, kind, met, statuses, sum(messages))


def _final(workflow: Workflow, key: str) -> bool:
    return bool(workflow.record(key).get("status", "RECEIVED") != "RECEIVED")


def _endings_under_fault(workflow: Workflow, keys: list[str]) -> Counter[str] | None:
    """How the executions of these uploads ended while the fault was on, once all have."""
    found: Counter[str] = Counter()
    listed = workflow.states.get_paginator("list_executions").paginate(stateMachineArn=workflow.machine)
    wanted = set(keys)
    for execution in (each for page in listed for each in page["executions"]):
        described = workflow.states.describe_execution(executionArn=execution["executionArn"])
        key = json.loads(described["input"]).get("detail", {}).get("object", {}).get("key")
        if key not in wanted:
            continue
        if described["status"] == "RUNNING":
            return None
        wanted.discard(key)
        found[str(described.get("error", described["status"]))] += 1
        if not wanted:
            return found
    return None


def _write_row(place: Place, kind: str, met: Counter[str] | None, statuses: Counter[str], told: int) -> None:
    path = Path(str(TABLE))
    endings = ", ".join(f"{count} × {name}" for name, count in (met or Counter()).most_common())
    records = ", ".join(f"{count} {status}" for status, count in statuses.most_common())
    with path.open("a", encoding="utf-8") as table:
        table.write(f"| {place.state} | {kind} | {UPLOADS} | {endings} | {records} | {told} |\n")
