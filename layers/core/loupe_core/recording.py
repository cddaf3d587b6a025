"""Record Result's and Record Failure's work: what became of the picture, its record, its message."""

from datetime import datetime
from typing import Any

from loupe_core.claiming import claimant_of
from loupe_core.claims import DELETED, Claimant, text
from loupe_core.contract import ImageReference, place_digest
from loupe_core.errors import InReviewError, InvalidInputError, SupersededError
from loupe_core.messages import notification
from loupe_core.outcomes import (
    IN_REVIEW,
    Failure,
    Findings,
    Outcome,
    outcome_of_failure,
    outcome_of_result,
)
from loupe_core.record_fields import Claim
from loupe_core.records import ImagesTable
from loupe_core.removal import REMOVAL_LEASE, Pictures, remove_made, remove_upload
from loupe_core.requests import Request, parse_request, place_of
from loupe_core.settings import RecordSettings


def record_outcome(
    event: dict[str, Any],
    settings: RecordSettings,
    table: ImagesTable,
    storage: Pictures,
    now: datetime,
) -> dict[str, Any]:
    """`{outcome, notification}` of an event `{input, execution, claim, findings, error}`.

    Raises SupersededError where the record is another's by now, and InReviewError where a person decides.
    """
    claim = Claim.parse(event["claim"]) if event.get("claim") else None
    outcome = _outcome(event, claim, settings)
    if claim is None:
        record = _record_unclaimed(event, outcome, table, now)
    else:
        try:
            record = table.record(claim, outcome, now)
        except SupersededError:
            _leave_nothing_of_a_deleted_picture(claim, outcome, table, storage, settings, now)
            raise
    if outcome.status == IN_REVIEW:
        raise InReviewError("The model is not sure enough to decide alone: a person looks at the picture.")
    return {
        "outcome": output_of(record),
        "notification": notification(record, settings.processed_bucket),
        "error": _fail_state(outcome.failure),
    }


def output_of(record: dict[str, Any]) -> dict[str, Any]:
    """What an execution gives of a record."""
    return {
        "status": record["status"],
        "imageId": record["imageId"],
        "label": record.get("label"),
        "confidence": record.get("confidence"),
        "threshold": record.get("threshold"),
        "predictions": record.get("predictions") or [],
        "faceDetected": record.get("faceDetected"),
        "faces": record.get("faces") or [],
        "processedKey": text(record, "processedKey") or None,
        "title": text(record, "title"),
    }


def request_of(given: object) -> Request:
    """The request in an execution's input; of an invalid one, the place that it names."""
    try:
        return parse_request(given)
    except InvalidInputError:
        bucket, key = place_of(given)
        return Request(bucket, key)


def id_of(table: ImagesTable, request: Request, claimant: Claimant) -> str:
    """The image id; an input that names no picture gets one of its execution."""
    if request.bucket and request.key:
        return table.id_of(ImageReference(request.bucket, request.key))
    return place_digest(ImageReference("", claimant.execution_arn))


def _outcome(event: dict[str, Any], claim: Claim | None, settings: RecordSettings) -> Outcome:
    findings = Findings.parse(event.get("findings"))
    threshold = claim.threshold if claim else None
    failure = Failure.parse(event.get("error"))
    if failure is not None:
        return outcome_of_failure(findings, failure, threshold, settings.review_threshold)
    if claim is None or not findings.predictions:
        raise InvalidInputError("A result needs a claim and predictions.")
    return outcome_of_result(findings, claim.threshold)


def _record_unclaimed(
    event: dict[str, Any], outcome: Outcome, table: ImagesTable, now: datetime
) -> dict[str, Any]:
    claimant, request = claimant_of(event), request_of(event.get("input"))
    image = id_of(table, request, claimant)
    try:
        return table.record_unclaimed(image, request, claimant, outcome, now)
    except SupersededError:
        if not request.manual:
            raise
    # A person's wish that could not be met changes nothing about the picture, but is answered.
    return {
        "imageId": image,
        "bucket": request.bucket,
        "key": request.key,
        "executionArn": claimant.execution_arn,
        "status": outcome.status,
        "error": outcome.failure.as_json() if outcome.failure else None,
    }


def _leave_nothing_of_a_deleted_picture(
    claim: Claim,
    outcome: Outcome,
    table: ImagesTable,
    storage: Pictures,
    settings: RecordSettings,
    now: datetime,
) -> None:
    """Deleted while it was classified: the version goes where its owner said so, and what was made of it."""
    record = table.get(claim.image_id)
    version = outcome.findings.version_id or claim.version_id
    image = ImageReference(claim.bucket, claim.key, version or None)
    if record is None:
        # Somebody removed the record alone: the upload is theirs.
        remove_made(storage, settings.processed_bucket, image)
    elif text(record, "status") == DELETED:
        table.note_removal(image, now + REMOVAL_LEASE)
        remove_upload(storage, settings.processed_bucket, image)
        table.forget_removal(image)


def _fail_state(failure: Failure | None) -> dict[str, str] | None:
    """As the state machine's Fail state gives it."""
    return {"Error": failure.name, "Cause": failure.cause} if failure else None
