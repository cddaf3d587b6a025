"""The one message about a run. Pure.

Source: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html (subject under 100 characters, 256 KiB)
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from loupe_core.messages import console_url_of

MAX_SUBJECT_LENGTH = 99
MAX_SMS_LENGTH = 140


def message(run: str, outcome: Mapping[str, Any], left_over: tuple[str, ...], arn: str) -> dict[str, Any]:
    """Publish's arguments but for the topic, of a run's outcome: its figures, or {error, cause}."""
    status = str(outcome.get("status", "FAILED"))
    short = _in_short(outcome)
    lines = [
        f"The batch {run} {short}.",
        "",
        *_figures(outcome),
        *_failure(outcome),
        *([f"Left over:   {', '.join(left_over)}: remove manually", ""] if left_over else []),
        *([f"Report:      {outcome['report']}"] if outcome.get("report") else []),
        f"Get it:      loupe batch --follow {run} --download FOLDER",
        *([f"Go on:       loupe batch --resume {run}"] if "error" in outcome else []),
        f"Execution:   {arn}",
        *([f"Open it:     {link}"] if (link := console_url_of(arn)) else []),
    ]
    webhook = {name: value for name, value in outcome.items() if name != "cause"} | {"executionArn": arn}
    text = "\n".join(lines)
    structure = {
        "default": text,
        "email": text,
        "sms": f"Loupe: the batch {run} {short}"[:MAX_SMS_LENGTH],
        "https": json.dumps(webhook, ensure_ascii=False),
    }
    return {
        # SNS takes printable ASCII alone.
        "Subject": re.sub(r"[^ -~]", "?", f"Loupe: the batch {run} {short}")[:MAX_SUBJECT_LENGTH],
        "MessageStructure": "json",
        "Message": json.dumps(structure, ensure_ascii=False),
        "MessageAttributes": {"status": {"DataType": "String", "StringValue": status}},
    }


def _in_short(outcome: Mapping[str, Any]) -> str:
    error = outcome.get("error")
    if error == "ExecutionAborted":
        return "was stopped"
    if error:
        return f"did not finish ({error})"
    return f"is done: {outcome['classified']:,} of {outcome['pictures']:,} pictures classified"


def _figures(outcome: Mapping[str, Any]) -> list[str]:
    if "pictures" not in outcome:
        return []
    return [
        f"Pictures:    {outcome['pictures']:,}",
        f"Classified:  {outcome['classified']:,}",
        f"Rejected:    {outcome['rejected']:,} (below the threshold)",
        f"Failed:      {outcome['failed']:,}",
        *(
            [f"In review:   {outcome['inReview']:,} of these (loupe review)"]
            if outcome.get("inReview")
            else []
        ),
        f"Took:        {outcome['durationMs'] / 1000:,.0f} s",
        f"Cost:        ${outcome['cost']:,.2f} (estimated, endpoint apart)",
        "",
    ]


def _failure(outcome: Mapping[str, Any]) -> list[str]:
    if "error" not in outcome:
        return []
    return [
        f"What happened: {outcome.get('cause') or 'no cause was given'}",
        f"Error:         {outcome['error']}",
        "",
    ]
