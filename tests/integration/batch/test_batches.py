"""Batches on the deployed stack: every key has one row, though the run is stopped, a worker killed and the
endpoint throttled; and what is made for a run is gone afterwards.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import secrets
import signal
import urllib.request
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from local.cloud.credentials import SECRET_HEADER, read_secret
from tests.cloud import DeployedStack, OwnStack
from tests.polling import WaitFor

ROOT = Path(__file__).parents[3]
PICTURES = ROOT / "events" / "images"
ODD = ("a+b %41.png", "100%.png", "e\u0301.png", "<&>'.png", "\u4e2d\u6587.png", "a//b.png")
GOOD, RUN_SECONDS = 300, 600
# Names of executions are used once, also on a cloud that stays up.
TOKEN = secrets.token_hex(3)
PREFIX = f"batch/stopped-{TOKEN}/"
FIRST, SECOND, KEPT = f"stopped-{TOKEN}-1", f"stopped-{TOKEN}-2", f"kept-{TOKEN}"

pytestmark = pytest.mark.timeout(2 * RUN_SECONDS)
FUNCTION = "loupe-batch-classify-batch"


@pytest.fixture(scope="module")
def batch_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedStack]:
    """The core and the batch stack on a cloud of their own."""
    with OwnStack(ROOT, tmp_path_factory.mktemp("batch"), ["batch"]) as deployed:
        yield deployed


class Batches:
    """The batch stack, as these tests ask for it."""

    def __init__(self, stack: DeployedStack) -> None:
        self.stack = stack
        self.s3, self.states = stack.client("s3"), stack.client("stepfunctions")
        self.uploads, self.bucket = stack.outputs["UploadsBucketName"], stack.outputs["BatchBucketName"]
        self.machine = stack.outputs["BatchStateMachineArn"]

    def put(self, key: str, content: bytes) -> None:
        self.s3.put_object(Bucket=self.uploads, Key=key, Body=content)

    def start(self, name: str, **given: Any) -> str:
        text = json.dumps(given)
        return str(
            self.states.start_execution(stateMachineArn=self.machine, name=name, input=text)["executionArn"]
        )

    def ended(self, arn: str) -> Any:
        """The execution where it has ended, else None."""
        found = self.states.describe_execution(executionArn=arn)
        return None if found["status"] == "RUNNING" else found

    def subjects(self, name: str) -> list[str]:
        """Subjects of the e-mails about a run."""
        return [each.subject for each in self.stack.inbox.messages() if name in each.subject]

    def parts(self, name: str) -> list[str]:
        listed = self.s3.list_objects_v2(Bucket=self.bucket, Prefix=f"runs/{name}/rows/")
        return [each["Key"] for each in listed.get("Contents", [])]

    def part_rows(self, name: str) -> list[dict[str, Any]]:
        bodies = [self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read() for key in self.parts(name)]
        return [row for body in bodies for row in json.loads(body)["rows"]]

    def rows(self, name: str) -> list[dict[str, str]]:
        body = self.s3.get_object(Bucket=self.bucket, Key=f"runs/{name}/report/results.csv")["Body"].read()
        return list(csv.DictReader(io.StringIO(body.decode(), newline="")))

    def endpoints(self) -> list[str]:
        listed = self.stack.client("sagemaker").list_endpoints()["Endpoints"]
        return [each["EndpointName"] for each in listed if each["EndpointName"].endswith("-batch")]

    def kill_workers(self) -> int:
        """Kill what runs classify_batch now; how many there were."""
        killed = 0
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                environment = (folder / "environ").read_bytes().split(b"\0")
                if f"AWS_LAMBDA_FUNCTION_NAME={FUNCTION}".encode() in environment:
                    if not any(str(self.stack.state).encode() in each for each in environment):
                        continue
                    os.kill(int(folder.name), signal.SIGKILL)
                    killed += 1
        return killed

    @contextlib.contextmanager
    def throttled(self) -> Iterator[None]:
        """The endpoint answers nobody for the length of a with block."""
        fault = {"service": "sagemaker", "kind": "throttle", "containing": ["/invocations"]}
        self._faults("POST", fault)
        try:
            yield
        finally:
            self._faults("DELETE", fault)

    def _faults(self, method: str, document: Any) -> None:
        headers = {SECRET_HEADER: read_secret(self.stack.state)}
        url, data = f"{self.stack.gateway_url}/_loupe/faults", json.dumps(document).encode()
        urllib.request.urlopen(urllib.request.Request(url, data, headers, method=method), timeout=60).close()


@pytest.fixture(scope="module")
def batches(batch_stack: DeployedStack) -> Batches:
    return Batches(batch_stack)


def fill(batches: Batches, prefix: str, good: int) -> set[str]:
    """Pictures under a prefix, broken ones, odd keys and folder markers among them; gives what gets a row."""
    digits = [(PICTURES / f"{name}.png").read_bytes() for name in ("digit-0", "digit-3", "digit-5")]
    broken = {
        "empty.png": b"",
        "text.jpg": b"no picture",
        "cut.png": digits[0][:200],
        "cut.jpg": (PICTURES / "cat.jpg").read_bytes()[:4000],
        "header.jpg": b"\xff\xd8\xff" + b"x" * 90,
        "page.html": b"<html></html>",
    }
    named = {f"{number:04}.png": digits[number % 3] for number in range(good)}
    named |= {f"odd/{name}": digits[0] for name in (*ODD, "x" * (1024 - len(prefix) - 8) + ".png")}
    named |= {f"broken/{name}": content for name, content in broken.items()}
    for name, content in named.items():
        batches.put(prefix + name, content)
    for marker in ("", "odd/", "broken/"):
        batches.put(prefix + marker, b"")
    return {prefix + name for name in named}


def test_a_run_that_is_stopped_killed_and_throttled_has_one_row_for_each_picture(
    batches: Batches, wait_for: WaitFor
) -> None:
    keys = fill(batches, PREFIX, GOOD)
    source = f"s3://{batches.uploads}/{PREFIX}"
    first = batches.start(FIRST, source=source, threshold=0.5, concurrency=2)
    wait_for(lambda: len(batches.parts(FIRST)) >= 2, "rows of the first run", seconds=RUN_SECONDS)
    batches.states.stop_execution(executionArn=first)
    wait_for(lambda: batches.ended(first), "the stop", seconds=60)
    wait_for(lambda: batches.endpoints() == [], "the first run's endpoint to go", seconds=120)
    done = {row["key"]: row for row in batches.part_rows(FIRST)}
    assert 0 < len(done) < len(keys)

    second = batches.start(SECOND, source=source, threshold=0.5, concurrency=2, resume=FIRST, tolerate=0)
    wait_for(lambda: len(batches.parts(SECOND)) >= 2, "rows of the second run", seconds=RUN_SECONDS)
    with batches.throttled():
        wait_for(lambda: batches.kill_workers() > 0 or batches.ended(second), "a worker to kill", seconds=60)
    ended = wait_for(lambda: batches.ended(second), "the second run", seconds=RUN_SECONDS)

    assert ended["status"] == "SUCCEEDED", ended
    rows = batches.rows(SECOND)
    assert Counter(row["key"] for row in rows) == Counter(keys)
    failed = {row["key"].removeprefix(PREFIX): row["error"] for row in rows if row["status"] == "FAILED"}
    assert {key for key in failed if key.startswith("broken/")} == set(failed)
    assert set(failed.values()) == {"UnsupportedImageError", "CorruptImageError"}
    carried = {row["key"]: row for row in rows if row["key"] in done}
    for key, row in carried.items():
        # The very row of the first run: nobody has classified it again.
        assert int(row["durationMs"] or 0) == done[key].get("durationMs", 0), key
    # SageMaker deletes an endpoint after it has answered.
    wait_for(lambda: batches.endpoints() == [], "the second run's endpoint to go", seconds=120)
    for name in (FIRST, SECOND):
        wait_for(partial(batches.subjects, name), f"the e-mail about {name}")
        assert len(batches.subjects(name)) == 1


def test_a_run_that_records_writes_records_and_no_messages(batches: Batches, wait_for: WaitFor) -> None:
    fill(batches, f"batch/{KEPT}/", 5)
    source = f"s3://{batches.uploads}/batch/{KEPT}/"
    before = len(batches.stack.inbox.messages())

    arn = batches.start(KEPT, source=source, threshold=0.5, on="live", record=True)

    ended = wait_for(lambda: batches.ended(arn), "the run", seconds=RUN_SECONDS)
    assert ended["status"] == "SUCCEEDED", ended
    table = batches.stack.client("dynamodb").scan(TableName=batches.stack.outputs["ImagesTableName"])["Items"]
    found = [item for item in table if item["key"]["S"].startswith(f"batch/{KEPT}/")]
    assert len(found) == 5 + len(ODD) + 1
    assert {item["executionArn"]["S"] for item in found} == {f"batch:{KEPT}"}
    wait_for(lambda: batches.subjects(KEPT), "the e-mail about the run")
    assert len(batches.stack.inbox.messages()) == before + 1
