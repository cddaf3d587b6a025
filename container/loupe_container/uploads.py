"""What S3 tells of new objects: EventBridge's "Object Created", or S3's own notification."""

from dataclasses import dataclass
from urllib.parse import unquote_plus

from loupe_core.contract import ImageReference
from loupe_core.errors import InvalidInputError

SEQUENCER_DIGITS = 64


@dataclass(frozen=True)
class Upload:
    """A new object. `sequencer` orders the events of one key: a later event has the greater one."""

    image: ImageReference
    sequencer: str


def parse_uploads(event: object) -> list[Upload]:
    """The pictures in an event, none where it tells of something else. Raises InvalidInputError."""
    if not isinstance(event, dict):
        raise InvalidInputError("The event must be an object.")
    if "Records" in event:
        records = event["Records"]
        if not isinstance(records, list):
            raise InvalidInputError("Records must be a list.")
        return [upload for record in records if (upload := _from_notification(record))]
    if event.get("Event") == "s3:TestEvent":
        return []
    if event.get("detail-type") == "Object Created":
        upload = _from_eventbridge(event)
        return [upload] if upload else []
    if event.get("source") == "aws.s3":
        return []
    raise InvalidInputError("The event is neither EventBridge's \"Object Created\" nor S3's notification.")


def _from_eventbridge(event: dict[str, object]) -> Upload | None:
    detail = _object(event, "detail")
    return _upload(_object(detail, "bucket"), _object(detail, "object"), decoded=True)


def _from_notification(record: object) -> Upload | None:
    if not isinstance(record, dict) or not str(record.get("eventName", "")).startswith("ObjectCreated:"):
        return None
    s3 = _object(record, "s3")
    return _upload(_object(s3, "bucket"), _object(s3, "object"), decoded=False)


def _upload(bucket: dict[str, object], stored: dict[str, object], decoded: bool) -> Upload | None:
    key, size = stored.get("key"), stored.get("size")
    if isinstance(key, str) and not decoded:
        # S3's own notification encodes keys as forms do; EventBridge gives them as they are.
        key = unquote_plus(key)
    if isinstance(key, str) and key.endswith("/") and size == 0:
        return None  # a folder, as the console makes it
    version = stored.get("version-id" if decoded else "versionId")
    fields: dict[str, object] = {"s3_bucket": bucket.get("name"), "s3_key": key, "s3_version_id": version}
    sequencer = stored.get("sequencer")
    if sequencer is not None and not isinstance(sequencer, str):
        raise InvalidInputError("sequencer must be a string.")
    # Of different lengths where S3 likes: they compare once the shorter is filled up with zeros.
    return Upload(ImageReference.parse(fields), (sequencer or "").ljust(SEQUENCER_DIGITS, "0"))


def _object(fields: dict[str, object], name: str) -> dict[str, object]:
    value = fields.get(name)
    if not isinstance(value, dict):
        raise InvalidInputError(f"The event lacks {name}.")
    return value
