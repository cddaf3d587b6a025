"""Execution logs in CloudWatch Logs.

AWS: events at or above the machine's level (ERROR, FATAL, ALL) go to its log group, one JSON line each:
`id`, `type`, `details`, `previous_event_id`, `event_timestamp` (ms as text), `execution_arn`; inputs and
outputs only with includeExecutionData. Streams are named `states/<machine>/<date>-<hour>-<minute>/<id>`.
Delivery is soon after, never in the way. MiniStack delivers nothing; moto writes into moto's own logs.
"""

import contextvars
import json
import logging
import queue
import threading
import time
from datetime import UTC, datetime
from typing import Any

from ministack.services import cloudwatch_logs
from moto.stepfunctions.parser.asl.eval.event.logging import is_logging_enabled_for

_LOG = logging.getLogger(__name__)
_DATA_KEYS = (
    "input",
    "inputDetails",
    "output",
    "outputDetails",
    "parameters",
    "assignedVariables",
    "assignedVariablesDetails",
)
_QUEUE_LIMIT = 20_000
_LINE_LIMIT = 250 * 1024

_lines: "queue.Queue[tuple[contextvars.Context, str, str, dict[str, Any]]]" = queue.Queue(_QUEUE_LIMIT)
_started = threading.Lock()
_thread: list[threading.Thread] = []


def camel(configuration: dict[str, Any]) -> dict[str, Any]:
    """A logging configuration with the API's names: CloudFormation's begin with capitals."""

    def renamed(value: Any) -> Any:
        if isinstance(value, dict):
            return {key[:1].lower() + key[1:]: renamed(item) for key, item in value.items()}
        return [renamed(item) for item in value] if isinstance(value, list) else value

    result: dict[str, Any] = renamed(configuration)
    included = result.get("includeExecutionData", False)
    return {**result, "includeExecutionData": str(included).lower() == "true"}


def log_group(configuration: dict[str, Any]) -> str | None:
    """The name of the log group of a logging configuration."""
    for destination in configuration.get("destinations") or []:
        arn = str((destination.get("cloudWatchLogsLogGroup") or {}).get("logGroupArn") or "")
        if ":log-group:" in arn:
            return arn.split(":log-group:", 1)[1].split(":", 1)[0]
    return None


class LogDelivery:
    """Delivers one execution's events."""

    def __init__(self, machine: dict[str, Any], execution_arn: str) -> None:
        configuration = camel(machine.get("loggingConfiguration") or {})
        self._level = configuration.get("level", "OFF")
        self._data = configuration["includeExecutionData"]
        self._group = log_group(configuration)
        self._arn = execution_arn
        self._stream = (
            f"states/{machine['name']}/{datetime.now(UTC):%Y-%m-%d-%H-%M}/{machine['revisionId'][:8]}"
        )
        self._context = contextvars.copy_context()

    @property
    def enabled(self) -> bool:
        return self._level != "OFF" and self._group is not None

    def event(self, event: dict[str, Any]) -> None:
        if not self.enabled or not is_logging_enabled_for(self._level, event["type"]):
            return
        details: dict[str, Any] = next(
            (value for key, value in event.items() if key.endswith("EventDetails")), {}
        )
        if not self._data:
            details = {key: value for key, value in details.items() if key not in _DATA_KEYS}
        moment = datetime.fromisoformat(str(event["timestamp"]))
        line = {
            "id": str(event["id"]),
            "type": event["type"],
            "details": details,
            "previous_event_id": str(event["previousEventId"]),
            "event_timestamp": str(int(moment.timestamp() * 1000)),
            "execution_arn": self._arn,
            "redrive_count": "0",
        }
        _ensure_thread()
        try:
            _lines.put_nowait((self._context, str(self._group), self._stream, line))
        except queue.Full:
            _LOG.warning("log delivery is too slow: an event of %s is lost", self._arn)


def _ensure_thread() -> None:
    with _started:
        if not _thread or not _thread[0].is_alive():
            _thread[:] = [threading.Thread(target=_deliver, name="states log delivery", daemon=True)]
            _thread[0].start()


def _deliver() -> None:
    while True:
        batch = [_lines.get()]
        while len(batch) < 500:
            try:
                batch.append(_lines.get_nowait())
            except queue.Empty:
                break
        streams: dict[tuple[str, str], list[tuple[contextvars.Context, dict[str, Any]]]] = {}
        for context, group, stream, line in batch:
            streams.setdefault((group, stream), []).append((context, line))
        for (group, stream), lines in streams.items():
            try:
                lines[0][0].copy().run(_write, group, stream, [line for _, line in lines])
            except Exception:  # a broken log must not end delivery for the others
                _LOG.warning("log delivery to %s failed", group, exc_info=True)


def _write(group: str, stream: str, lines: list[dict[str, Any]]) -> None:
    if group not in cloudwatch_logs._log_groups:
        return
    if stream not in cloudwatch_logs._log_groups[group]["streams"]:
        cloudwatch_logs._create_log_stream({"logGroupName": group, "logStreamName": stream})
    now = int(time.time() * 1000)
    events = [{"timestamp": int(line["event_timestamp"]) or now, "message": _message(line)} for line in lines]
    cloudwatch_logs._put_log_events({"logGroupName": group, "logStreamName": stream, "logEvents": events})


def _message(line: dict[str, Any]) -> str:
    """The line as text; details over the limit are left out, as AWS truncates a line over 256 KB."""
    text = json.dumps(line, separators=(",", ":"), ensure_ascii=False, default=str)
    if len(text) <= _LINE_LIMIT:
        return text
    shorter = {
        **line,
        "details": {key: value for key, value in line["details"].items() if key not in _DATA_KEYS},
        "truncated": True,
    }
    return json.dumps(shorter, separators=(",", ":"), ensure_ascii=False, default=str)
