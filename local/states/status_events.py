"""EventBridge's "Step Functions Execution Status Change".

AWS: sent to the default bus for each status of a Standard execution; an input or output over 248 KiB is
left out.
MiniStack: never sends TIMED_OUT, and calls ABORTED and TIMED_OUT not redrivable and without error and
cause.
"""

import json
import logging
from datetime import datetime
from typing import Any

from ministack.services import eventbridge, stepfunctions

from local.states.patching import replace

_LOG = logging.getLogger(__name__)
DATA_LIMIT = 248 * 1024
_REDRIVABLE = ("FAILED", "ABORTED", "TIMED_OUT")


def _millis(moment: str | None) -> int | None:
    return int(datetime.fromisoformat(moment).timestamp() * 1000) if moment else None


def detail(record: dict[str, Any]) -> dict[str, Any]:
    """The event's detail for an execution's record."""
    status = record["status"]
    redrivable = status in _REDRIVABLE
    body: dict[str, Any] = {
        "executionArn": record["executionArn"],
        "stateMachineArn": record["stateMachineArn"],
        "name": record["name"],
        "status": status,
        "startDate": _millis(record["startDate"]),
        "stopDate": _millis(record.get("stopDate")),
        "input": record["input"],
        "output": record.get("output") if status == "SUCCEEDED" else None,
        "stateMachineVersionArn": record.get("stateMachineVersionArn"),
        "stateMachineAliasArn": record.get("stateMachineAliasArn"),
        "redriveCount": record.get("redriveCount", 0),
        "redriveDate": _millis(record.get("redriveDate")),
        "redriveStatus": "REDRIVABLE" if redrivable else "NOT_REDRIVABLE",
        "redriveStatusReason": None if redrivable else f"Execution is {status} and cannot be redriven",
        "error": record.get("error"),
        "cause": record.get("cause"),
    }
    for key in ("input", "output"):
        fits = body[key] is None or len(json.dumps(body[key])) <= DATA_LIMIT
        included = key == "input" or status == "SUCCEEDED"
        body[f"{key}Details"] = {"included": fits} if included else None
        body[key] = body[key] if fits else None
    return body


def emit(record: dict[str, Any]) -> None:
    """Puts the record's status on the default bus; runs in the request context of the execution's account."""
    entry = {
        "Source": "aws.states",
        "DetailType": "Step Functions Execution Status Change",
        "Detail": json.dumps(detail(record)),
        "Resources": [record["executionArn"]],
    }
    try:
        eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)
    except Exception:  # a broken rule must not fail the execution
        _LOG.warning("status event of %s not delivered", record["executionArn"], exc_info=True)


def install() -> None:
    replace(stepfunctions, "_emit_execution_status_event", emit)
