"""Deletion of a picture, or of a group with all that stands in it: records first, then what lies in S3."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from loupe_api.records import ImageRecord, Page, prefix_of_upload, timestamp, upload_prefix
from loupe_core.removal import REMOVAL_LEASE

# Longer than any execution lives.
TOMBSTONE_LIFE = timedelta(days=2)
DELETED_AT_ONCE = 500
# API Gateway waits 30 s: one after the other, a thousand images would take longer.
DELETED_IN_PARALLEL = 16


class Groups(Protocol):
    """Groups' records, as deletion uses them."""

    def mark_deleted(self, group_id: str, owner_id: str, now: str) -> None: ...
    def remove(self, group_id: str) -> None: ...


class Images(Protocol):
    """Images' records, as deletion uses them."""

    def all_of_group(self, group_id: str, limit: int, start: dict[str, str] | None) -> Page[ImageRecord]: ...
    def of_keys(self, bucket: str, keys: Sequence[str]) -> list[ImageRecord]: ...
    def bury(
        self, image: ImageRecord, owner_id: str, expires_at: int, now: str, removed_by: datetime
    ) -> None: ...
    def bury_in_group(
        self, image: ImageRecord, group_id: str, expires_at: int, now: str, removed_by: datetime
    ) -> bool: ...
    def forget_removal(self, image: ImageRecord) -> None: ...


class Objects(Protocol):
    """Pictures in S3, as deletion uses them."""

    uploads_bucket: str

    def remove(self, prefix: str, but: Callable[[Sequence[str]], set[str]] | None = None) -> None: ...
    def remove_copies(self, bucket: str, key: str) -> None: ...


class Deletion:
    """Deletes pictures and groups. What a call leaves half done, the next one or finalize_images removes."""

    def __init__(
        self,
        groups: Groups,
        images: Images,
        objects: Objects,
        clock: Callable[[], datetime],
        in_parallel: int = DELETED_IN_PARALLEL,
    ) -> None:
        self._groups = groups
        self._images = images
        self._objects = objects
        self._clock = clock
        self._in_parallel = in_parallel

    def image(self, record: ImageRecord, owner_id: str) -> None:
        """Delete the picture's record and all its objects. Raises NotOwnerError for another's."""
        # Whatever becomes of this request, what it buries is removed in the end.
        self._images.bury(record, owner_id, *self._times())
        self._remove_files(record)

    def group(self, group_id: str, owner_id: str) -> None:
        """Delete the group with all images in it, whoever put them there and wherever their files lie.

        The group is hidden first: from then on no image enters or leaves. Its record goes last: a deletion
        that was cut short is called again.
        """
        self._groups.mark_deleted(group_id, owner_id, timestamp(self._clock()))
        self._remove_images(group_id)
        self._objects.remove(upload_prefix(group_id), partial(self._others, group_id))
        while self._remove_images(group_id):
            # Its index had been behind.
            pass
        self._groups.remove(group_id)

    def _remove_images(self, group_id: str) -> bool:
        """Remove what the group's index shows; whether there was anything."""
        removed, start = False, None
        while True:
            page = self._images.all_of_group(group_id, DELETED_AT_ONCE, start)
            with ThreadPoolExecutor(self._in_parallel) as pool:
                # A list, so that what went wrong in a thread is raised here.
                done = list(pool.map(partial(self._remove_from_group, group_id), page.records))
            removed, start = removed or any(done), page.next_key
            if start is None:
                return removed

    def _remove_from_group(self, group_id: str, record: ImageRecord) -> bool:
        """False where the index was behind: the image has left the group, or is deleted."""
        if not self._images.bury_in_group(record, group_id, *self._times()):
            return False
        if record.key.startswith(upload_prefix(group_id)):
            # The rest goes with the group's own prefix, a thousand at a time.
            self._objects.remove_copies(record.bucket, record.key)
            self._images.forget_removal(record)
        else:
            self._remove_files(record)
        return True

    def _remove_files(self, record: ImageRecord) -> None:
        self._objects.remove_copies(record.bucket, record.key)
        prefix = prefix_of_upload(record.key)
        if prefix is not None:
            self._objects.remove(prefix)
        self._images.forget_removal(record)

    def _others(self, group_id: str, keys: Sequence[str]) -> set[str]:
        """Which of these keys are of pictures that stand in another group by now."""
        others = set()
        for record in self._images.of_keys(self._objects.uploads_bucket, keys):
            if record.group_id == group_id:
                self._remove_from_group(group_id, record)
            elif record.group_id is not None:
                others.add(record.key)
        return others

    def _times(self) -> tuple[int, str, datetime]:
        """When a tombstone goes, when it was made, and when others may remove what it stands for."""
        now = self._clock()
        return int((now + TOMBSTONE_LIFE).timestamp()), timestamp(now), now + REMOVAL_LEASE
