"""Finalize Training: clean up after an execution and notify, whoever asks."""

import os
import time
from typing import Any

from loupe_core.observability import observed
from loupe_core.runs import described_end
from loupe_training.clients import client
from loupe_training.finalize import Ended, Finalizer, sweep
from loupe_training.names import Run
from loupe_training.settings import FinalizeSettings

settings = FinalizeSettings.from_environ(os.environ)
states = client("stepfunctions")
finalizer = Finalizer(settings, client, time.time)


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """The outcome of one execution: asked by the state machine {executionArn, redriveCount, input, outcome},
    by Step Functions' status event {detail: {executionArn}}, or of all that ended lately by a schedule.

    Raises CleanupPendingError, NotificationError, ServiceUnavailableError: to be asked again.
    """
    if "outcome" in event:
        run = Run(event["executionArn"], event["redriveCount"])
        return dict(finalizer.finalize(Ended(run, event["input"], event["outcome"])).outcome)
    if "executionArn" in event.get("detail", {}):
        ended = described_end(finalizer, states, event["detail"]["executionArn"], time.time())
        return dict(finalizer.finalize(ended).outcome) if ended else {}
    return sweep(finalizer, states, settings.state_machine_arn, time.time)
