"""Finalize Batch: remove a run's temporary endpoint and notify, whoever asks."""

import os
import time
from typing import Any

import boto3

from loupe_batch.finalize import Ended, Finalizer, sweep
from loupe_batch.sagemaker import Hosting
from loupe_batch.settings import FinalizeSettings
from loupe_batch.storage import Storage
from loupe_core.observability import observed
from loupe_core.runs import described_end
from loupe_core.topic import Topic

settings = FinalizeSettings.from_environ(os.environ)
states = boto3.client("stepfunctions")
storage = Storage(settings.batch_bucket)
finalizer = Finalizer(storage, Hosting(), Topic(settings.topic_arn), time.time)


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """The outcome of one execution: asked by the state machine {executionArn, redriveCount, outcome}, by Step
    Functions' status event {detail: {executionArn}}, or of all that ended lately by a schedule.

    Raises CleanupPendingError, NotificationFailedError, ServiceUnavailableError: to be asked again.
    """
    if "outcome" in event:
        ended = Ended(event["executionArn"], event["redriveCount"], event["outcome"])
        return dict(finalizer.finalize(ended).outcome)
    if "executionArn" in event.get("detail", {}):
        found = described_end(finalizer, states, event["detail"]["executionArn"], time.time())
        return dict(finalizer.finalize(found).outcome) if found else {}
    return sweep(finalizer, states, settings.state_machine_arn, time.time)
