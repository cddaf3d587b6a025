"""Plan Batch: check a run's input and work out what it is to do."""

import os
from typing import Any

from loupe_batch.plan import plan_batch
from loupe_batch.sagemaker import Hosting
from loupe_batch.settings import PlanSettings
from loupe_batch.storage import Storage
from loupe_core.observability import observed

settings = PlanSettings.from_environ(os.environ)
storage = Storage(settings.batch_bucket)
hosting = Hosting()


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """The plan of an execution: {executionArn, startedAt, input}.

    Raises InvalidInputError, EndpointNotFoundError, EndpointNotReadyError, AccessDeniedError.
    """
    return plan_batch(event["executionArn"], event["startedAt"], event["input"], settings, storage, hosting)
