"""The reviews of a deployed stack, as the command works on them: with whoever's credentials it has."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from loupe.aws import Cloud, Records
from loupe.aws_errors import translate_errors
from loupe.errors import InputError, RecordNotFoundError, ServiceError
from loupe.stack import Stack
from loupe_core.errors import LoupeError, PermanentError
from loupe_review.correcting import Corrector
from loupe_review.desk import Desk
from loupe_review.errors import ReviewNotFoundError
from loupe_review.images import ReviewedImages
from loupe_review.publishing import Published, ReviewedDataset
from loupe_review.review import WAITING, Review
from loupe_review.table import ReviewsTable

# A queue that is longer is looked at in parts; the page shows one picture at a time anyway.
MAX_LISTED = 1000
MIN_PREFIX = 4


class Reviews:
    """What waits, and how it is answered. StackNotFoundError where the review stack is not deployed."""

    def __init__(self, cloud: Cloud, stack: Stack, now: Callable[[], datetime] | None = None) -> None:
        self._cloud, self._stack = cloud, stack
        dynamodb = cloud.client("dynamodb")
        now = now or (lambda: datetime.now(UTC))
        self._table = ReviewsTable(stack.output("ReviewsTableName"), dynamodb)
        self._desk = Desk(self._table, now)
        images = ReviewedImages(stack.output("ImagesTableName"), dynamodb)
        self._corrector = Corrector(self._desk, images, now)

    def waiting(self) -> list[Review]:
        """Those that wait, in the order in which people are asked."""
        with as_commands_errors():
            return self._desk.waiting(MAX_LISTED)

    def all(self) -> list[Review]:
        """Every review and correction there is, the oldest first."""
        with as_commands_errors():
            return sorted(self._table.all(), key=lambda each: each.created_at)

    def publish(self) -> Published:
        """Write what people have answered into the training bucket, for a training to add to its data."""
        dataset = ReviewedDataset(
            self._stack.output("TrainingBucketName"),
            self._stack.output("UploadsBucketName"),
            self._cloud.client("s3"),
        )
        with as_commands_errors():
            return dataset.publish(self._table.all())

    def answer(self, given: str, choice: str, label: str = "") -> Review:
        """Answer a review, named by its id, its picture's, or the beginning of either."""
        review_id = self._find(given)
        with as_commands_errors():
            return self._desk.answer(review_id, self.reviewer(), choice, label, guess_shown=True)

    def skip(self, given: str) -> Review:
        review_id = self._find(given)
        with as_commands_errors():
            return self._desk.skip(review_id, self.reviewer())

    def correct(self, given: str, label: str) -> Review:
        """Give a picture another label, whatever it has. RecordNotFoundError where there is none."""
        record = Records(self._cloud, self._stack).get(given)
        with as_commands_errors():
            return self._corrector.correct(str(record["imageId"]), self.reviewer(), "LABEL", label)

    def reviewer(self) -> str:
        """Who is asking, as AWS knows them."""
        with translate_errors(self._cloud.where):
            return str(self._cloud.client("sts").get_caller_identity()["Arn"])

    def _find(self, given: str) -> str:
        with as_commands_errors():
            try:
                return self._table.get(given).review_id
            except ReviewNotFoundError:
                waiting = self._desk.waiting(MAX_LISTED)
        matches = [
            each.review_id
            for each in waiting
            if len(given) >= MIN_PREFIX and each.review_id.startswith(given) and each.status == WAITING
        ]
        if len(matches) == 1:
            return matches[0]
        if matches:
            raise RecordNotFoundError(f"{len(matches)} reviews' ids begin with {given}. Give more of it.")
        raise RecordNotFoundError(f"No review {given} waits. `loupe review` lists those that do.")


def listed(review: Review) -> dict[str, Any]:
    """One that waits, as `loupe review --json` gives it: a contract."""
    return {
        "reviewId": review.review_id,
        "imageId": review.image_id,
        "image": f"s3://{review.bucket}/{review.key}",
        "predictions": [dict(each) for each in review.predictions],
        "createdAt": review.created_at,
        "expiresAt": review.due_at,
    }


@contextmanager
def as_commands_errors() -> Iterator[None]:
    """What the layers raise, as the command's own errors."""
    try:
        yield
    except PermanentError as error:
        raise InputError(str(error)) from error
    except LoupeError as error:
        raise ServiceError(str(error)) from error
