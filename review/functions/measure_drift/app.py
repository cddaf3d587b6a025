"""Measure Drift: is what comes now what the live model was evaluated on? A metric of its log says so."""

import os
from datetime import UTC, datetime
from typing import Any

from loupe_core.observability import logger, observed
from loupe_review.images import ReviewedImages
from loupe_review.measuring import DriftMeter, Evaluations
from loupe_review.serving import LiveModel
from loupe_review.settings import DriftSettings


def now() -> datetime:
    """The moment."""
    return datetime.now(UTC)


settings = DriftSettings.from_environ(os.environ)
meter = DriftMeter(
    model=LiveModel(settings.endpoint, now).name,
    evaluations=Evaluations(settings.training_bucket),
    pictures=ReviewedImages(settings.images_table),
    now=now,
)


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """The schedule's run. Raises what AWS refuses, so that its alarm rings."""
    found = meter.measure()
    logger.info("drift", extra=found)
    return found
