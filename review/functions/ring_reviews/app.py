"""Ring Reviews: what was decided wakes its execution. The only function that may read a task's token."""

import os
from datetime import UTC, datetime
from typing import Any

from loupe_core.observability import observed
from loupe_review.ringing import Ringer, TokensTable
from loupe_review.settings import RingSettings
from loupe_review.states import Doorbell
from loupe_review.table import ReviewsTable

settings = RingSettings.from_environ(os.environ)
ringer = Ringer(
    reviews=ReviewsTable(settings.reviews_table),
    tokens=TokensTable(settings.tokens_table),
    bell=Doorbell(),
    now=lambda: datetime.now(UTC),
)


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Takes the Reviews table's stream, of which only decided reviews come here, or the schedule's event.

    Raises what AWS refuses, so that the stream's records come back.
    """
    if "Records" not in event:
        return dict(ringer.ring_again())
    rung = 0
    for change in event["Records"]:
        review = change["dynamodb"]["NewImage"]
        rung += ringer.ring(review["reviewId"]["S"], review["imageId"]["S"])
    return {"rung": rung}
