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
    """The plan of an execution: {executionArn, startedAt, input, classifierFunction?}.

    Raises InvalidInputError, EndpointNotFoundError, EndpointNotReadyError, AccessDeniedError.
    """
    arn, started, given = event["executionArn"], event["startedAt"], event["input"]
    return plan_batch(arn, started, given, settings, storage, hosting, event.get("classifierFunction", ""))
