"""Retrain Model: after enough new answers a training starts by itself, never two at once."""

import os
from datetime import UTC, datetime
from typing import Any

from loupe_core.observability import observed
from loupe_core.topic import Topic
from loupe_review.publishing import ReviewedDataset
from loupe_review.retraining import Retrainer
from loupe_review.settings import RetrainSettings
from loupe_review.table import ReviewsTable
from loupe_review.trainings import Trainings

settings = RetrainSettings.from_environ(os.environ)
retrainer = Retrainer(
    settings=settings,
    reviews=ReviewsTable(settings.reviews_table),
    dataset=ReviewedDataset(settings.training_bucket, settings.uploads_bucket),
    trainings=Trainings(settings.machine_arn),
    topic=Topic(settings.topic_arn),
    now=lambda: datetime.now(UTC),
)


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """The schedule's run. Raises what AWS refuses, so that its alarm rings."""
    return retrainer.run()
