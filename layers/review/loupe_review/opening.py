"""Reviews are opened where a record says that a person decides, or that the model does and is audited; they
are closed where the record has moved on.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from loupe_core.claims import iso, text
from loupe_core.items import from_item
from loupe_core.observability import correlate
from loupe_core.outcomes import CLASSIFIED, IN_REVIEW
from loupe_review import rules
from loupe_review.errors import ReviewOverError
from loupe_review.queueing import order_of
from loupe_review.review import AUDIT, UNCERTAIN, WAITING, Review, review_id
from loupe_review.settings import OpenSettings
from loupe_review.table import ReviewsTable

# Escalated once, an execution may wait twice; its token is forgotten a day later.
TOKEN_LIVES_LONGER_SECONDS = 86_400


class Executions(Protocol):
    """Step Functions, as opening uses it."""

    def start(self, name: str, execution_input: Mapping[str, object]) -> None: ...


@dataclass(frozen=True)
class Opener:
    """Opens and closes reviews. Every method may be repeated, and raises LoupeError where AWS fails."""

    settings: OpenSettings
    table: ReviewsTable
    executions: Executions
    # Which model answers, "" where nobody knows.
    model: Callable[[], str]
    now: Callable[[], datetime]

    def on_change(self, change: Mapping[str, Any]) -> None:
        """One record of the Images table's stream."""
        images = change.get("dynamodb", {})
        new, old = (from_item(images.get(name) or {}) for name in ("NewImage", "OldImage"))
        correlate({"imageId": text(new or old, "imageId"), "executionArn": text(new or old, "executionArn")})
        if text(old, "claimId") and text(old, "claimId") != text(new, "claimId"):
            self._close(text(old, "imageId"), text(new, "claimId"))
        if text(new, "status") != text(old, "status") or text(new, "claimId") != text(old, "claimId"):
            self.consider(new)

    def consider(self, record: Mapping[str, Any]) -> bool:
        """Open a review of this record, if there shall be one; False where there shall not."""
        kind = self._kind(record)
        if kind is not None:
            self._open(record, kind)
        return kind is not None

    def _kind(self, record: Mapping[str, Any]) -> str | None:
        if record.get("status") == IN_REVIEW:
            return UNCERTAIN
        by_model = record.get("status") == CLASSIFIED and record.get("labelledBy") == "model"
        names = text(record, "imageId"), text(record, "claimId")
        if by_model and is_audited(*names, self.settings.audit_share):
            return AUDIT
        return None

    def _open(self, record: Mapping[str, Any], kind: str) -> None:
        now, settings = self.now(), self.settings
        predictions = tuple(record.get("predictions") or ())
        review = Review(
            review_id=review_id(text(record, "imageId"), text(record, "claimId")),
            image_id=text(record, "imageId"),
            claim_id=text(record, "claimId"),
            bucket=text(record, "bucket"),
            key=text(record, "key"),
            version_id=text(record, "versionId"),
            kind=kind,
            status=WAITING,
            predictions=predictions,
            required=settings.required,
            created_at=iso(now),
            due_at=iso(now + settings.timeout),
            order=order_of(predictions, iso(now)),
            model=text(record, "model") or self.model() or settings.model,
            threshold=record.get("threshold"),
        )
        self.table.add_labels({str(each["label"]) for each in predictions} | set(settings.labels))
        self.table.create(review)
        seconds = int(settings.timeout.total_seconds())
        forgotten = int(now.timestamp()) + 2 * seconds + TOKEN_LIVES_LONGER_SECONDS
        self.executions.start(
            review.review_id,
            {
                "reviewId": review.review_id,
                "imageId": review.image_id,
                "timeoutSeconds": seconds,
                "tokenExpiresAt": str(forgotten),
            },
        )

    def _close(self, image: str, claim_id: str) -> None:
        for review in self.table.of_image(image):
            # No news to it: its own claim, which an event that comes twice names again, a correction, and
            # what the review itself has written.
            own = claim_id == review.claim_id or claim_id.startswith(f"{review.claim_id}#")
            if review.status == WAITING and not own:
                try:
                    self.table.change(review.review_id, lambda seen: rules.superseded(seen, self.now()))
                except ReviewOverError:
                    continue


def is_audited(image_id: str, claim_id: str, share: float) -> bool:
    """Whether a confident picture is looked at after the fact: by the hash of it and its claim, so that a
    repeated event gives the same. All pictures of a batch have one claim.
    """
    part = int.from_bytes(hashlib.sha256(f"audit {image_id} {claim_id}".encode()).digest()[:4], "big")
    return part < share * 2**32
