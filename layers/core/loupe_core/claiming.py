"""Claim Image's work: which picture, is it one, may it be claimed, and how shall it be classified."""

from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

from loupe_core.claims import DELETED, Claimant, is_second_upload, text
from loupe_core.contract import ImageReference
from loupe_core.errors import DuplicateError, InvalidInputError
from loupe_core.observability import correlate
from loupe_core.records import ImagesTable
from loupe_core.removal import REMOVAL_LEASE, Pictures, remove_upload
from loupe_core.requests import Request, parse_request
from loupe_core.s3_images import StoredVersion
from loupe_core.settings import ClaimSettings


class Storage(Pictures, Protocol):
    """S3, as claiming uses it."""

    def newest(self, image: ImageReference) -> StoredVersion | None: ...


class ExecutionStates(Protocol):
    """Step Functions, as claiming uses it."""

    def is_over(self, arn: str) -> bool: ...


def claimant_of(event: dict[str, Any]) -> Claimant:
    """The execution that an event of the state machine speaks for."""
    execution = event["execution"]
    return Claimant(str(execution["arn"]), str(execution["startedAt"]))


def claim_image(
    event: dict[str, Any],
    settings: ClaimSettings,
    table: ImagesTable,
    storage: Storage,
    executions: ExecutionStates,
    now: datetime,
) -> dict[str, Any]:
    """`{claim, detectFaces, trace}` of an event `{input, execution: {arn, startedAt}}`."""
    claimant = claimant_of(event)
    request = parse_request(event.get("input"))
    image = table.id_of(ImageReference(request.bucket, request.key))
    trace = {
        "executionArn": claimant.execution_arn,
        "imageId": image,
        "correlationId": request.correlation_id or claimant.execution_arn.rpartition(":")[2],
    }
    correlate(trace)
    request = _looked_up(request, storage) if request.manual else request
    if request.is_folder_marker:
        if request.manual:
            raise InvalidInputError(
                f"s3://{request.bucket}/{request.key} is a folder's marker, not a picture."
            )
        raise DuplicateError("A folder's marker is no picture.")
    threshold = settings.threshold if request.threshold is None else request.threshold
    try:
        claim = table.claim(request, claimant, threshold, now, executions.is_over)
    except DuplicateError:
        _remove_if_unwanted(table, storage, settings.processed_bucket, request, now)
        raise
    wanted = settings.detect_faces if request.detect_faces is None else request.detect_faces
    return {"claim": claim.as_json(), "detectFaces": wanted, "trace": trace}


def _looked_up(request: Request, storage: Storage) -> Request:
    """With the version that the key holds, so that S3's own event for it is known as a duplicate."""
    stored = storage.newest(ImageReference(request.bucket, request.key, request.version_id or None))
    if stored is None:
        return request
    version = stored.version_id or request.version_id
    return replace(request, version_id=version, size=stored.size, modified_at=stored.modified_at)


def _remove_if_unwanted(
    table: ImagesTable, storage: Storage, processed_bucket: str, request: Request, now: datetime
) -> None:
    """An upload that comes after its picture's deletion goes, too, and so does a form's second one."""
    image = ImageReference(request.bucket, request.key, request.version_id or None)
    record = table.get(table.id_of(image))
    if record is None:
        return
    if text(record, "status") != DELETED:
        if is_second_upload(record, request):
            storage.delete(image)
        return
    table.note_removal(image, now + REMOVAL_LEASE)
    remove_upload(storage, processed_bucket, image)
    table.forget_removal(image)
