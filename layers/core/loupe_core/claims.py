"""Who may classify a picture now. Pure: a record, a request and a clock in, a decision out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from loupe_core.errors import DuplicateError, ImageNotFoundError
from loupe_core.requests import Request

RECEIVED, DELETED = "RECEIVED", "DELETED"
# An execution runs at most so long (statemachine/classify_image.asl.yaml; five minutes for an Express one),
# and its record may be slow to arrive. After that it is dead, whatever became of it.
STANDARD_LEASE = timedelta(seconds=900 + 60)
EXPRESS_LEASE = timedelta(seconds=300 + 30)

Record = Mapping[str, object]


@dataclass(frozen=True)
class Claimant:
    """The execution that asks for a picture. AWS may run an Express execution twice under one ARN, so that
    its start time is part of who it is.
    """

    execution_arn: str
    started_at: str

    @property
    def claim_id(self) -> str:
        return f"{self.execution_arn}#{self.started_at}"

    @property
    def lease(self) -> timedelta:
        return lease_of(self.execution_arn)


def lease_of(execution_arn: str) -> timedelta:
    """How long a claim of that execution holds."""
    return EXPRESS_LEASE if ":express:" in execution_arn else STANDARD_LEASE


def require_claimable(
    record: Record | None, request: Request, claim_id: str, now: datetime, is_over: Callable[[str], bool]
) -> None:
    """Returns where the claim may be made; `is_over` tells whether an execution has ended, by its ARN.

    Raises DuplicateError where there is nothing to classify, and ImageNotFoundError for a person who asks
    for a deleted picture.
    """
    if record is None or not text(record, "executionArn") or text(record, "claimId") == claim_id:
        return
    if record.get("status") == DELETED:
        if request.manual:
            raise ImageNotFoundError(f"The picture s3://{request.bucket}/{request.key} was deleted.")
        raise DuplicateError("The picture was deleted before its event came.")
    if is_second_upload(record, request):
        raise DuplicateError("The picture's form was used already.")
    if request.manual or _is_newer(record, request):
        return
    if request.sequencer >= text(record, "sequencer"):
        if is_reclaimable(record):
            return
        if record.get("status") == RECEIVED and _is_stale(record, now, is_over):
            return
    raise DuplicateError(f"The picture was claimed by {text(record, 'executionArn')}.")


def is_second_upload(record: Record, request: Request) -> bool:
    """Whether an event is of another version than the one that the record's form has brought.

    A form of the API is for one picture, and S3 takes it as often as it is sent.
    """
    known = text(record, "versionId")
    another = bool(known and request.version_id) and known != request.version_id
    return record.get("singleUpload") is True and not request.manual and another


def is_reclaimable(record: Record) -> bool:
    """Whether an event that is delivered again may have a failed picture; by a former name, too."""
    return record.get("reclaimable") is True or record.get("retakeable") is True


def _is_newer(record: Record, request: Request) -> bool:
    """Whether S3 wrote the request's version after the record's.

    A record made without S3's event has no sequencer: there the times of writing decide.
    """
    if request.version_id and request.version_id == text(record, "versionId"):
        return False
    known = text(record, "sequencer")
    if request.sequencer <= known:
        return False
    return bool(known) or text(record, "modifiedAt") <= request.modified_at


def _is_stale(record: Record, now: datetime, is_over: Callable[[str], bool]) -> bool:
    arn = text(record, "executionArn")
    claimed = text(record, "claimedAt") or text(record, "updatedAt")
    if not claimed or parse_time(claimed) + lease_of(arn) <= now:
        return True
    return is_over(arn)


def text(record: Record, name: str) -> str:
    """A record's attribute as text, "" where it is missing or null."""
    value = record.get(name)
    return value if isinstance(value, str) else ""


def iso(moment: datetime) -> str:
    """A moment as records have it: ISO 8601, UTC, milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_time(value: str) -> datetime:
    """A record's moment. Raises ValueError."""
    return datetime.fromisoformat(value.replace("Z", "+00:00"))
