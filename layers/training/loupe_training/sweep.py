"""The sure path: executions that ended lately, as Step Functions lists them, and were not finalized."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from loupe_core.errors import LoupeError
from loupe_core.observability import logger
from loupe_training.errors import CleanupPendingError
from loupe_training.finalize import Ended, Finalizer, ended_by_status
from loupe_training.names import Run

# An execution may take a week, and one that ended is looked at for three days.
STARTED_WITHIN_SECONDS = 10 * 86_400.0
ENDED_WITHIN_SECONDS = 3 * 86_400.0
# One that succeeded was finalized by its last state.
NOTHING_TO_DO = ("RUNNING", "SUCCEEDED")


def ended_lately(states: Any, state_machine_arn: str, now: float) -> Iterator[Run]:
    """Runs that did not succeed, the newest first; a redriven one with its count."""
    pages = states.get_paginator("list_executions").paginate(stateMachineArn=state_machine_arn)
    for page in pages:
        for each in page["executions"]:
            if each["startDate"].timestamp() < now - STARTED_WITHIN_SECONDS:
                return
            ended = each.get("stopDate")
            if (
                each["status"] not in NOTHING_TO_DO
                and ended
                and ended.timestamp() > now - ENDED_WITHIN_SECONDS
            ):
                yield Run(each["executionArn"], each.get("redriveCount", 0))


def sweep(
    finalizer: Finalizer, states: Any, state_machine_arn: str, clock: Callable[[], float]
) -> dict[str, Any]:
    """{"finalized", "pending"}: names of runs. Raises what the last one failed with that is overdue."""
    finalized: list[str] = []
    pending: list[str] = []
    failed: LoupeError | None = None
    for run in ended_lately(states, state_machine_arn, clock()):
        if finalizer.is_finalized(run):
            continue
        described: Mapping[str, Any] = states.describe_execution(executionArn=run.execution_arn)
        if described["status"] in NOTHING_TO_DO:
            continue
        ended = ended_by_status(described, clock())
        try:
            record = finalizer.finalize(ended)
            if record.left_over:
                raise CleanupPendingError(f"Left over of {run.name}: {', '.join(record.left_over)}.")
        except LoupeError as error:
            logger.warning("not finalized", extra={"run": run.name, "reason": str(error)})
            pending.append(run.name)
            failed = error if ended.overdue or not isinstance(error, CleanupPendingError) else failed
        else:
            finalized.append(run.name)
    if failed:
        raise failed
    return {"finalized": finalized, "pending": pending}


def described_end(states: Any, execution_arn: str) -> Ended | None:
    """What became of one execution, as its status event announces; None while it runs again, or succeeded."""
    described = states.describe_execution(executionArn=execution_arn)
    if described["status"] in NOTHING_TO_DO:
        return None
    return ended_by_status(described, datetime.now(UTC).timestamp())
