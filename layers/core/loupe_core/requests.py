"""What an execution of classify_image was given: a person's words, or one of S3's two kinds of event.

Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html (EventBridge, keys as they are)
and notification-content-structure.html (S3's own notifications, keys URL-encoded).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote_plus

from loupe_core.contract import ImageReference, parse_threshold
from loupe_core.errors import InvalidInputError

# Sequencers are compared as text; S3 says: padded with zeros to the same length, on the right.
SEQUENCER_LENGTH = 64
MAX_TITLE_LENGTH = 200
MAX_CORRELATION_ID_LENGTH = 128
_CORRELATION_ID = re.compile(r"[\w.:/@=+-]+", re.ASCII)


@dataclass(frozen=True)
class Request:
    """A picture that someone wants classified.

    `manual`: started by a person or program and not by S3's event. `version_id` and `sequencer` are empty
    where nobody said. `size` is in bytes, None where unknown. `threshold`, `detect_faces` and `title` are
    None where the stack's settings decide.
    """

    bucket: str
    key: str
    version_id: str = ""
    sequencer: str = ""
    manual: bool = True
    modified_at: str = ""
    size: int | None = None
    threshold: float | None = None
    detect_faces: bool | None = None
    title: str | None = None
    correlation_id: str = ""

    @property
    def is_folder_marker(self) -> bool:
        """The empty object that S3 browsers and sync tools leave for a folder."""
        return self.key.endswith("/") and self.size == 0


def parse_request(given: object) -> Request:
    """The request in an execution's input. Raises InvalidInputError."""
    if not isinstance(given, dict):
        raise InvalidInputError("The input must be an object.")
    if "Records" in given:
        return _from_notification(given["Records"])
    if isinstance(given.get("detail"), dict) and "object" in given["detail"]:
        return _from_event(given)
    return _from_person(given)


def place_of(given: object) -> tuple[str, str]:
    """Bucket and key as far as an invalid input names them; "" for what it lacks."""
    try:
        request = parse_request(given)
        return request.bucket, request.key
    except InvalidInputError:
        fields = given if isinstance(given, dict) else {}
        bucket, key = fields.get("s3_bucket"), fields.get("s3_key")
        return (bucket if isinstance(bucket, str) else "", key if isinstance(key, str) else "")


def _from_person(given: Mapping[str, object]) -> Request:
    image = ImageReference.parse(given)
    threshold, faces, title = given.get("threshold"), given.get("detectFaces"), given.get("title")
    if faces is not None and not isinstance(faces, bool):
        raise InvalidInputError("detectFaces must be true or false.")
    if title is not None and (not isinstance(title, str) or len(title) > MAX_TITLE_LENGTH):
        raise InvalidInputError(f"title must be a text of at most {MAX_TITLE_LENGTH} letters.")
    return Request(
        bucket=image.bucket,
        key=image.key,
        version_id=image.version_id or "",
        threshold=None if threshold is None else parse_threshold(threshold),
        detect_faces=faces,
        title=title or None,
        correlation_id=_correlation_id(given.get("correlationId")),
    )


def _from_event(event: Mapping[str, object]) -> Request:
    """EventBridge's "Object Created"."""
    detail = _object(event.get("detail"), "detail")
    stored = _object(detail.get("object"), "detail.object")
    bucket = _object(detail.get("bucket"), "detail.bucket").get("name")
    image = ImageReference.parse(
        {"s3_bucket": bucket, "s3_key": stored.get("key"), "s3_version_id": stored.get("version-id")}
    )
    size = stored.get("size")
    return Request(
        bucket=image.bucket,
        key=image.key,
        version_id=image.version_id or "",
        sequencer=_sequencer(stored.get("sequencer")),
        manual=False,
        modified_at=_text(event.get("time")),
        size=size if isinstance(size, int) else None,
        correlation_id=_correlation_id(event.get("id")),
    )


def _from_notification(records: object) -> Request:
    """S3's own notification, as SQS, SNS and Lambda get it."""
    if not isinstance(records, list) or len(records) != 1:
        raise InvalidInputError("Records must hold one record: an execution classifies one picture.")
    record = _object(records[0], "The record")
    name = _text(record.get("eventName"))
    if not name.removeprefix("s3:").startswith("ObjectCreated:"):
        raise InvalidInputError(
            f"The record's eventName is {name or 'missing'}; only ObjectCreated is a picture."
        )
    about = _object(record.get("s3"), "The record's s3")
    stored = _object(about.get("object"), "The record's s3.object")
    key, size = stored.get("key"), stored.get("size")
    image = ImageReference.parse(
        {
            "s3_bucket": _object(about.get("bucket"), "The record's s3.bucket").get("name"),
            "s3_key": unquote_plus(key) if isinstance(key, str) else key,
            "s3_version_id": stored.get("versionId"),
        }
    )
    return Request(
        bucket=image.bucket,
        key=image.key,
        version_id=image.version_id or "",
        sequencer=_sequencer(stored.get("sequencer")),
        manual=False,
        modified_at=_text(record.get("eventTime")),
        size=size if isinstance(size, int) else None,
        correlation_id=_correlation_id(_request_id(record)),
    )


def _request_id(record: Mapping[str, object]) -> object:
    elements = record.get("responseElements")
    return elements.get("x-amz-request-id") if isinstance(elements, dict) else None


def _sequencer(value: object) -> str:
    return value.ljust(SEQUENCER_LENGTH, "0") if isinstance(value, str) and value else ""


def _correlation_id(value: object) -> str:
    if not isinstance(value, str) or len(value) > MAX_CORRELATION_ID_LENGTH:
        return ""
    return value if _CORRELATION_ID.fullmatch(value) else ""


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _object(value: object, what: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise InvalidInputError(f"{what} must be an object.")
    return value
