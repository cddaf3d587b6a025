"""Groups and images as the API knows them: frozen records, and their ids and keys."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

Record = TypeVar("Record")

GROUP_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_UPLOAD = re.compile(f"uploads/(?P<group>{GROUP_ID.pattern})/{GROUP_ID.pattern}/")
IMAGE_ID = re.compile(r"[0-9a-f]{32}")
MAX_SAFE_NAME = 100
# Where `loupe classify` puts files.
CONSOLE = "console/"
# An upload may begin within five minutes. What was announced and did not come is its owner's to see
# afterwards, until the table's TTL removes it. A slow upload has that long, and a workflow that is behind.
UPLOAD_LIFE = timedelta(minutes=5)
PLACEHOLDER_LIFE = timedelta(hours=1)
EXTENSIONS = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "image/gif": ".gif",
    "image/bmp": ".bmp",
    "image/tiff": ".tif",
    "image/heic": ".heic",
    "image/heif": ".heif",
    "image/avif": ".avif",
}


@dataclass(frozen=True)
class GroupRecord:
    """A group. `visibility` is public, link (whoever has its address) or private (its owner); `owner_name` is
    how its owner wants to be called, empty for not at all; `deleted` while its images are being removed.
    """

    id: str
    name: str
    description: str
    owner_id: str
    created_at: str
    visibility: str = "public"
    owner_name: str = ""
    deleted: bool = False

    @property
    def key_value(self) -> str:
        return self.id

    def is_listed_for(self, reader: "Reader") -> bool:
        """Whether the group stands in this reader's lists."""
        return not self.deleted and (self.visibility == "public" or reader.sees_all_of(self.owner_id))

    def seen_by(self, reader: "Reader") -> bool:
        """Whether this reader may know of the group: whoever has the address of one that is not private."""
        return self.visibility in ("public", "link") or reader.sees_all_of(self.owner_id)


@dataclass(frozen=True)
class Count:
    """How many there are; `complete` is False where there are more than were counted."""

    count: int
    complete: bool


@dataclass(frozen=True)
class Reader:
    """Who asks to see something: `sub` is None where nobody is signed in."""

    sub: str | None = None
    operator: bool = False

    def sees_all_of(self, owner_id: str | None) -> bool:
        """Whether it is the reader's own, or the reader an operator."""
        return self.operator or (self.sub is not None and self.sub == owner_id)


ANYBODY = Reader()


@dataclass(frozen=True)
class ImageRecord:
    """An image as the table holds it; what others wrote there is read with care."""

    image_id: str
    bucket: str
    key: str
    status: str
    created_at: str
    attributes: Mapping[str, object]

    @property
    def key_value(self) -> str:
        return self.image_id

    @property
    def confidence(self) -> float | None:
        value = self.attributes.get("confidence")
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

    @property
    def source(self) -> str:
        """Where it came from: the page, the bucket by itself, or manual: a command, a batch, the console."""
        if self.group_id is not None:
            return "page"
        return "manual" if self.attributes.get("manual") or self.key.startswith(CONSOLE) else "bucket"

    @property
    def group_id(self) -> str | None:
        return self.text("groupId")

    @property
    def former_group_id(self) -> str | None:
        """The group that it was uploaded to, where it stands in another by now: its key still names it."""
        named = _UPLOAD.match(self.key)
        return named["group"] if named and self.group_id not in (None, named["group"]) else None

    @property
    def owner_id(self) -> str | None:
        return self.text("ownerId")

    @property
    def execution_arn(self) -> str | None:
        return self.text("executionArn")

    @property
    def processed_key(self) -> str | None:
        return self.text("processedKey")

    @property
    def deleted(self) -> bool:
        """A tombstone: kept so that an execution under way finds its claim gone."""
        return self.status == "DELETED"

    def expired(self, now: datetime) -> bool:
        """A placeholder whose upload never came, and whose time is over."""
        expires_at = self.attributes.get("expiresAt")
        return isinstance(expires_at, int | float) and expires_at <= now.timestamp()

    def upload_status(self, now: datetime) -> str:
        """AWAITED while an upload may begin, NOT_UPLOADED where none was taken up by then, else UPLOADED."""
        if "expiresAt" not in self.attributes:
            return "UPLOADED"
        return "NOT_UPLOADED" if self.expired(latest_to_begin(now)) else "AWAITED"

    def text(self, name: str) -> str | None:
        value = self.attributes.get(name)
        return value if isinstance(value, str) and value else None


@dataclass(frozen=True)
class MadeUrls:
    """Presigned addresses of what the workflow made of a picture; None of what it did not."""

    annotated: str | None = None
    display: str | None = None
    preview: str | None = None
    thumbnail: str | None = None


@dataclass(frozen=True)
class Page(Generic[Record]):
    """Some records, and the key to go on from where there are more."""

    records: list[Record]
    next_key: dict[str, str] | None


def latest_to_begin(now: datetime) -> datetime:
    """Placeholders that expire by then are of forms that take no upload any more."""
    return now + PLACEHOLDER_LIFE - UPLOAD_LIFE


def upload_prefix(group_id: str, upload_id: str = "") -> str:
    """Where a group's uploads lie, or one upload with all that is made of it."""
    return f"uploads/{group_id}/{upload_id}/" if upload_id else f"uploads/{group_id}/"


def prefix_of_upload(key: str) -> str | None:
    """The folder of one upload. None for a key that the API did not give: others may share its folder."""
    matched = _UPLOAD.match(key)
    return matched[0] if matched else None


def safe_file_name(file_name: str, content_type: str) -> str:
    """A file's name fit for a key: letters of any script, digits, `.`, `_`, `-`; never empty or a path."""
    last = unicodedata.normalize("NFC", file_name).replace("\\", "/").rsplit("/", 1)[-1]
    name = re.sub(r"[^\w.-]+", "_", last).lstrip(".-_")
    if len(name) > MAX_SAFE_NAME:
        stem, dot, suffix = name.rpartition(".")
        keeps_suffix = dot and len(suffix) <= 5
        name = f"{stem[: MAX_SAFE_NAME - 6]}.{suffix}" if keeps_suffix else name[:MAX_SAFE_NAME]
    return name or f"original{EXTENSIONS[content_type]}"


def timestamp(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds, as Step Functions writes it, so that the two sort together."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
