"""S3's "Object Created" events carry the version.

AWS: `detail.object.version-id` is there for a versioned bucket, and `time` has whole seconds. Stock
MiniStack: leaves the version out and gives milliseconds.
"""

import json
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from ministack.services import eventbridge, s3

_version: ContextVar[str | None] = ContextVar("_version", default=None)


def install() -> None:
    """Complete the events on their way to EventBridge."""
    s3._fire_s3_event = _remembering(s3._fire_s3_event)
    eventbridge._dispatch_event = _completing(eventbridge._dispatch_event)


def complete(event: dict[str, Any], version_id: str | None) -> dict[str, Any]:
    """The event with its version, if it has one, and whole seconds."""
    detail = json.loads(event["Detail"])
    if version_id and version_id != "null":
        detail["object"]["version-id"] = version_id
    time = event["Time"]
    if isinstance(time, str):
        time = time.partition(".")[0].removesuffix("Z") + "Z"
    return {**event, "Detail": json.dumps(detail), "Time": time}


def _remembering(fire: Callable[..., Any]) -> Callable[..., Any]:
    def fire_event(*args: Any, version_id: str | None = None, **named: Any) -> Any:
        token = _version.set(version_id)
        try:
            return fire(*args, version_id=version_id, **named)
        finally:
            _version.reset(token)

    return fire_event


def _completing(dispatch: Callable[..., Any]) -> Callable[..., Any]:
    def dispatch_event(event: dict[str, Any], view: Any = None) -> Any:
        if event.get("Source") == "aws.s3" and view is None:
            event = complete(event, _version.get())
        return dispatch(event, view)

    return dispatch_event
