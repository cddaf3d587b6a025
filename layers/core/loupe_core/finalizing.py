"""Finishing what an execution left pending: a record without an outcome, an outcome without a notification.

Four things come here: Step Functions' status events (best effort, by a queue), what an execution could not
record (by the same queue), a schedule that looks at everything pending past its lease (sure), and SNS,
which has taken a notification. docs/decisions/0059-pending-outcomes.md says why.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol

from loupe_core.claims import DELETED, RECEIVED, Claimant, is_reclaimable, iso, require_claimable, text
from loupe_core.contract import ImageReference
from loupe_core.errors import DuplicateError, ImageNotFoundError, LoupeError, SupersededError
from loupe_core.executions import LOST, RUNNING, SUCCEEDED, ExecutionState, failure_of
from loupe_core.messages import notification
from loupe_core.observability import correlate, logger
from loupe_core.outcomes import FAILED, Failure, Findings, Outcome
from loupe_core.recording import id_of, request_of
from loupe_core.records import ImagesTable
from loupe_core.removal import NO_VERSION, Pictures, remove_upload

# Who finishes a record has so long for it; then the next run of the schedule may.
FINALIZE_LEASE = timedelta(minutes=2)
MAX_PER_PARTITION = 25
# The schedule looks this far back for executions that were stopped: several of its runs.
STOPPED_WITHIN = timedelta(minutes=12)
# Who stopped an execution has so long to start another; the queue of status events has a like delay.
STOPPED_GRACE = timedelta(minutes=2)
FINAL = ("CLASSIFIED", "REJECTED", "FAILED")


class Topic(Protocol):
    """SNS, as finalizing uses it."""

    def publish(self, message: dict[str, Any]) -> None: ...


class ExecutionStates(Protocol):
    """Step Functions, as finalizing uses it."""

    def state(self, arn: str) -> ExecutionState: ...

    def is_over(self, arn: str) -> bool: ...

    def stopped(self, machine_arn: str, since: datetime, until: datetime) -> list[dict[str, Any]]: ...


@dataclass(frozen=True)
class Finalizer:
    """Finishes pictures. Every method may be repeated, and raises LoupeError where AWS refuses or fails."""

    table: ImagesTable
    storage: Pictures
    topic: Topic
    executions: ExecutionStates
    processed_bucket: str
    now: Callable[[], datetime]
    # Empty for an Express workflow, whose executions nobody can stop or list.
    machine_arn: str = ""

    def finish_pending(self) -> dict[str, int]:
        """All that is pending past its lease, and what was stopped before it had claimed its picture.

        One that fails does not keep the others.
        """
        now = self.now()
        stopped = self.executions.stopped(self.machine_arn, now - STOPPED_WITHIN, now - STOPPED_GRACE)
        work: list[tuple[dict[str, str], Callable[[], bool]]] = [
            ({"executionArn": str(each["executionArn"])}, partial(self._finish_stopped, each))
            for each in stopped
        ]
        for found in self.table.pending(now, MAX_PER_PARTITION):
            trace = {"imageId": str(found["imageId"]), "executionArn": text(found, "executionArn")}
            work.append((trace, partial(self._finish, trace["imageId"])))
        finished = failed = 0
        for trace, finish in work:
            correlate(trace)
            try:
                finished += finish()
            except LoupeError as error:
                failed += 1
                logger.error(str(error), extra={"error": type(error).__name__})
        if failed:
            raise SomePendingError(f"{failed} pictures could not be finished; {finished} were.")
        return {"finished": finished}

    def _finish_stopped(self, stopped: dict[str, Any]) -> bool:
        self.finish_execution(with_input(stopped))
        return False  # Most were finished before; it is not worth a look which.

    def finish_execution(self, execution: dict[str, Any]) -> None:
        """What an execution left that is over: a status event's detail, or Queue Outcome's message.

        `{executionArn, startedAt?, input, error, cause, status?, claimed?}`.
        """
        arn = str(execution["executionArn"])
        claimant = Claimant(arn, str(execution.get("startedAt", "")))
        request = request_of(execution.get("input"))
        image = id_of(self.table, request, claimant)
        correlate({"imageId": image, "executionArn": arn})
        if self.executions.state(arn).status == RUNNING and ":express:" not in arn:
            return  # It was redriven; it ends once more.
        record = self.table.get(image)
        if record is not None and text(record, "executionArn") == arn:
            self._finish(image, failure_of(execution), claim_is_over=True)
            return
        if request.is_folder_marker or (record is not None and text(record, "status") == DELETED):
            return
        try:
            require_claimable(record, request, claimant.claim_id, self.now(), self.executions.is_over)
            if record is not None and (request.manual or is_reclaimable(record)):
                return
            outcome = Outcome(FAILED, Findings(), failure=failure_of(execution) or LOST)
            extra = {"reclaimable": True, "finalizing": True}
            recorded = self.table.record_unclaimed(image, request, claimant, outcome, self.now(), **extra)
        except (DuplicateError, ImageNotFoundError, SupersededError):
            return  # Another execution has the picture, and gives it its outcome.
        self._notify(recorded)

    def acknowledge(self, image: str, claim_id: str, status: str) -> None:
        """SNS has taken the notification of this outcome."""
        correlate({"imageId": image, "executionArn": claim_id.partition("#")[0]})
        self.table.acknowledge(image, claim_id, status, self.now())

    def _finish(self, image: str, failure: Failure | None = None, *, claim_is_over: bool = False) -> bool:
        """Finish a pending record; False where there is nothing to finish, or somebody else is at it."""
        record = self.table.get(image)
        if record is None:
            return False
        # The former release's claims have no pending mark.
        if not text(record, "pending") and not (claim_is_over and record["status"] == RECEIVED):
            return False
        if record["status"] == DELETED:
            return self._remove(record)
        if record.get("finalizing") is True and text(record, "leaseUntil") > iso(self.now()):
            # Queue Outcome's message and the status event come at about the same time. Where the other run
            # fails, the schedule goes on.
            return False
        execution = ExecutionState("")
        if not claim_is_over:
            execution = self.executions.state(text(record, "executionArn"))
        if execution.status == RUNNING:
            self.table.take_over(record, self.now() + FINALIZE_LEASE)
            return False
        if record["status"] == RECEIVED:
            outcome = Outcome(FAILED, Findings(), failure=failure or execution.failure or LOST)
            until = self.now() + FINALIZE_LEASE
            revoked = self.table.revoke(record, outcome, self.now(), until)
            return revoked is not None and self._notify(revoked)
        if execution.status == SUCCEEDED and not text(record, "reviewId"):
            # It notified; only SNS's acknowledgement has not come. Of what a review recorded later it knows
            # nothing.
            return self.table.acknowledge(image, text(record, "claimId"), record["status"], self.now())
        if not self.table.take_over(record, self.now() + FINALIZE_LEASE):
            return False
        if claim_is_over:
            # Recorded, and most often notified just now: SNS's acknowledgement may still be under way. The
            # schedule notifies where it does not come within the lease.
            return False
        return record["status"] in FINAL and self._notify(record)

    def _notify(self, record: dict[str, Any]) -> bool:
        self.topic.publish(notification(record, self.processed_bucket))
        return self.table.acknowledge(
            record["imageId"], text(record, "claimId"), record["status"], self.now()
        )

    def _remove(self, tombstone: dict[str, Any]) -> bool:
        for version in sorted(tombstone.get("removals") or ()):
            given = None if version == NO_VERSION else version
            image = ImageReference(tombstone["bucket"], tombstone["key"], given)
            remove_upload(self.storage, self.processed_bucket, image)
            self.table.forget_removal(image)
        return True


class SomePendingError(LoupeError):
    """Some pictures are still pending; the log names each."""


def execution_of(message: str) -> dict[str, Any]:
    """What `finish_execution` takes, of a queued message: a status event, or Queue Outcome's words."""
    given = json.loads(message)
    return with_input(given.get("detail", given))


def with_input(execution: dict[str, Any]) -> dict[str, Any]:
    """The same with its input parsed; None where that is no JSON, or is missing."""
    given = execution.get("input")
    try:
        parsed = json.loads(given) if isinstance(given, str) else given
    except ValueError:
        parsed = None
    return {**execution, "input": parsed}
