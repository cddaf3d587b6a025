"""An execution's history of events.

AWS: GetExecutionHistory shows what has happened so far; nothing follows the event that ended the execution;
causes are shortened; 25,000 events end an execution with States.Runtime.
moto: copies the whole history for each reader, goes on writing after the end. Payloads repeat in every
event (one state's output is the next one's input): here equal texts are one text in memory.
"""

from collections.abc import Callable
from typing import Any, cast

from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventManager

from local.states import failures
from local.states.log_delivery import LogDelivery

_SHARED_TEXT_LENGTH = 512
MAX_HISTORY = 25_000
_LAST_EVENTS = ("ExecutionSucceeded", "ExecutionFailed", "ExecutionAborted", "ExecutionTimedOut")


class History(EventManager):
    """`events` is the history as the API shows it; it grows while the execution runs."""

    def __init__(self, delivery: LogDelivery | None, full: Callable[[], None]) -> None:
        super().__init__()
        self._delivery, self._full = delivery, full
        self._texts: dict[str, str] = {}
        self._closed = False

    @property
    def events(self) -> list[dict[str, Any]]:
        return cast(list[dict[str, Any]], self._history_event_list)

    def continue_from(self, events: list[dict[str, Any]]) -> None:
        """Goes on after the events of an execution that is redriven."""
        self.events.extend(events)
        self._event_id_gen._next_id = len(events) + 1

    def close(self) -> None:
        """After the last event: what still happens in abandoned threads is not part of the history."""
        with self._mutex:
            self._closed = True
            self._texts.clear()

    def _publish_history_event(
        self,
        event_id: int,
        source_event_id: int,
        event_type: HistoryEventType,
        timestamp: Any,
        event_details: Any,
    ) -> None:
        count = len(self._history_event_list)
        last = event_type.value in _LAST_EVENTS
        if self._closed or (count >= MAX_HISTORY - 1 and not last):
            return
        if count == MAX_HISTORY - 2 and not last:
            self._full()
        event: dict[str, Any] = {
            "timestamp": timestamp,
            "type": event_type.value,
            "id": event_id,
            "previousEventId": source_event_id,
        }
        for key, details in (event_details or {}).items():
            event[key] = {
                name: self._shared(value) for name, value in failures.shortened(dict(details or {})).items()
            }
        self.events.append(event)
        if self._delivery is not None:
            self._delivery.event(event)

    def _publish_history_log(self, *_event: Any, **_details: Any) -> None:
        """Logs are written with the event itself."""

    def _shared(self, value: Any) -> Any:
        if not isinstance(value, str) or len(value) < _SHARED_TEXT_LENGTH:
            return value
        return self._texts.setdefault(value, value)
