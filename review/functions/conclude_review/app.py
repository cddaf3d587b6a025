"""Conclude Review: what a person decided becomes the picture's record, and its notification."""

import os
from datetime import UTC, datetime
from typing import Any

from loupe_core.observability import observed
from loupe_core.outcomes import Failure
from loupe_review.concluding import Concluder
from loupe_review.images import ReviewedImages
from loupe_review.settings import ConcludeSettings
from loupe_review.table import ReviewsTable

settings = ConcludeSettings.from_environ(os.environ)
concluder = Concluder(
    settings=settings,
    reviews=ReviewsTable(settings.reviews_table),
    images=ReviewedImages(settings.images_table),
    now=lambda: datetime.now(UTC),
)


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """`{outcome, notification}` of `{reviewId, error}`, where `error` is why the execution cannot wait."""
    return concluder.conclude(str(event["reviewId"]), Failure.parse(event.get("error")))
