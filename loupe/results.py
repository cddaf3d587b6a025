"""The outcome of one picture, as `loupe classify` gives it."""

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from model.plain_text import plain_json

THRESHOLD_ERROR = "ThresholdConfidenceNotMetError"
THRESHOLD_PREFIX = "THRESHOLD_CONFIDENCE_NOT_MET"

EXIT_CLASSIFIED = 0
EXIT_FAILED = 1
EXIT_REFUSED = 3

IN_REVIEW = "IN_REVIEW"
# What an execution gives that leaves the picture to another one.
OF_ANOTHER = ("DUPLICATE", "SUPERSEDED")

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Execution:
    """What Step Functions says of an execution.

    `status` is one of its own: RUNNING, SUCCEEDED, FAILED, TIMED_OUT, ABORTED.
    """

    arn: str
    status: str
    started: datetime
    stopped: datetime | None = None
    output: str | None = None
    error: str | None = None
    cause: str | None = None

    @property
    def name(self) -> str:
        """What a Standard execution was called when it was started."""
        return self.arn.rpartition(":")[2]

    @property
    def running(self) -> bool:
        return self.status in ("RUNNING", "PENDING_REDRIVE")

    @property
    def duration_ms(self) -> int | None:
        if self.stopped is None:
            return None
        return round((self.stopped - self.started).total_seconds() * 1000)

    def to_dict(self) -> dict[str, str | None]:
        """A line of a list's --json; a contract."""
        return {
            "name": self.name,
            "status": self.status,
            "startedAt": self.started.isoformat(),
            "stoppedAt": self.stopped.isoformat() if self.stopped else None,
            "executionArn": self.arn,
        }


@dataclass(frozen=True)
class Result:
    """One picture's outcome. `status` is SUCCEEDED, FAILED, or IN_REVIEW where a person decides; confidence
    and scores are fractions of one.
    """

    image: str
    status: str
    label: str | None = None
    confidence: float | None = None
    predictions: tuple[Mapping[str, Any], ...] = ()
    faceDetected: bool | None = None  # noqa: N815 - the field's name in every output and record
    executionArn: str | None = None  # noqa: N815
    error: str | None = None
    cause: str | None = None
    durationMs: int | None = None  # noqa: N815

    @property
    def refused(self) -> bool:
        """Ended below the threshold: the workflow did its work, the model was not sure enough."""
        below = self.error == THRESHOLD_ERROR or (self.cause or "").startswith(THRESHOLD_PREFIX)
        return self.status == "FAILED" and below

    def to_json(self) -> str:
        """One line; its keys are a contract."""
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__}
        fields["predictions"] = [dict(each) for each in self.predictions]
        return plain_json(fields)


def image_id(table: str, bucket: str, key: str) -> str:
    """The picture's id in the Images table of this name: 32 hex digits of HMAC-SHA-256 of `bucket/key`."""
    return hmac.new(table.encode(), f"{bucket}/{key}".encode(), hashlib.sha256).hexdigest()[:32]


def former_image_id(bucket: str, key: str) -> str:
    """The id that a record of the former releases has and keeps."""
    return hashlib.sha256(f"{bucket}/{key}".encode()).hexdigest()[:32]


def exit_code(results: Iterable[Result]) -> int:
    """0 all classified, 3 some refused for confidence or in review and nothing worse, 1 anything else."""
    worst = EXIT_CLASSIFIED
    for result in results:
        if result.status == "SUCCEEDED":
            continue
        if not result.refused and result.status != IN_REVIEW:
            return EXIT_FAILED
        worst = EXIT_REFUSED
    return worst


