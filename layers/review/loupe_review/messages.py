"""What reviewers are written: never an answer behind a link, for scanners of mail follow links. Pure."""

import json
from typing import Any

from loupe_core.messages import MAX_SMS_LENGTH, MAX_SUBJECT_LENGTH

NO_TRAINING = (
    "There is no data to add them to: in the last 90 days no training has brought a model to the stack's "
    "endpoint. `loupe train --data DATA --with-reviews` trains with them, and is what later ones repeat."
)
NO_PICTURE = "None of the pictures is where it was uploaded any more: they were deleted or replaced."
HOW_TO = "Or use the command: `loupe review` lists them, `loupe review ID --label LABEL` answers."


def digest(unsure: int, audited: int, page_url: str) -> dict[str, Any]:
    """How many pictures wait, as SNS's Publish takes it: those that the model is not sure enough about, and
    those that it has accepted, which are audited.
    """
    lines = []
    if unsure:
        lines.append(f"The model is not sure enough about them: {_wait(unsure)} for a person.")
    if audited:
        lines.append(f"The model has accepted them, and was it right? {_wait(audited)} for an audit.")
    return _message(f"{_wait(unsure + audited)} for you", [*lines, "", *_where(page_url)])


def escalation(name: str, hours: float, page_url: str, *, audit: bool) -> dict[str, Any]:
    """A picture that waited in vain waits once more."""
    then = "stays accepted." if audit else "is refused then."
    return _message(
        "a picture still waits for you",
        [
            f"Nobody has looked at the picture {name} for {hours:g} hours. It waits as long again, and",
            then,
            "",
            *_where(page_url),
        ],
    )


def not_retrained(answers: int, why: str) -> dict[str, Any]:
    """Enough answers for a training, and why there was none."""
    return _message(
        f"{answers} answers, but no training",
        [f"{answers} new answers would have started a training by themselves. {why}"],
        status="NOT_RETRAINED",
    )


def _wait(pictures: int) -> str:
    return "1 picture waits" if pictures == 1 else f"{pictures} pictures wait"


def _where(page_url: str) -> list[str]:
    return [f"Look at them:  {page_url.rstrip('/')}/review", HOW_TO] if page_url else [HOW_TO]


def _message(headline: str, lines: list[str], status: str = "IN_REVIEW") -> dict[str, Any]:
    body = "\n".join(lines)
    subject = f"Loupe: {headline}"
    texts = {"default": body, "email": body, "sms": subject[:MAX_SMS_LENGTH]}
    texts["https"] = json.dumps({"status": status, "message": headline})
    return {
        "Subject": subject[:MAX_SUBJECT_LENGTH],
        "MessageStructure": "json",
        "Message": json.dumps(texts, ensure_ascii=False),
    }
