"""PutEvents refuses an entry that is no event.

AWS: an entry without Source, DetailType or Detail, or whose Detail is no JSON object, fails with
InvalidArgument or MalformedDetail; the others are taken.
MiniStack: takes it, and keeps every event for good.
"""

import json
from typing import Any

from ministack.services import eventbridge

from local.states.patching import replace

KEPT_EVENTS = 1_000


def _refusal(entry: dict[str, Any]) -> dict[str, str] | None:
    """What fails an entry, None if it is right."""
    for field in ("Source", "DetailType", "Detail"):
        if not entry.get(field):
            message = f"Parameter {field} is not valid. Reason: {field} is a required argument."
            return {"ErrorCode": "InvalidArgument", "ErrorMessage": message}
    try:
        if not isinstance(json.loads(entry["Detail"]), dict):
            raise ValueError
    except (TypeError, ValueError):
        return {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
    return None


def _put(data: dict[str, Any], allow_aws_source: bool = False) -> Any:
    entries = data.get("Entries", [])
    refusals = [None if allow_aws_source else _refusal(entry) for entry in entries]
    accepted = [entry for entry, refused in zip(entries, refusals, strict=True) if refused is None]
    status, headers, body = _put_accepted({**data, "Entries": accepted}, allow_aws_source)
    log = eventbridge._events_log_list()
    del log[:-KEPT_EVENTS]
    if status != 200 or len(accepted) == len(entries):
        return status, headers, body
    answer = json.loads(body)
    results = iter(answer["Entries"])
    answer["Entries"] = [refused or next(results) for refused in refusals]
    answer["FailedEntryCount"] += len(entries) - len(accepted)
    return eventbridge.json_response(answer)


_put_accepted = eventbridge._put_events


def install() -> None:
    replace(eventbridge, "_put_events", _put)
