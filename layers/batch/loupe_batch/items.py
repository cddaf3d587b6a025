"""Pictures to classify, as they travel from the source to the batches."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from loupe_core.contract import ImageReference

# Read at once, without a restore. Of Intelligent-Tiering's archives only reading tells.
ARCHIVED = ("GLACIER", "DEEP_ARCHIVE")


@dataclass(frozen=True)
class Item:
    """Where a picture lies and what its listing said; "" and None for what it did not say.

    `former` is what a record says of it: {label, confidence, status}.
    """

    bucket: str
    key: str
    version_id: str = ""
    etag: str = ""
    size: int | None = None
    storage_class: str = ""
    former: Mapping[str, Any] | None = None

    @property
    def image(self) -> ImageReference:
        return ImageReference(self.bucket, self.key, self.version_id or None)

    @property
    def place(self) -> tuple[str, str, str]:
        return self.bucket, self.key, self.version_id

    @property
    def is_folder_marker(self) -> bool:
        return self.key.endswith("/") and not self.size

    @property
    def is_archived(self) -> bool:
        return self.storage_class in ARCHIVED

    def as_json(self) -> dict[str, Any]:
        said = {
            "bucket": self.bucket,
            "key": self.key,
            "versionId": self.version_id,
            "etag": self.etag,
            "size": self.size,
            "storageClass": self.storage_class,
            "former": self.former,
        }
        return {name: value for name, value in said.items() if value not in ("", None)}

    @classmethod
    def parse(cls, given: Mapping[str, Any]) -> "Item":
        """What `as_json` gave. Raises KeyError."""
        return cls(
            bucket=given["bucket"],
            key=given["key"],
            version_id=given.get("versionId", ""),
            etag=given.get("etag", ""),
            size=given.get("size"),
            storage_class=given.get("storageClass", ""),
            former=given.get("former"),
        )
