"""A row becomes the picture's record, by the rules of a claim: never over a newer version, a deletion, a
person's label, or a picture that somebody is at work on. Nobody is notified of each.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from loupe_batch.names import Run
from loupe_batch.rows import CLASSIFIED, Row
from loupe_core.claims import DELETED, RECEIVED, iso, text
from loupe_core.confidence import not_met
from loupe_core.contract import ImageReference
from loupe_core.errors import RecordsUnavailableError
from loupe_core.outcomes import BELOW_THRESHOLD, IN_REVIEW, REJECTED, Failure, Findings, Outcome
from loupe_core.record_fields import FORMER, RESULTS, missing_attributes, outcome_attributes
from loupe_core.records import ImagesTable, Record
from loupe_core.s3_images import S3Images, StoredImage

RECORDED = "recorded"
NEWER, WAS_DELETED, PERSONS, BUSY = "newer version", "deleted", "person's label", "in work"
ATTEMPTS = 5
PERSON = "person"
CLAIM = "batch:"
# What a person is asked is a claim of its own: the review of it is none that audited the run's.
ASKED = ":review"


class Recorder:
    """Writes rows into the Images table."""

    def __init__(
        self, run: Run, threshold: float, table: ImagesTable, images: S3Images, clock: Callable[[], datetime]
    ) -> None:
        self._run, self._threshold = run, threshold
        self._table, self._images, self._clock = table, images, clock

    def record(self, row: Row, stored: StoredImage) -> str:
        """RECORDED, or why the record stays as it is.

        Raises AccessDeniedError and RecordsUnavailableError.
        """
        image = self._table.id_of(ImageReference(row.item.bucket, row.item.key))
        for _ in range(ATTEMPTS):
            seen = self._table.get(image)
            hindrance = self._hindrance(seen, row)
            if hindrance:
                return hindrance
            values, dropped = self._values(seen, row, stored)
            if self._table.record_batch(image, seen, values, dropped):
                return RECORDED
        raise RecordsUnavailableError(f"The record {image} is changed by others all the time.")

    def ask_person(self, row: Row) -> bool:
        """Let a person decide about a recorded row: the review stack sees the record's new status.

        False where the record is no longer what a run wrote. Asked by this run before, it stays as it is: the
        call that asked may be repeated.
        """
        image = self._table.id_of(ImageReference(row.item.bucket, row.item.key))
        seen, asked = self._table.get(image), f"{CLAIM}{self._run.name}{ASKED}"
        claim = text(seen or {}, "claimId")
        if seen is not None and (seen.get("status"), claim) == (IN_REVIEW, asked):
            return True
        if seen is None or seen.get("status") not in (CLASSIFIED, REJECTED):
            return False
        if not claim.startswith(CLAIM) or "#" in claim or text(seen, "versionId") != row.item.version_id:
            return False
        dropped = ["error", "reviewId", "reviewedAt"]
        if seen.get("autoTitle") is True:
            dropped += ["title", "autoTitle"]
        values = {"status": IN_REVIEW, "claimId": asked, "updatedAt": iso(self._clock())}
        return self._table.record_batch(image, seen, values, dropped)

    def _hindrance(self, seen: Record | None, row: Row) -> str:
        if seen is None:
            return ""
        if seen.get("status") == DELETED:
            return WAS_DELETED
        if seen.get("labelledBy") == PERSON:
            return PERSONS
        if seen.get("status") in (RECEIVED, IN_REVIEW) or seen.get("pending"):
            return BUSY
        if text(seen, "versionId") != row.item.version_id and not self._is_newest(row):
            return NEWER
        return ""

    def _is_newest(self, row: Row) -> bool:
        """Whether the row's version is what the key holds now: then any other one is older."""
        newest = self._images.newest(ImageReference(row.item.bucket, row.item.key))
        return newest is not None and (newest.version_id or "") == row.item.version_id

    def _values(
        self, seen: Record | None, row: Row, stored: StoredImage
    ) -> tuple[dict[str, object], list[str]]:
        now = iso(self._clock())
        outcome, title = self._outcome(row), _title(seen)
        values = {
            **outcome_attributes(outcome, title),
            "bucket": row.item.bucket,
            "key": row.item.key,
            "versionId": row.item.version_id,
            "modifiedAt": stored.modified_at,
            # No execution of the online workflow: nothing asks Step Functions for it.
            "executionArn": f"{CLAIM}{self._run.name}",
            "claimId": f"{CLAIM}{self._run.name}",
            "claimedAt": now,
            "manual": True,
            "model": row.model,
            "labelledBy": "model",
            "createdAt": text(seen or {}, "createdAt") or now,
            "updatedAt": now,
            "sequencer": text(seen or {}, "sequencer"),
        }
        dropped = {*RESULTS, *FORMER, *missing_attributes(outcome), "autoTitle"}
        if not title:
            dropped.add("title")
        if seen is not None and text(seen, "label") == row.label:
            # What was drawn with the same label on it may stay.
            dropped = {name for name in dropped if not name.endswith("Key")}
        return values, sorted(dropped)

    def _outcome(self, row: Row) -> Outcome:
        findings = Findings(row.item.version_id, row.predictions)
        if row.status == CLASSIFIED:
            return Outcome(CLASSIFIED, findings, self._threshold)
        cause = not_met(row.predictions[0], self._threshold)
        return Outcome(REJECTED, findings, self._threshold, Failure(BELOW_THRESHOLD, cause))


def recorder(run: Run, threshold: float, table: ImagesTable, images: S3Images) -> Recorder:
    return Recorder(run, threshold, table, images, lambda: datetime.now(UTC))


def _title(seen: Record | None) -> str:
    """The one that somebody gave. One made of a former label goes with that label."""
    return "" if (seen or {}).get("autoTitle") is True else text(seen or {}, "title")
