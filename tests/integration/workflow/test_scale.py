"""Many pictures at once: all end, each is notified once, with a bounded number of workers."""

from __future__ import annotations

import subprocess
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from local.cloud.client import CloudInfo, running
from local.cloud.settings import DEFAULT_WORKERS
from tests.integration.workflow.conftest import Workflow
from tests.polling import wait_for


def lambda_workers(cloud: CloudInfo) -> int:
    """How many processes of the cloud run handlers now."""
    listing = subprocess.run(
        ["ps", "-ww", "--ppid", str(cloud.pid), "-o", "args="],
        capture_output=True, text=True, check=True, timeout=10,
    )  # fmt: skip
    return sum("/lambdas/bootstrap.py" in line for line in listing.stdout.splitlines())


def messages_by_key(workflow: Workflow, prefix: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for message in workflow.stack.inbox.messages():
        for line in message.body.splitlines():
            if line.startswith("Picture:") and f"/{prefix}/" in line:
                found[line.split(f"s3://{workflow.bucket}/")[1]] += 1
    return found


@pytest.mark.timeout(420)
def test_a_hundred_executions_at_once_all_end_and_are_notified_once(workflow: Workflow) -> None:
    picture, prefix = workflow.picture(), f"hundred-{uuid.uuid4().hex}"
    keys = [workflow.put(picture, prefix=prefix) for _ in range(100)]
    with ThreadPoolExecutor(20) as pool:
        arns = list(pool.map(lambda key: workflow.start(workflow.manual(key)), keys))
    cloud, most = running(workflow.stack.state), 0
    assert cloud is not None

    def all_ended() -> bool:
        nonlocal most
        most = max(most, lambda_workers(cloud))
        machine = {"stateMachineArn": workflow.machine, "statusFilter": "RUNNING"}
        return not workflow.states.list_executions(**machine)["executions"]

    wait_for(all_ended, "the end of all executions", 300, interval=0.5)
    assert {workflow.ended(arn)["status"] for arn in arns} == {"SUCCEEDED"}
    wait_for(lambda: len(messages_by_key(workflow, prefix)) >= 100, "all messages", 30)
    messages = messages_by_key(workflow, prefix)
    assert set(messages) == set(keys)
    assert set(messages.values()) == {1}
    assert 1 <= most <= DEFAULT_WORKERS


@pytest.mark.timeout(600)
def test_a_burst_of_three_hundred_uploads_loses_none_and_repeats_none(workflow: Workflow) -> None:
    pictures = [workflow.picture(), workflow.picture("digit-9-unsure.png"), b"not a picture"]
    with ThreadPoolExecutor(20) as pool:
        keys = list(
            pool.map(lambda n: workflow.put(pictures[n % 3], f"{n}.png", "uploads/burst"), range(300))
        )
    wait_for(lambda: len(messages_by_key(workflow, "burst")) >= 300, "all messages", 480, interval=1)

    statuses = Counter(workflow.record(key)["status"] for key in keys)
    assert statuses == {"CLASSIFIED": 100, "REJECTED": 100, "FAILED": 100}
    assert messages_by_key(workflow, "burst") == Counter(keys)

    with ThreadPoolExecutor(20) as pool:
        again = list(pool.map(lambda key: workflow.run(_delivered_again(workflow, key), 300), keys))
    assert {ending["status"] for ending in again} == {"SUCCEEDED"}
    assert messages_by_key(workflow, "burst") == Counter(keys)


def _delivered_again(workflow: Workflow, key: str) -> dict[str, object]:
    event = workflow.event(key)
    event["detail"]["object"]["sequencer"] = workflow.record(key)["sequencer"]
    return event
