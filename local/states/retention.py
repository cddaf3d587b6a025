"""How much of ended executions is kept: of the newest everything, on disk; of very many not the oldest."""

import itertools
from typing import Any

from ministack.services import stepfunctions

from local.states.archive import ARCHIVE, Record

MAX_RECORDS = 20_000
_PAYLOADS = ("input", "output", "parameters")


def ended(record: dict[str, Any]) -> None:
    """Puts an execution that has ended on disk, and forgets the oldest when there are too many."""
    if isinstance(record, Record):
        record.archive()
    stored = stepfunctions._executions._data
    if len(stored) <= MAX_RECORDS:
        return
    for key, old in list(itertools.islice(stored.items(), MAX_RECORDS // 10)):
        if old["status"] != "RUNNING":
            stored.pop(key, None)
            ARCHIVE.drop(old["executionArn"])


def to_save(record: dict[str, Any], with_payloads: bool) -> dict[str, Any]:
    """A record as a clean stop writes it, whole or without the payloads of its history."""
    whole = dict(record)
    if isinstance(record, Record):
        for name in ("events", "input", "output", "_entered"):
            if (value := record.get(name)) is not None:
                whole[name] = value
    if not with_payloads:
        strip(whole)
    return whole


def strip(record: dict[str, Any]) -> None:
    """Takes the payloads out of a record's history: their details say "truncated", as AWS marks it."""
    for event in record["events"]:
        for details in event.values():
            if not isinstance(details, dict):
                continue
            for key in _PAYLOADS:
                if details.get(key):
                    details[key] = ""
                    details[f"{key}Details"] = {"truncated": True}
