"""Plan Training: check the input, and work out names, tags and hosting before anything is started."""

import os
from typing import Any

from loupe_core.observability import observed
from loupe_training.champion import artifact_of
from loupe_training.clients import client
from loupe_training.hosting import LiveEndpoint
from loupe_training.names import Run
from loupe_training.plan import plan
from loupe_training.request import TrainingRequest
from loupe_training.settings import PlanSettings

settings = PlanSettings.from_environ(os.environ)
sagemaker, s3 = client("sagemaker"), client("s3")
live = LiveEndpoint(sagemaker, client("application-autoscaling"))


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """The plan. Raises InvalidInputError, AccessDeniedError, ServiceUnavailableError."""
    request = TrainingRequest.parse(event["input"])
    run = Run(event["executionArn"], event["redriveCount"])
    variant = live.variant(request.endpoint or settings.endpoint_name) if request.deploy else None
    champion = artifact_of(variant, sagemaker, s3, settings.models_bucket)
    return plan(request, run, settings, variant, champion)
