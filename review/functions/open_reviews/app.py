"""Open Reviews: a record that waits for a person gets a review and an execution, until it moves on."""

import os
from datetime import UTC, datetime
from typing import Any

from loupe_core.observability import observed
from loupe_review.images import ReviewedImages
from loupe_review.opening import Opener
from loupe_review.serving import LiveModel
from loupe_review.settings import OpenSettings
from loupe_review.states import ReviewExecutions
from loupe_review.table import ReviewsTable


def now() -> datetime:
    """The moment."""
    return datetime.now(UTC)


settings = OpenSettings.from_environ(os.environ)
images = ReviewedImages(settings.images_table)
opener = Opener(
    settings=settings,
    table=ReviewsTable(settings.reviews_table),
    executions=ReviewExecutions(settings.machine_arn),
    model=LiveModel(settings.model, now).name,
    now=now,
)


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Takes the Images table's stream, or the schedule's event: then all that wait without a review.

    Raises what AWS refuses, so that the stream's records come back.
    """
    if "Records" in event:
        for change in event["Records"]:
            opener.on_change(change)
        return {"changes": len(event["Records"])}
    return {"waiting": sum(opener.consider(record) for record in images.in_review())}
