"""Finalizing a run: its temporary endpoint is removed, and one message goes out, whoever asks how often.

The state machine asks at its own end; Step Functions' status event asks for executions that were stopped or
timed out; a schedule asks for all that ended lately, since events may be lost.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from loupe_batch.errors import CleanupPendingError
from loupe_batch.messages import message
from loupe_batch.names import Run
from loupe_batch.records import RunRecord, RunRecords
from loupe_batch.sagemaker import BUSY, DELETING, Hosting
from loupe_batch.storage import Storage
from loupe_core.errors import AccessDeniedError, LoupeError
from loupe_core.observability import logger
from loupe_core.outcomes import Failure
from loupe_core.topic import Topic

# A call that died gives way after this; the function may take a minute.
LEASE_SECONDS = 90.0
# For so long what cannot be removed yet is waited for; then it is named as left over.
PATIENCE_SECONDS = 3600.0
# An execution may take a fortnight, and one that ended is looked at for three days.
STARTED_WITHIN_SECONDS = 17 * 86_400.0
ENDED_WITHIN_SECONDS = 3 * 86_400.0
# One that succeeded was finalized by its last state.
NOTHING_TO_DO = ("RUNNING", "PENDING_REDRIVE", "SUCCEEDED")


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


class Finalizer:
    """The services around a run's end."""

    def __init__(
        self, storage: Storage, hosting: Hosting, topic: Topic, console: str, clock: Callable[[], float]
    ) -> None:
        self._storage, self._hosting, self._topic = storage, hosting, topic
        self._console, self._clock = console, clock
        self._records = RunRecords(storage)

    def is_finalized(self, run: Run, redrive_count: int) -> bool:
        record = self._records.read(run)
        return record is not None and record.redrive_count >= redrive_count and record.finalized

    def finalize(self, ended: Ended) -> RunRecord:
        """What is recorded then.

        Raises CleanupPendingError, NotificationFailedError, ServiceUnavailableError: to be asked again.
        """
        record = self._claim(ended)
        if record.finalized:
            return record
        try:
            return self._finish(ended, record)
        except Exception:
            self._records.write(ended.run, replace(record, claimed_until=0.0))
            raise

    def _claim(self, ended: Ended) -> RunRecord:
        """The record, ours for a while. Raises CleanupPendingError where it is another call's."""
        found = self._records.read(ended.run)
        if found is None or found.redrive_count < ended.redrive_count:
            etag = found.etag if found else None
            found = RunRecord(ended.execution_arn, ended.redrive_count, explained(ended.outcome), etag=etag)
        if found.finalized:
            return found
        if found.claimed_until > self._clock():
            raise CleanupPendingError(f"Another call is finalizing {ended.run.name}.")
        return self._records.write(ended.run, replace(found, claimed_until=self._clock() + LEASE_SECONDS))

    def _finish(self, ended: Ended, record: RunRecord) -> RunRecord:
        left_over = self._remove_endpoint(ended)
        if not record.notified:
            if self._is_to_be_notified(ended.run):
                arn = ended.execution_arn
                self._topic.publish(message(ended.run.name, record.outcome, left_over, arn, self._console))
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


def explained(outcome: Mapping[str, Any]) -> Mapping[str, Any]:
    """A function's failure has a stack trace around its cause; people get the cause."""
    failure = Failure.parse({"Error": outcome.get("error"), "Cause": outcome.get("cause")})
    return outcome if failure is None else {**outcome, "error": failure.name, "cause": failure.cause}


def ended_by_status(described: Mapping[str, Any], now: float) -> Ended:
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


def described_end(states: Any, execution_arn: str, now: float) -> Ended | None:
    """What became of one execution; None while it runs, or where it succeeded."""
    described = states.describe_execution(executionArn=execution_arn)
    return None if described["status"] in NOTHING_TO_DO else ended_by_status(described, now)


def ended_lately(states: Any, state_machine_arn: str, now: float) -> Iterator[tuple[str, int]]:
    """Executions that did not succeed, the newest first, with the number of their redrives."""
    for page in states.get_paginator("list_executions").paginate(stateMachineArn=state_machine_arn):
        for each in page["executions"]:
            if each["startDate"].timestamp() < now - STARTED_WITHIN_SECONDS:
                return
            stopped = each.get("stopDate")
            if each["status"] in NOTHING_TO_DO or stopped is None:
                continue
            if stopped.timestamp() > now - ENDED_WITHIN_SECONDS:
                yield each["executionArn"], each.get("redriveCount", 0)


def sweep(
    finalizer: Finalizer, states: Any, state_machine_arn: str, clock: Callable[[], float]
) -> dict[str, Any]:
    """{finalized, pending}: names of runs. Raises what the last one failed with that is overdue."""
    finalized: list[str] = []
    pending: list[str] = []
    failed: LoupeError | None = None
    for arn, redrive_count in ended_lately(states, state_machine_arn, clock()):
        run = Run.of(arn)
        if finalizer.is_finalized(run, redrive_count):
            continue
        ended = described_end(states, arn, clock())
        if ended is None:
            continue
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
