"""From Step Functions' events to the visits of states, which is what a person wants to see."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import loupe_core.errors
from loupe_api.models import HistoryItem, HistoryStatus, ImageError
from loupe_api.records import ImageRecord, timestamp
from loupe_core.executions import FAILURES, LOST
from loupe_core.messages import REFUSALS

MAX_CAUSE_LENGTH = 500
# How we say that an execution ended before it had recorded anything.
ENDINGS = {each.cause for each in (*FAILURES.values(), LOST)}
_ENDINGS: Mapping[str, HistoryStatus] = {
    "ExecutionSucceeded": "SUCCEEDED",
    "ExecutionFailed": "FAILED",
    "ExecutionAborted": "ABORTED",
    "ExecutionTimedOut": "TIMED_OUT",
}
# Which of an event's details tells of an error, by how the event's type ends.
_TROUBLES = ("Failed", "TimedOut", "ScheduleFailed", "StartFailed", "SubmitFailed")


@dataclass
class _Visit:
    """A state being visited. `failing` from an error until the state is tried again."""

    name: str
    entered: datetime
    left: datetime | None = None
    left_with: HistoryStatus = "SUCCEEDED"
    errors: list[ImageError] = field(default_factory=list)
    failing: bool = False


def visits(events: Sequence[Mapping[str, Any]]) -> list[HistoryItem]:
    """The states entered, in order, each with its times, its retries and the error that it ended with."""
    entered: list[_Visit] = []
    # The visit to which an event belongs, found along previousEventId.
    owners: dict[int, _Visit] = {}
    over = False
    for event in events:
        kind, moment = str(event.get("type", "")), event["timestamp"]
        visit = owners.get(event.get("previousEventId", 0))
        if kind.endswith("StateEntered"):
            details = event.get("stateEnteredEventDetails") or {}
            visit = _Visit(str(details.get("name", "?")), moment)
            entered.append(visit)
        elif kind.endswith("StateExited"):
            name = str((event.get("stateExitedEventDetails") or {}).get("name", "?"))
            visit = _leave(entered, name, visit, moment)
        elif kind in _ENDINGS:
            over = True
            _end(entered, kind, moment)
        elif visit is not None:
            _note(visit, event, kind)
        if visit is not None:
            owners[event["id"]] = visit
    return [_item(visit, over or visit is not entered[-1]) for visit in entered]


def visits_from_record(image: ImageRecord) -> list[HistoryItem]:
    """What the record alone tells, where there is no history: it was claimed, and it ended. Nothing where no
    execution has claimed it, as of what a batch run recorded.
    """
    if image.execution_arn is None or not image.execution_arn.startswith("arn:"):
        return []
    updated = image.text("updatedAt")
    ended = image.status != "RECEIVED"
    claim = HistoryItem(state="Claim Image", status="SUCCEEDED", entered_at=image.created_at)
    if not ended or updated is None:
        return [claim]
    recorded = "Record Result" if image.status == "CLASSIFIED" else "Record Failure"
    error = public_error(image.attributes.get("error"))
    return [claim, HistoryItem(state=recorded, status="SUCCEEDED", entered_at=updated, error=error)]


def public_error(value: object) -> ImageError | None:
    """An error as anybody may read it: the name, and the cause only where its words are ours.

    AWS's own causes hold ARNs and account numbers, a crash's its stack trace.
    """
    if not isinstance(value, Mapping) or not isinstance(value.get("name"), str):
        return None
    name = str(value["name"])
    cause = str(value.get("cause") or "")
    known = getattr(loupe_core.errors, name, None)
    raised = isinstance(known, type) and issubclass(known, loupe_core.errors.LoupeError)
    private = known is loupe_core.errors.AccessDeniedError
    ours = (raised and not private) or name in REFUSALS or cause in ENDINGS
    return ImageError(name=name, cause=_readable(cause) if ours else "")


def _readable(cause: str) -> str:
    """The message in a Lambda's cause, or the cause itself, cut."""
    try:
        parsed = json.loads(cause)
    except (ValueError, RecursionError):
        parsed = None
    text = str(parsed.get("errorMessage", "")) if isinstance(parsed, dict) else cause
    return text if len(text) <= MAX_CAUSE_LENGTH else text[: MAX_CAUSE_LENGTH - 1] + "…"


def _leave(entered: Sequence[_Visit], name: str, likely: _Visit | None, moment: datetime) -> _Visit | None:
    """Close the visit that this exit ends. A Parallel's exit follows its last branch's: the name decides."""
    open_visits = [visit for visit in entered if visit.name == name and (visit.left is None or visit.failing)]
    if likely is not None and likely.name == name:
        visit = likely
    elif open_visits:
        visit = open_visits[-1]
    else:
        return likely
    visit.left = moment
    return visit


def _end(entered: Sequence[_Visit], kind: str, moment: datetime) -> None:
    """A state that is still open when the execution ends, ends with it."""
    for visit in entered:
        if visit.left is None:
            visit.left, visit.left_with = moment, _ENDINGS[kind]


def _note(visit: _Visit, event: Mapping[str, Any], kind: str) -> None:
    """An error, or a new attempt, within a state."""
    if kind.endswith(_TROUBLES):
        visit.errors.append(_error(event, kind))
        visit.failing = True
        visit.left = event["timestamp"]
    elif visit.failing and kind.endswith(("Scheduled", "Started", "Succeeded")):
        visit.failing = False
        visit.left = None


def _error(event: Mapping[str, Any], kind: str) -> ImageError:
    details = event.get(f"{kind[:1].lower()}{kind[1:]}EventDetails") or {}
    name = str(
        details.get("error") or ("States.Timeout" if kind.endswith("TimedOut") else "States.TaskFailed")
    )
    return public_error({"name": name, "cause": details.get("cause")}) or ImageError(name=name, cause="")


def _item(visit: _Visit, gone_on: bool) -> HistoryItem:
    """`gone_on`: the execution is past this state, so an error in it no longer waits for a retry."""
    failed = visit.failing and gone_on
    if failed:
        status: HistoryStatus = "FAILED" if visit.left_with == "SUCCEEDED" else visit.left_with
    else:
        status = "RUNNING" if visit.left is None or visit.failing else visit.left_with
    return HistoryItem(
        state=visit.name,
        status=status,
        entered_at=timestamp(visit.entered),
        exited_at=timestamp(visit.left) if visit.left and status != "RUNNING" else None,
        retries=len(visit.errors) - failed,
        error=visit.errors[-1] if failed else None,
    )
