"""Sweep Reviews: concludes what lost its execution, and writes to the reviewers, in bundles."""

import os
from datetime import UTC, datetime
from typing import Any

from loupe_core.executions import Executions
from loupe_core.observability import observed
from loupe_core.topic import Topic
from loupe_review.concluding import Concluder
from loupe_review.images import ReviewedImages
from loupe_review.settings import ConcludeSettings
from loupe_review.states import ReviewExecutions
from loupe_review.sweeping import Sweeper
from loupe_review.table import ReviewsTable

settings = ConcludeSettings.from_environ(os.environ)
sweeper = Sweeper(
    concluder=Concluder(
        settings=settings,
        reviews=ReviewsTable(settings.reviews_table),
        images=ReviewedImages(settings.images_table),
        now=lambda: datetime.now(UTC),
    ),
    executions=ReviewExecutions(settings.machine_arn),
    states=Executions(),
    topic=Topic(settings.topic_arn),
    now=lambda: datetime.now(UTC),
)


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """The schedule's run. Raises what AWS refuses, so that its alarm rings."""
    return dict(sweeper.sweep())