def from_execution(image: str, execution: Execution, record: Record | None = None) -> Result:
    """The outcome that an execution's output or error says.

    `record`, where there is one, fills in what a failure knew.
    """
    if execution.status != "SUCCEEDED":
        return _failure(image, execution, record)
    output = parse_object(execution.output)
    if output.get("status") in OF_ANOTHER:
        return _of_record(image, execution, record)
    in_review = output.get("status") == IN_REVIEW
    # An execution that leaves the decision to a person says nothing of faces.
    seen = {"faceDetected": record.get("faceDetected")} if in_review and record else {}
    return Result(
        image=image,
        status=IN_REVIEW if in_review else "SUCCEEDED",
        executionArn=execution.arn,
        durationMs=execution.duration_ms,
        **_findings({**seen, **output}),
    )


def leaves_something_unsaid(execution: Execution) -> bool:
    """Whether only the picture's record knows all of how the execution ended."""
    return execution.status != "SUCCEEDED" or parse_object(execution.output).get("status") in (
        *OF_ANOTHER,
        IN_REVIEW,
    )


def is_of_another(execution: Execution) -> bool:
    """Whether the execution ended quietly because another one has this picture."""
    return execution.status == "SUCCEEDED" and parse_object(execution.output).get("status") in OF_ANOTHER


def readable_cause(cause: str | None) -> str | None:
    """A Lambda's failure is a JSON object in Step Functions' own form: its message is what a person wants."""
    if not cause or not cause.lstrip().startswith("{"):
        return cause
    return str(parse_object(cause).get("errorMessage") or cause)


def failure_of(execution: Execution) -> tuple[str, str]:
    """The name of what went wrong, and why, of an execution that did not succeed."""
    by_status = {
        "TIMED_OUT": ("States.Timeout", "The execution ran out of time."),
        "ABORTED": ("Aborted", "The execution was stopped before it ended."),
    }
    error, cause = by_status.get(execution.status, ("UnknownError", "The execution gave no reason."))
    return execution.error or error, readable_cause(execution.cause) or cause


def _failure(image: str, execution: Execution, record: Record | None) -> Result:
    error, cause = failure_of(execution)
    return Result(
        image=image,
        status="FAILED",
        executionArn=execution.arn,
        error=error,
        cause=cause,
        durationMs=execution.duration_ms,
        **_findings(record or {}),
    )


def _of_record(image: str, execution: Execution, record: Record | None) -> Result:
    """A duplicate's outcome, and a superseded execution's, is that of the execution that has the picture."""
    arn = str((record or {}).get("executionArn") or execution.arn)
    if record is None or record.get("status") == "RECEIVED":
        why = "Another execution has this picture and has not ended. `loupe images` shows how it ends."
        return Result(image, "FAILED", executionArn=arn, error="DuplicateError", cause=why)
    error = record.get("error") or {}
    status = {"CLASSIFIED": "SUCCEEDED", IN_REVIEW: IN_REVIEW}.get(str(record.get("status")), "FAILED")
    failed = status == "FAILED"
    return Result(
        image=image,
        status=status,
        executionArn=arn,
        error=str(error.get("name") or record.get("status")) if failed else None,
        cause=readable_cause(error.get("cause")) if failed else None,
        durationMs=execution.duration_ms,
        **_findings(record),
    )


def labelled_by_person(record: Record) -> bool:
    """Whether the record's label is a person's, who gives no confidence."""
    return record.get("status") == "CLASSIFIED" and record.get("labelledBy") == "person"


def _findings(source: Mapping[str, Any]) -> dict[str, Any]:
    # An execution that leaves the decision to a person gives its predictions only.
    best: Mapping[str, Any] = next(iter(source.get("predictions") or ()), {})
    confidence = source.get("confidence", best.get("score"))
    if labelled_by_person(source):
        # The record's is the model's, in its own guess.
        confidence = None
    return {
        "label": source.get("label", best.get("label")),
        "confidence": None if confidence is None else float(confidence),
        "predictions": tuple(
            {"label": each["label"], "score": float(each["score"])}
            for each in source.get("predictions") or ()
        ),
        "faceDetected": source.get("faceDetected"),
    }


def parse_object(text: str | None) -> Mapping[str, Any]:
    """A JSON object; an empty one where the text is none."""
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
