"""Objects of a bucket that keeps versions are on the disk, and not in memory as well.

Stock MiniStack: writes an object's bytes into its file and forgets them, but the entry in the key's list of
versions keeps them, so that a local cloud grows by all that was ever uploaded. What it reads a version from
after a restart, its own file or the current object's, it can read it from before.
"""

import os
from collections.abc import Callable
from typing import Any

from ministack.services import s3

Persist = Callable[[str, str, Any], None]


def install() -> None:
    """Forget a version's bytes once they are in the object's file."""
    if s3.S3_PERSIST:
        s3._persist_object = _forgetting(s3._persist_object)


def _forgetting(persist: Persist) -> Persist:
    def persist_and_forget(bucket: str, key: str, found: Any) -> None:
        persist(bucket, key, found)
        path = s3._object_disk_path(bucket, key)
        # MiniStack only logs that it could not write; then the bytes are nowhere else.
        written = isinstance(found, dict) and found.get("body") is None and path and os.path.isfile(path)
        if written:
            version = found.get("version_id") or "null"
            for entry in s3._object_versions.get((bucket, key)) or ():
                if entry["version_id"] == version:
                    entry["data"] = None

    return persist_and_forget
