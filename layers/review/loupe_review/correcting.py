"""Corrections of later days: somebody says that a picture's label is wrong, whoever gave it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from loupe_core.claims import DELETED, RECEIVED, iso, text
from loupe_core.errors import ImageNotFoundError
from loupe_core.outcomes import IN_REVIEW
from loupe_review import rules
from loupe_review.desk import Desk
from loupe_review.errors import ReviewOverError
from loupe_review.images import ReviewedImages
from loupe_review.review import CONCLUDED, CORRECTION, WAITING, Answer, Decision, Review

MAX_ATTEMPTS = 4
FORMER = ("status", "label", "labelledBy", "title")


@dataclass(frozen=True)
class Corrector:
    """Corrects records, and keeps who did it and what was there before.

    Raises AccessDeniedError and RecordsUnavailableError besides what each method names.
    """

    desk: Desk
    images: ReviewedImages
    now: Callable[[], datetime]

    def correct(self, image_id: str, by: str, choice: str, label: str = "") -> Review:
        """Give a picture another label (or NONE, UNUSABLE). A picture that waits for a person is answered.

        Raises ImageNotFoundError, InvalidInputError, ReviewTakenError, and ReviewOverError where the picture
        is not classified yet, or somebody changes the record all the time.
        """
        answer = Answer(by, choice, iso(self.now()), label.strip())
        rules.require_valid(answer)
        for _ in range(MAX_ATTEMPTS):
            record = self.images.get(image_id)
            if record is None or record.get("status") == DELETED:
                raise ImageNotFoundError(f"There is no picture {image_id}.")
            if record.get("status") == RECEIVED:
                raise ReviewOverError("The picture is not classified yet.")
            if record.get("status") == IN_REVIEW:
                return self._answered(image_id, answer)
            correction = self._correction(record, answer)
            decision = correction.decision
            assert decision is not None
            # What somebody said is kept first; the record follows.
            self.desk.table.create(correction)
            if self.images.correct(record, decision, self.now()) is not None:
                if answer.label:
                    self.desk.table.add_labels({answer.label})
                return correction
        raise ReviewOverError("The picture is changed by others all the time.")

    def _answered(self, image_id: str, answer: Answer) -> Review:
        for review in self.desk.table.of_image(image_id):
            if review.status == WAITING:
                return self.desk.answer(review.review_id, answer.reviewer, answer.choice, answer.label)
        raise ReviewOverError("The picture's review has just been decided.")

    def _correction(self, record: dict[str, Any], answer: Answer) -> Review:
        now, image = iso(self.now()), str(record["imageId"])
        return Review(
            review_id=f"{image}-correction-{now}",
            image_id=image,
            claim_id=text(record, "claimId"),
            bucket=text(record, "bucket"),
            key=text(record, "key"),
            version_id=text(record, "versionId"),
            kind=CORRECTION,
            status=CONCLUDED,
            predictions=tuple(record.get("predictions") or ()),
            required=1,
            created_at=now,
            due_at=now,
            order=now,
            answers=(answer,),
            decision=Decision(answer.choice, answer.at, answer.label),
            former={name: record[name] for name in FORMER if record.get(name) is not None},
        )
