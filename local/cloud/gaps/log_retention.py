"""A log group keeps its newest lines.

AWS: a group keeps what its retention says, for ever by default. Stock MiniStack: keeps every line in memory,
each twice (once for GetLogRecord), so that a few thousand executions fill a gigabyte. Here a group keeps its
newest 8 MiB or 10,000 lines, and GetLogRecord knows the newest thousand.
"""

import itertools
from typing import Any

from ministack.services import cloudwatch_logs

MAX_BYTES = 8 * 1024 * 1024
MAX_LINES = 10_000
MAX_RECORDS = 1_000
_LINE_OVERHEAD = 600  # a line's dictionary, id and times

_used: dict[int, list[int]] = {}


def install() -> None:
    """Forget old lines when new ones come."""
    put = cloudwatch_logs._put_log_events

    def put_and_trim(data: dict[str, Any]) -> Any:
        answer = put(data)
        group = cloudwatch_logs._log_groups.get(data.get("logGroupName"))
        if group is not None:
            _note(group["streams"], data.get("logEvents", []))
        return answer

    cloudwatch_logs._put_log_events = put_and_trim


def _note(streams: dict[str, Any], events: list[dict[str, Any]]) -> None:
    records = cloudwatch_logs._log_records._data
    for pointer in list(itertools.islice(records, max(0, len(records) - MAX_RECORDS))):
        records.pop(pointer, None)
    used = _used.setdefault(id(streams), [0, 0])
    used[0] += sum(len(event.get("message", "")) + _LINE_OVERHEAD for event in events)
    used[1] += len(events)
    if used[0] > MAX_BYTES or used[1] > MAX_LINES:
        with cloudwatch_logs._log_events_lock:
            used[:] = trim(streams, MAX_BYTES * 3 // 4, MAX_LINES * 3 // 4)


def trim(streams: dict[str, Any], most_bytes: int, most_lines: int) -> tuple[int, int]:
    """Takes the oldest lines out of a group's streams, and streams left empty; bytes and lines that stay."""
    lines = sorted(
        (event["timestamp"], len(event["message"]) + _LINE_OVERHEAD)
        for stream in streams.values()
        for event in stream["events"]
    )
    kept_bytes = kept_lines = 0
    oldest = None
    for moment, size in reversed(lines):
        if kept_bytes + size > most_bytes or kept_lines >= most_lines:
            break
        kept_bytes, kept_lines, oldest = kept_bytes + size, kept_lines + 1, moment
    newest = max(streams, key=lambda name: streams[name].get("lastIngestionTime") or 0, default=None)
    for name, stream in list(streams.items()):
        stream["events"] = [e for e in stream["events"] if oldest is not None and e["timestamp"] >= oldest]
        if not stream["events"] and name != newest:
            del streams[name]
    return kept_bytes, kept_lines
