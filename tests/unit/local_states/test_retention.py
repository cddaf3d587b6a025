"""What ended executions leave in memory, and what of them is found again."""

import copy
import json
import sys
from typing import Any

import pytest
from ministack.services import stepfunctions

from local.states import install, retention
from local.states.archive import Record

install()


def record(number: int) -> Record:
    details = {"input": json.dumps({"n": number, "text": "x" * 2_000}), "inputDetails": {"truncated": False}}
    event = {"timestamp": "2026-01-01T00:00:00Z", "type": "PassStateEntered", "previousEventId": 0}
    return Record(
        executionArn=f"arn:aws:states:us-east-1:000000000000:execution:m:{number}",
        status="FAILED",
        input=details["input"],
        output=None,
        events=[{**event, "id": index, "stateEnteredEventDetails": dict(details)} for index in range(20)],
        _entered={"state": "P", "input": {}, "variables": {}},
    )


def size(value: Any) -> int:
    """Bytes of a value and of all it holds."""
    inner = 0
    if isinstance(value, dict):
        inner = sum(size(key) + size(item) for key, item in value.items())
    elif isinstance(value, list):
        inner = sum(map(size, value))
    return sys.getsizeof(value) + inner


def test_an_ended_execution_is_found_whole_and_weighs_little() -> None:
    kept, whole = record(1), record(1)

    retention.ended(kept)

    assert size(kept) < size(whole) / 20
    assert size(kept) < 1_500
    for name in ("events", "input", "_entered", "status"):
        assert kept[name] == kept.get(name) == whole[name]
    assert kept.get("output", "none") is None
    assert kept.get("nothing") is None
    with pytest.raises(KeyError):
        kept["nothing"]


def test_a_redriven_execution_has_it_back_in_memory() -> None:
    kept = record(2)
    retention.ended(kept)

    kept.restore()
    kept["events"].append({"id": 20})
    retention.ended(kept)

    assert len(kept["events"]) == 21


def test_the_oldest_records_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "MAX_RECORDS", 100)
    monkeypatch.setattr(stepfunctions._executions, "_data", {})
    running = record(0)
    running["status"] = "RUNNING"
    stored = stepfunctions._executions._data
    stored[0] = running

    for number in range(1, 300):
        stored[number] = record(number)
        retention.ended(stored[number])

    assert 90 <= len(stored) <= 101
    assert stored[0] is running
    assert 299 in stored
    assert 1 not in stored


def test_a_stop_saves_the_newest_whole_and_of_older_ones_no_payloads() -> None:
    kept = record(3)
    retention.ended(kept)

    whole, stripped = retention.to_save(kept, True), retention.to_save(copy.deepcopy(kept), False)

    assert json.loads(json.dumps(whole))["events"] == record(3)["events"]
    details = stripped["events"][0]["stateEnteredEventDetails"]
    assert (details["input"], details["inputDetails"]) == ("", {"truncated": True})
    assert stripped["input"] == record(3)["input"]
