"""Finalizing a run: its temporary endpoint is removed, and one message goes out (loupe_core.runs: once)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from loupe_batch.messages import message
from loupe_batch.names import Run
from loupe_batch.sagemaker import BUSY, DELETING, Hosting
from loupe_batch.storage import Storage
from loupe_core import runs
from loupe_core.errors import AccessDeniedError
from loupe_core.observability import logger
from loupe_core.outcomes import Failure
from loupe_core.runs import (
    ENDED_WITHIN_SECONDS,
    PATIENCE_SECONDS,
    CleanupPendingError,
    RunFinalizer,
    RunRecord,
    RunRecords,
)
from loupe_core.topic import Topic

# A call that died gives way after this; the function may take a minute.
LEASE_SECONDS = 90.0
# An execution may take a fortnight.
MAX_RUN_SECONDS = 14 * 86_400.0


@dataclass(frozen=True)
class Ended:
    """An execution that has ended or is about to. `overdue`: it ended longer ago than PATIENCE_SECONDS."""

    execution_arn: str
    redrive_count: int
    outcome: Mapping[str, Any]
    overdue: bool = False

    @property
    def run(self) -> Run:
        return Run.of(self.execution_arn)


class Finalizer(RunFinalizer[Ended]):
    """The services around a run's end."""

    def __init__(self, storage: Storage, hosting: Hosting, topic: Topic, clock: Callable[[], float]) -> None:
        super().__init__(RunRecords(storage), clock, LEASE_SECONDS)
        self._storage, self._hosting, self._topic = storage, hosting, topic

    def explained(self, ended: Ended) -> Mapping[str, Any]:
        """A function's failure has a stack trace around its cause; people get the cause."""
        outcome = ended.outcome
        failure = Failure.parse({"Error": outcome.get("error"), "Cause": outcome.get("cause")})
        return outcome if failure is None else {**outcome, "error": failure.name, "cause": failure.cause}

    def ended(self, described: Mapping[str, Any], now: float) -> Ended:
        """Of DescribeExecution's answer about an execution that did not succeed."""
        status, overdue = described["status"], described["stopDate"].timestamp() < now - PATIENCE_SECONDS
        names = {"ABORTED": "ExecutionAborted", "TIMED_OUT": "States.Timeout"}
        failure = Failure.parse({"Error": described.get("error"), "Cause": described.get("cause")})
        outcome = {
            "status": "FAILED",
            "error": names.get(status) or (failure.name if failure else status),
            "cause": failure.cause if failure else f"The execution ended as {status}.",
        }
        return Ended(described["executionArn"], described.get("redriveCount", 0), outcome, overdue)

    def finish(self, ended: Ended, record: RunRecord) -> RunRecord:
        left_over = self._remove_endpoint(ended)
        if not record.notified:
            if self._is_to_be_notified(ended.run):
                arn = ended.execution_arn
                self._topic.publish(message(ended.run.name, record.outcome, left_over, arn))
            record = self._records.write(ended.run, replace(record, notified=True))
        # What may not be removed is tried again by the schedule, until somebody allows it.
        done = replace(record, finalized=not left_over, left_over=left_over, claimed_until=0.0)
        return self._records.write(ended.run, done)

    def _remove_endpoint(self, ended: Ended) -> tuple[str, ...]:
        """What is left over of it because nobody may remove it."""
        name = ended.run.endpoint
        try:
            found = self._hosting.status(name)
            if found is not None and found[0] in BUSY:
                # An endpoint that is being created cannot be deleted yet.
                if not ended.overdue:
                    raise CleanupPendingError(f"The endpoint {name} is {found[0]} and cannot be removed yet.")
                return (f"the endpoint {name}",)
            if found is not None and found[0] != DELETING:
                self._hosting.delete_endpoint(name)
            self._hosting.delete_config(name)
        except AccessDeniedError as error:
            logger.warning("not removed", extra={"endpoint": name, "reason": str(error)})
            return (f"the endpoint and the configuration {name}, if they are there",)
        return ()

    def _is_to_be_notified(self, run: Run) -> bool:
        plan = self._storage.read(run.plan_key)
        return plan is None or bool(plan["notify"])


def sweep(
    finalizer: Finalizer, states: Any, state_machine_arn: str, clock: Callable[[], float]
) -> dict[str, Any]:
    """Finalize what ended lately and was not (loupe_core.runs)."""
    started_within = MAX_RUN_SECONDS + ENDED_WITHIN_SECONDS
    return runs.sweep(
        finalizer, states, state_machine_arn, clock, run_of=Run.of, started_within=started_within
    )
