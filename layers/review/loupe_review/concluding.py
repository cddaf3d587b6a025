"""Conclude Review's and Escalate Review's work: a decision becomes the picture's record and its message."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from loupe_core.claims import text
from loupe_core.errors import SupersededError
from loupe_core.messages import notification
from loupe_core.observability import correlate
from loupe_core.outcomes import Failure
from loupe_core.recording import output_of
from loupe_core.records import Record
from loupe_review import messages, rules
from loupe_review.errors import AnswerNotFinalError, NotAnsweredError, ReviewOverError, UnchangedError
from loupe_review.images import ReviewedImages, is_under
from loupe_review.review import ABORTED, AUDIT, CONCLUDED, LABEL, SUPERSEDED, TIMED_OUT, WAITING, Review
from loupe_review.settings import ConcludeSettings
from loupe_review.table import ReviewsTable


@dataclass(frozen=True)
class Concluder:
    """Concludes reviews. Every method may be repeated, and raises LoupeError where AWS fails."""

    settings: ConcludeSettings
    reviews: ReviewsTable
    images: ReviewedImages
    now: Callable[[], datetime]

    def conclude(self, review_id: str, failure: Failure | None = None) -> dict[str, Any]:
        """`{outcome, notification}` of a review that is decided. With a `failure` one that still waits ends
        as FAILED by it.

        Raises NotAnsweredError and AnswerNotFinalError where it is too early, UnchangedError where nobody is
        to be notified, SupersededError where the record is another's by now, ReviewNotFoundError.
        """
        review = self.reviews.get(review_id)
        correlate({"imageId": review.image_id})
        if review.status == WAITING:
            review = self._ended(review, failure)
        if review.status != CONCLUDED and not rules.is_final(review, self.now()):
            raise AnswerNotFinalError("Who answered may still take the answer back.")
        record = self._recorded(review)
        self._close(review)
        return {
            "outcome": output_of(record),
            "notification": notification(record, self.settings.processed_bucket),
        }

    def escalate(self, review_id: str) -> dict[str, Any]:
        """`{wait, notification}`: whether the review waits for a second time, and what reviewers are
        written.
        """
        timeout = self.settings.timeout
        review = self.reviews.change(review_id, lambda seen: rules.overdue(seen, self.now(), timeout))
        correlate({"imageId": review.image_id})
        if review.status != WAITING:
            return {"wait": False, "notification": None}
        name = review.key.rpartition("/")[2]
        hours = timeout.total_seconds() / 3600
        return {
            "wait": True,
            "notification": messages.escalation(
                name, round(hours, 1), self.settings.page_url, audit=review.kind == AUDIT
            ),
        }

    def _ended(self, review: Review, failure: Failure | None) -> Review:
        """The review, which nobody has answered, if it ends nevertheless. Raises NotAnsweredError."""
        try:
            if not is_under(self.images.get(review.image_id), review):
                return self.reviews.change(review.review_id, lambda seen: rules.superseded(seen, self.now()))
            if failure is not None:
                return self.reviews.change(
                    review.review_id, lambda seen: rules.aborted(seen, self.now(), failure)
                )
        except ReviewOverError:
            return self.reviews.get(review.review_id)
        raise NotAnsweredError("Nobody has decided yet.")

    def _recorded(self, review: Review) -> Record:
        """The record with the review's decision in it. Raises SupersededError and UnchangedError."""
        record = self.images.get(review.image_id)
        if record is not None and text(record, "reviewId") == review.review_id:
            return self._recorded_before(record, review)
        if record is None or not is_under(record, review) or review.decision is None:
            raise self._superseded(review)
        if review.decision.outcome == SUPERSEDED:
            raise self._superseded(review)
        # A correction meanwhile says more than whether the model was right.
        if review.kind == AUDIT and (self._confirms(review) or text(record, "labelledBy") == "person"):
            self._close(review)
            raise UnchangedError("The audit changes nothing about the record.")
        written = self.images.record_decision(record, review, self.now())
        if written is None:
            raise self._superseded(review)
        return written

    def _recorded_before(self, record: Record, review: Review) -> Record:
        """What a call before this one has recorded, where nobody else has notified people of it or is about
        to. Raises UnchangedError.
        """
        if not self.images.hold(record, self.now()):
            self._close(review)
            raise UnchangedError("People were notified of the review, or are being notified.")
        return record

    @staticmethod
    def _confirms(review: Review) -> bool:
        assert review.decision is not None
        agrees = review.decision.outcome == LABEL and review.decision.label == review.guess
        return agrees or review.decision.outcome in (TIMED_OUT, ABORTED)

    def _superseded(self, review: Review) -> SupersededError:
        self._close(review)
        return SupersededError(f"The record {review.image_id} is no longer what was reviewed.")

    def _close(self, review: Review) -> None:
        if review.status != CONCLUDED:
            self.reviews.change(review.review_id, rules.concluded)
