"""What the figures of quality are made of, read within bounds, whatever there is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from loupe_core.claims import iso
from loupe_core.errors import AccessDeniedError, RecordsUnavailableError
from loupe_core.observability import logger
from loupe_review.images import ReviewedImages
from loupe_review.measuring import REPORT_TAG, Evaluations
from loupe_review.quality import Quality, Version, quality_of
from loupe_review.table import ReviewsTable

# Of the account's models the newest so many are looked at, and so many of the stack's compared.
MAX_LISTED, MAX_MODELS = 50, 10
STACK_TAG, NAME_TAG = "loupe:stack", "loupe:model"


@dataclass(frozen=True)
class QualityReader:
    """Reads the figures of a period. `most_pictures` are the newest of each status, `most_reviews` the oldest
    that were decided in it.
    """

    reviews: ReviewsTable
    images: ReviewedImages
    versions: Callable[[], Sequence[Version]]
    most_pictures: int
    most_reviews: int

    def read(self, since: datetime, until: datetime) -> Quality:
        """Raises AccessDeniedError and RecordsUnavailableError."""
        reviews = list(islice(self.reviews.decided(iso(since), iso(until)), self.most_reviews + 1))
        said, truncated = self.images.said(iso(since), self.most_pictures)
        truncated |= len(reviews) > self.most_reviews
        inferences = sorted(said, key=lambda each: each.at)
        return quality_of(reviews[: self.most_reviews], inferences, self.versions(), truncated)


@dataclass(frozen=True)
class StackVersions:
    """The models of a stack, by SageMaker's tags. `live` gives the name of the live one, which counts whoever
    made it.
    """

    stack: str
    live: Callable[[], str]
    evaluations: Evaluations
    sagemaker: Any

    def __call__(self) -> list[Version]:
        """The newest of them, the oldest first, each with its evaluation where it has one that may be read.

        Raises RecordsUnavailableError.
        """
        live = self.live()
        found: list[Version] = []
        try:
            listed = self.sagemaker.list_models(
                SortBy="CreationTime", SortOrder="Descending", MaxResults=MAX_LISTED
            )["Models"]
            for each in listed:
                tags = {
                    tag["Key"]: tag["Value"]
                    for tag in self.sagemaker.list_tags(ResourceArn=each["ModelArn"])["Tags"]
                }
                name = str(each["ModelName"])
                if tags.get(STACK_TAG) == self.stack or name == live:
                    evaluation = self._evaluation(tags.get(REPORT_TAG, ""))
                    found.append(Version(name, tags.get(NAME_TAG, name), each["CreationTime"], evaluation))
                if len(found) == MAX_MODELS:
                    break
        except (ClientError, BotoCoreError) as error:
            raise RecordsUnavailableError(f"SageMaker does not list models: {error}") from error
        return sorted(found, key=lambda each: each.since)

    def _evaluation(self, report: str) -> dict[str, Any] | None:
        """S3 says of what is not there that it may not be read, to who may not list."""
        try:
            return self.evaluations.of_report(report)
        except AccessDeniedError as error:
            logger.warning("an evaluation cannot be read", extra={"place": report, "error": str(error)})
            return None
