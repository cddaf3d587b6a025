"""One picture's way through functions and workflow: the log events that belong to it."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from loupe.logs import LogEvent
from loupe.results import Record

IMAGE_ID = re.compile(r"[0-9a-f]{8,32}")
MARGIN_MS = 5_000
"""Clocks differ a little: the way is looked for from so much before the record's first moment."""


class FindsRecords(Protocol):
    """The Images table, as tracing uses it."""

    def get(self, image_id: str) -> Record: ...


@dataclass(frozen=True)
class Way:
    """What names one picture's way: executions by ARN, an image id, and from when on (ms since 1970)."""

    executions: frozenset[str]
    image_id: str = ""
    since_ms: int | None = None


def is_trace(name: str) -> bool:
    """Whether this names an execution or a picture, and not what writes logs."""
    return name.startswith("arn:") or IMAGE_ID.fullmatch(name) is not None


def way_of(name: str, records: FindsRecords) -> Way:
    """The way of an execution (its ARN) or a picture (its id or the beginning of it)."""
    if name.startswith("arn:"):
        return Way(frozenset({name}))
    record = records.get(name)
    arn = str(record.get("executionArn", ""))
    # What a batch run has recorded names the run, as all its pictures do.
    executions = frozenset({arn} if arn.startswith("arn:") else ())
    started = str(record.get("claimedAt") or record.get("createdAt") or "")
    since = (
        int(datetime.fromisoformat(started.replace("Z", "+00:00")).timestamp() * 1000) if started else None
    )
    return Way(executions, str(record["imageId"]), None if since is None else since - MARGIN_MS)


def events_of(way: Way, events: Sequence[LogEvent]) -> list[LogEvent]:
    """The events that belong to a way, in order.

    A function's own lines name the execution and the image; what Lambda writes beside them (its report, a
    crash) names the request, by which it is found.
    """
    requests: set[str] = set()
    chosen: set[LogEvent] = set()
    for event in events:
        entry = _entry(event)
        if _names(way, entry):
            chosen.add(event)
            if isinstance(entry.get("function_request_id"), str):
                requests.add(entry["function_request_id"])
    return [event for event in events if event in chosen or _mentions(event, requests)]


def _names(way: Way, entry: dict[str, Any]) -> bool:
    if entry.get("executionArn") in way.executions or entry.get("execution_arn") in way.executions:
        return True
    return bool(way.image_id) and entry.get("imageId") == way.image_id


def _mentions(event: LogEvent, requests: Iterable[str]) -> bool:
    return any(request in event.message for request in requests)


def _entry(event: LogEvent) -> dict[str, Any]:
    try:
        entry = json.loads(event.message)
    except ValueError:
        return {}
    return entry if isinstance(entry, dict) else {}
