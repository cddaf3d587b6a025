"""Escalate Review: a review whose time is over waits once more, behind all others; then it has timed out."""

import os
from datetime import UTC, datetime
from typing import Any

from loupe_core.observability import observed
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
    """`{wait, notification}` of `{reviewId}`: whether it waits again, and what reviewers are written."""
    return concluder.escalate(str(event["reviewId"]))
