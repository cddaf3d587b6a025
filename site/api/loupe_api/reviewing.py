"""Reviews over HTTP: what a reviewer does, without HTTP and without AWS's words.

Nothing here knows a task's token. A model's guess is shown only to who asks for it, or has answered.
"""

from typing import Protocol

from loupe_api import models
from loupe_api.records import ImageRecord, MadeUrls
from loupe_core.claims import iso, parse_time
from loupe_review import rules
from loupe_review.correcting import Corrector
from loupe_review.desk import Desk
from loupe_review.review import Review


class Pictures(Protocol):
    """Where pictures are kept; `objects.ImageObjects`."""

    def made_urls(self, record: ImageRecord) -> MadeUrls: ...


class Images(Protocol):
    """Where images' records are kept; `image_table.ImageTable`."""

    def get(self, image_id: str) -> ImageRecord | None: ...


class Reviewing:
    """The reviews that wait, and corrections."""

    def __init__(self, desk: Desk, corrector: Corrector, images: Images, pictures: Pictures) -> None:
        self._desk, self._corrector, self._images, self._pictures = desk, corrector, images, pictures

    def summary(self) -> models.ReviewSummary:
        table = self._desk.table
        return models.ReviewSummary(waiting=table.count_waiting(), labels=table.labels())

    def next(self, request: models.NextReview, reviewer: str) -> models.ReviewNext:
        """The next picture, leased to this reviewer; null where there is none for them."""
        review = self._desk.next(reviewer, request.recent, request.without)
        item = None if review is None else self._item(review, request.show_guess)
        return models.ReviewNext(result=item, waiting=self._desk.table.count_waiting())

    def lease(self, review_id: str, reviewer: str) -> models.ReviewLeased:
        review = self._desk.lease(review_id, reviewer)
        return models.ReviewLeased(lease_until=review.lease_until)

    def answer(self, review_id: str, request: models.NewAnswer, reviewer: str) -> models.ReviewAnswered:
        review = self._desk.answer(
            review_id,
            reviewer,
            request.choice,
            request.label,
            guess_shown=request.guess_shown,
            seconds=request.seconds,
        )
        own = next(each for each in review.answers if each.reviewer == reviewer)
        until = iso(parse_time(own.at) + rules.UNDO_WITHIN)
        return models.ReviewAnswered(guess=_guess(review), undo_until=until)

    def skip(self, review_id: str, reviewer: str) -> None:
        self._desk.skip(review_id, reviewer)

    def undo(self, review_id: str, reviewer: str) -> models.ReviewResult:
        """The review again, leased to who took the answer back."""
        return models.ReviewResult(result=self._item(self._desk.undo(review_id, reviewer), False))

    def correct(self, image_id: str, request: models.NewAnswer, by: str) -> None:
        self._corrector.correct(image_id, by, request.choice, request.label)

    def _item(self, review: Review, show_guess: bool) -> models.Review:
        return models.Review(
            review_id=review.review_id,
            image_id=review.image_id,
            file_name=review.key.rpartition("/")[2],
            image_url=self._shown(review.image_id),
            created_at=review.created_at,
            expires_at=review.due_at,
            lease_until=review.lease_until,
            guess=_guess(review) if show_guess else [],
        )

    def _shown(self, image_id: str) -> str | None:
        """The copy without metadata: a reviewer need not know where somebody's picture was taken. Never the
        annotated one, which tells the guess.
        """
        record = self._images.get(image_id)
        if record is None:
            return None
        made = self._pictures.made_urls(record)
        return made.display or made.preview


def _guess(review: Review) -> list[models.Prediction]:
    return [
        models.Prediction(label=str(each["label"]), score=float(each["score"])) for each in review.predictions
    ]
