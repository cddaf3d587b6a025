"""How much of ended executions is kept in memory.

AWS keeps histories for 90 days. Here the newest are kept whole; of older ones the payloads go (their details
say "truncated", as AWS marks what it leaves out), and of very many the oldest records.
"""

import threading
from collections import deque
from typing import Any

from ministack.services import stepfunctions

_PAYLOADS = ("input", "output", "parameters")


class Retention:
    """Keeps `history_bytes` of payloads and `records` executions."""

    def __init__(self, history_bytes: int = 192 * 1024 * 1024, records: int = 20_000) -> None:
        self._history_bytes, self._records = history_bytes, records
        self._lock = threading.Lock()
        self._ended: deque[tuple[dict[str, Any], int]] = deque()
        self._total = 0

    def ended(self, record: dict[str, Any]) -> None:
        """Takes note of an execution that has ended, and forgets what is too much."""
        size = _payload_bytes(record)
        with self._lock:
            self._ended.append((record, size))
            self._total += size
        self.shrink(max(self._history_bytes, size))
        self._drop_records()

    def shrink(self, history_bytes: int) -> None:
        """Strips the oldest histories until at most `history_bytes` of payloads are left."""
        with self._lock:
            while self._ended and self._total > history_bytes:
                old, freed = self._ended.popleft()
                self._total -= freed
                strip(old)

    def _drop_records(self) -> None:
        stored = stepfunctions._executions._data
        if len(stored) <= self._records:
            return
        for key, record in list(stored.items())[: self._records // 10]:
            if record["status"] != "RUNNING":
                stored.pop(key, None)


def _payload_bytes(record: dict[str, Any]) -> int:
    """The length of all texts of a history; equal ones are one object and count once."""
    texts = {
        id(value): len(value)
        for event in record["events"]
        for details in event.values()
        if isinstance(details, dict)
        for value in details.values()
        if isinstance(value, str)
    }
    return sum(texts.values())


def strip(record: dict[str, Any]) -> None:
    """Takes the payloads out of a record's history."""
    for event in record["events"]:
        for details in event.values():
            if not isinstance(details, dict):
                continue
            for key in _PAYLOADS:
                if details.get(key):
                    details[key] = ""
                    details[f"{key}Details"] = {"truncated": True}
