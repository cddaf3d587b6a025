"""Executions that were running when the local cloud ended.

AWS never restarts. Here they end ABORTED when the state is read again, so that nobody waits for them for
ever and settling rules see them. MiniStack: FAILED with States.ServiceRestart, without an event in the
history or on the bus.
"""

import contextvars
import json
import threading
from typing import Any

from ministack.core.responses import now_iso, set_request_account_id, set_request_region
from ministack.services import stepfunctions

from local.states import retention, status_events
from local.states.patching import replace

ERROR = "States.ServiceRestart"
CAUSE = "The local cloud ended while the execution was running."
_ANNOUNCE_AFTER_SECONDS = 3.0
SAVED_HISTORY_BYTES = 24 * 1024 * 1024


def _restore(data: Any) -> None:
    interrupted = [arn for arn, record in _items(data) if record.get("status") == "RUNNING"]
    _restore_state(data)
    ended = []
    for key, record in list(stepfunctions._executions._data.items()):
        if record["executionArn"] in interrupted:
            _abort(record)
            ended.append((key[0], key[1], record))
    if ended:
        # Once all services have their state back and the gateway answers.
        timer = threading.Timer(_ANNOUNCE_AFTER_SECONDS, _announce, (ended,))
        timer.daemon = True
        timer.start()


def _items(data: Any) -> list[tuple[str, dict[str, Any]]]:
    stored = (data or {}).get("executions", {})
    records = getattr(stored, "_data", stored)
    return [(record["executionArn"], record) for record in records.values()]


def _abort(record: dict[str, Any]) -> None:
    moment = now_iso()
    record.update(status="ABORTED", stopDate=moment, error=ERROR, cause=CAUSE)
    events = record.setdefault("events", [])
    events.append(
        {
            "timestamp": moment,
            "type": "ExecutionAborted",
            "id": len(events) + 1,
            "previousEventId": 0,
            "executionAbortedEventDetails": {"error": ERROR, "cause": CAUSE},
        }
    )


def _announce(ended: list[tuple[str, str, dict[str, Any]]]) -> None:
    for account, region, record in ended:
        contextvars.copy_context().run(_emit, account, region, record)


def _emit(account: str, region: str, record: dict[str, Any]) -> None:
    set_request_account_id(account)
    set_request_region(region)
    status_events.emit(record)


def _state() -> Any:
    """What is written at a clean stop: of histories no more than can be written in a moment."""
    state = _whole_state()
    saved, left = state["executions"]._data, SAVED_HISTORY_BYTES
    for key, record in reversed(list(stepfunctions._executions._data.items())):
        saved[key] = retention.to_save(record, left > 0)
        left -= sum(len(json.dumps(event)) for event in saved[key]["events"]) if left > 0 else 0
    return state


_restore_state = stepfunctions._restore_state
_whole_state = stepfunctions.get_state


def install() -> None:
    replace(stepfunctions, "_restore_state", _restore)
    replace(stepfunctions, "get_state", _state)
