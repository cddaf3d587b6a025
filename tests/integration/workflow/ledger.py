"""What became of each picture on the deployed stack: its executions, its record, its messages.

Many rows ask at once, so that the stack is asked at most every few seconds, once for all of them.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.integration.workflow.conftest import ENDED, FINAL, Workflow

SHIFT = timedelta(seconds=5)


@dataclass
class Run:
    """An execution of the workflow."""

    arn: str
    status: str
    error: str = ""

    @property
    def ended(self) -> bool:
        return self.status in ENDED


class Ledger:
    """The stack's executions and messages by picture."""

    def __init__(self, workflow: Workflow, seconds: float) -> None:
        self._workflow, self._seconds = workflow, seconds
        self._lock = threading.Lock()
        self._runs: dict[str, Run] = {}
        self._by_key: defaultdict[str, list[Run]] = defaultdict(list)
        self._messages: Counter[str] = Counter()
        self._read_at = 0.0
        # All executions that started before are known.
        self._complete_until = datetime.min.replace(tzinfo=UTC)

    def runs(self, keys: list[str]) -> dict[str, list[Run]]:
        """All executions about these pictures."""
        self._refresh()
        return {key: list(self._by_key[key]) for key in keys}

    def messages(self, keys: list[str]) -> list[int]:
        """How many messages there are about each picture."""
        self._refresh()
        return [self._messages[key] for key in keys]

    def records(self, keys: list[str]) -> dict[str, dict[str, Any]]:
        """`{status, pending}` of each picture's record, where it has one."""
        table = self._workflow.stack.outputs["ImagesTableName"]
        ids = {self._workflow.image_id(key): key for key in keys}
        asked = {
            table: {"Keys": [{"imageId": {"S": each}} for each in ids], "ConsistentRead": True},
        }
        found = self._workflow.stack.client("dynamodb").batch_get_item(RequestItems=asked)
        return {
            ids[item["imageId"]["S"]]: {"status": item["status"]["S"], "pending": "pending" in item}
            for item in found["Responses"][table]
        }

    def finished(self, keys: list[str]) -> bool:
        """Whether nothing about the pictures runs any more, and every record is final and not pending."""
        runs, records = self.runs(keys), self.records(keys)
        return all(
            runs[key]
            and all(run.ended for run in runs[key])
            and records.get(key, {"status": ""})["status"] in FINAL
            and not records[key]["pending"]
            for key in keys
        )

    def _refresh(self) -> None:
        with self._lock:
            if time.monotonic() - self._read_at < self._seconds:
                return
            self._list()
            self._messages = self._count_messages()
            self._read_at = time.monotonic()

    def _list(self) -> None:
        """Take note of what was started and of what has ended since the last time."""
        begun = datetime.now(UTC)
        pages = self._workflow.states.get_paginator("list_executions").paginate(
            stateMachineArn=self._workflow.machine, PaginationConfig={"PageSize": 100}
        )
        for page in pages:
            for each in page["executions"]:
                if each["executionArn"] not in self._runs:
                    self._noted(each["executionArn"])
            # The newest come first. A page of known ones is no end: what starts meanwhile shifts the pages.
            if page["executions"] and page["executions"][-1]["startDate"] < self._complete_until:
                break
        self._complete_until = begun - SHIFT
        running = self._running()
        for run in self._runs.values():
            if not run.ended and run.arn not in running:
                described = self._workflow.states.describe_execution(executionArn=run.arn)
                run.error, run.status = str(described.get("error", "")), described["status"]

    def _running(self) -> set[str]:
        pages = self._workflow.states.get_paginator("list_executions").paginate(
            stateMachineArn=self._workflow.machine, statusFilter="RUNNING"
        )
        return {each["executionArn"] for page in pages for each in page["executions"]}

    def _noted(self, arn: str) -> None:
        described = self._workflow.states.describe_execution(executionArn=arn)
        run = self._runs[arn] = Run(arn, described["status"], str(described.get("error", "")))
        self._by_key[_key(json.loads(described["input"]))].append(run)

    def _count_messages(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for message in self._workflow.stack.inbox.messages():
            for line in message.body.splitlines():
                if line.startswith("Picture:"):
                    found[line.split(f"s3://{self._workflow.bucket}/")[-1]] += 1
        return found


def _key(given: dict[str, Any]) -> str:
    """The picture of an execution's input, whatever started it."""
    if "s3_key" in given:
        return str(given["s3_key"])
    return str(given.get("detail", {}).get("object", {}).get("key", ""))
