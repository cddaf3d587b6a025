"""The e-mail, SMS and webhook texts about a training. What is cut is cut to what SNS takes.

Source: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html (subject under 100 characters, 256 KiB)
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from loupe_core.messages import console_url_of
from loupe_training.outcome import LIVE_BETTER, Failure

MAX_SUBJECT_LENGTH = 99
MAX_SMS_LENGTH = 140
SHOWN_CLASSES = 5
MAX_LABEL_LENGTH = 100
DEPLOYED, TRAINED, REFUSED, FAILED = "DEPLOYED", "TRAINED", "REFUSED", "FAILED"


@dataclass(frozen=True)
class About:
    """The training that a message is about."""

    name: str
    source: str
    endpoint: str
    execution_arn: str
    # Where the pictures that people labelled are listed, "" without any; how many answers started this.
    reviewed: str = ""
    after_answers: int = 0

    def lines(self, width: int) -> list[str]:
        """What it was trained on, in a column after so many characters."""
        itself = f" (started by itself after {self.after_answers} answers)" if self.after_answers else ""
        reviewed = [f"{'Reviewed:':<{width}}{self.reviewed}{itself}"] if self.reviewed else []
        return [f"{'Data:':<{width}}{self.source}", *reviewed]


@dataclass(frozen=True)
class Message:
    """One notification; `webhook` is what the https protocol gets as JSON."""

    status: str
    subject: str
    text: str
    sms: str
    webhook: Mapping[str, Any]

    def to_sns(self, topic_arn: str) -> dict[str, Any]:
        """Publish's arguments."""
        structure = {
            "default": self.text,
            "email": self.text,
            "sms": self.sms[:MAX_SMS_LENGTH],
            "https": json.dumps(self.webhook, ensure_ascii=False),
        }
        return {
            "TopicArn": topic_arn,
            # SNS takes printable ASCII alone.
            "Subject": re.sub(r"[^ -~]", "?", self.subject)[:MAX_SUBJECT_LENGTH],
            "MessageStructure": "json",
            "Message": json.dumps(structure, ensure_ascii=False),
            "MessageAttributes": {"status": {"DataType": "String", "StringValue": self.status}},
        }


def success(
    about: About, output: Mapping[str, Any], test_count: int, champion: float | None = None
) -> Message:
    """Of a model that is live, or trained where nothing was to be deployed; `output` is the execution's.

    `champion` is the accuracy on the same pictures of the model that was live before, a share of 1.
    """
    live, accuracy = output["status"] == DEPLOYED, float(output["accuracy"])
    what = "is live" if live else "is trained"
    least = sorted(output["perClass"].items(), key=lambda item: float(item[1]))[:SHOWN_CLASSES]
    lines = [
        f"The model {about.name} was trained and serves on the endpoint {about.endpoint}."
        if live
        else f"The model {about.name} was trained. It was not deployed, as asked.",
        "",
        f"Accuracy:    {accuracy:.1%} on {test_count} pictures that training never saw",
        *(
            [f"Before:      {champion:.1%}, the live model on the same pictures"]
            if champion is not None
            else []
        ),
        "The classes it knows least:",
        *(f"  {label[:MAX_LABEL_LENGTH]} - {recall:.1%}" for label, recall in least),
        "",
        *about.lines(13),
        f"Report:      {output['report']}",
        f"Model:       {output['model']}",
        f"Execution:   {about.execution_arn}",
        *([f"Open it:     {link}"] if (link := console_url_of(about.execution_arn)) else []),
    ]
    shown = ("status", "name", "model", "endpoint", "accuracy", "report")
    return Message(
        status=output["status"],
        subject=f"Loupe: the model {about.name} {what} ({accuracy:.1%} accurate)",
        text="\n".join(lines),
        sms=f"Loupe: the model {about.name} {what}, {accuracy:.1%} accurate",
        webhook={key: output[key] for key in shown} | {"executionArn": about.execution_arn},
    )


def failure(
    about: About, found: Failure, advice: str, report: str | None, left_over: list[str], live: bool
) -> Message:
    """Of a training that failed or was refused; `live`: the model serves all the same."""
    lines = [
        _what_became(about, found, live),
        "",
        f"What happened: {found.cause}",
        f"Error:         {found.error}",
        f"What to do:    {advice}",
        "",
        *([f"Left over:     {', '.join(left_over)}: remove or stop manually", ""] if left_over else []),
        *about.lines(15),
        *([f"Report:        {report}"] if report else []),
        f"Execution:     {about.execution_arn}",
        *([f"Open it:       {link}"] if (link := console_url_of(about.execution_arn)) else []),
    ]
    status = REFUSED if found.refused else FAILED
    return Message(
        status=status,
        subject=f"Loupe: the model {about.name} {_in_short(found, live)}",
        text="\n".join(lines),
        sms=f"Loupe: the model {about.name} {_in_short(found, live)}",
        webhook={
            "status": status,
            "name": about.name,
            "error": found.error,
            "cause": found.cause,
            "report": report or "",
            "executionArn": about.execution_arn,
        },
    )


def _what_became(about: About, found: Failure, live: bool) -> str:
    if found.refused:
        better = found.error == LIVE_BETTER
        why = "the live model does better" if better else "it is not accurate enough"
        return f"The model {about.name} was trained and refused: {why}."
    if live:
        serves = f"The model {about.name} serves on the endpoint {about.endpoint}"
        return f"{serves}, but its execution did not end well."
    return f"The model {about.name} was not brought into service."


def _in_short(found: Failure, live: bool) -> str:
    if live:
        return f"is live, but: {found.error}"
    if found.refused:
        return (
            f"was refused, {'the live model is better' if found.error == LIVE_BETTER else 'accuracy too low'}"
        )
    if found.error == "ExecutionAborted":
        return "was not trained: stopped"
    return f"failed, {found.error}"
