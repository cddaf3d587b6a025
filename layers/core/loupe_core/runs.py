"""What an execution that took hours leaves is finalized once, whoever asks how often: trainings and batches.

The state machine asks at its own end; Step Functions' status event asks for executions that were stopped or
timed out; a schedule asks for all that ended lately, since events may be lost. The record of a run says what
was done; every write of it names what it replaces.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Generic, Protocol, TypeVar

from loupe_core.errors import LoupeError, TransientError
from loupe_core.observability import logger

# An execution that ended is looked at for three days.
ENDED_WITHIN_SECONDS = 3 * 86_400.0
# For so long what cannot be removed yet is waited for; then it is named as left over.
PATIENCE_SECONDS = 3600.0
# One that succeeded was finalized by its last state.
NOTHING_TO_DO = ("RUNNING", "PENDING_REDRIVE", "SUCCEEDED")
# S3's answers to a conditional write that came second.
CONFLICT = {"PreconditionFailed", "ConditionalRequestConflict", "409", "412"}


class CleanupPendingError(TransientError):
    """Something that an execution made cannot be removed yet, or another call is removing it."""


class ConflictError(Exception):
    """A conditional write came second."""


@dataclass(frozen=True)
class RunRecord:
    """`outcome` is the execution's output, or has {error, cause}; until `claimed_until` (seconds since 1970)
    it belongs to the call that is finalizing it. `etag` is None for a record that is not stored yet.
    """

    execution_arn: str
    redrive_count: int
    outcome: Mapping[str, Any] = field(default_factory=dict)
    notified: bool = False
    finalized: bool = False
    left_over: tuple[str, ...] = ()
    claimed_until: float = 0.0
    etag: str | None = field(default=None, compare=False)


class Run(Protocol):
    """An execution by its name, and where its record is."""

    @property
    def name(self) -> str: ...

    @property
    def record_key(self) -> str: ...


class Ended(Protocol):
    """An execution that has ended or is about to. `overdue`: it ended longer ago than PATIENCE_SECONDS."""

    @property
    def run(self) -> Run: ...

    @property
    def execution_arn(self) -> str: ...

    @property
    def redrive_count(self) -> int: ...

    @property
    def overdue(self) -> bool: ...


class Store(Protocol):
    """JSON objects of a bucket by key."""

    def read_with_etag(self, key: str) -> tuple[Any, str] | None: ...

    def write(self, key: str, value: Any, **condition: str) -> str:
        """Its ETag. Raises ConflictError where `condition` (IfMatch, IfNoneMatch) is not met."""
        ...


class RunRecords:
    """The records in their bucket."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def read(self, run: Run) -> RunRecord | None:
        found = self._store.read_with_etag(run.record_key)
        if found is None:
            return None
        content, etag = found
        return RunRecord(**{**content, "left_over": tuple(content["left_over"])}, etag=etag)

    def write(self, run: Run, record: RunRecord) -> RunRecord:
        """With its new etag. Raises CleanupPendingError where another call has written since it was read."""
        body = {name: value for name, value in asdict(record).items() if name != "etag"}
        condition = {"IfMatch": record.etag} if record.etag else {"IfNoneMatch": "*"}
        try:
            return replace(record, etag=self._store.write(run.record_key, body, **condition))
        except ConflictError as error:
            raise CleanupPendingError(f"Another call is finalizing {run.name}.") from error


E = TypeVar("E", bound=Ended)


class RunFinalizer(ABC, Generic[E]):
    """Finalizes runs. A call that died gives way after `lease_seconds`: more than its function may take."""

    def __init__(self, records: RunRecords, clock: Callable[[], float], lease_seconds: float) -> None:
        self._records, self._clock, self._lease_seconds = records, clock, lease_seconds

    def is_finalized(self, run: Run, redrive_count: int) -> bool:
        record = self._records.read(run)
        return record is not None and record.redrive_count >= redrive_count and record.finalized

    def finalize(self, ended: E) -> RunRecord:
        """What is recorded then; its outcome is in words that people understand.

        Raises CleanupPendingError and what `finish` raises, to be asked again.
        """
        record = self._claim(ended)
        if record.finalized:
            return record
        try:
            return self.finish(ended, record)
        except Exception:
            self._records.write(ended.run, replace(record, claimed_until=0.0))
            raise

    @abstractmethod
    def explained(self, ended: E) -> Mapping[str, Any]:
        """The outcome in words that people understand."""

    @abstractmethod
    def finish(self, ended: E, record: RunRecord) -> RunRecord:
        """Clean up, notify, and record both."""

    @abstractmethod
    def ended(self, described: Mapping[str, Any], now: float) -> E:
        """Of DescribeExecution's answer about an execution that did not succeed."""

    def _claim(self, ended: E) -> RunRecord:
        """The record, ours for a while. Raises CleanupPendingError where it is another call's."""
        found = self._records.read(ended.run)
        if found is None or found.redrive_count < ended.redrive_count:
            etag = found.etag if found else None
            found = RunRecord(ended.execution_arn, ended.redrive_count, self.explained(ended), etag=etag)
        if found.finalized:
            return found
        if found.claimed_until > self._clock():
            raise CleanupPendingError(f"Another call is finalizing {ended.run.name}.")
        return self._records.write(
            ended.run, replace(found, claimed_until=self._clock() + self._lease_seconds)
        )


def sweep(
    finalizer: RunFinalizer[E],
    states: Any,
    state_machine_arn: str,
    clock: Callable[[], float],
    *,
    run_of: Callable[[str], Run],
    started_within: float,
) -> dict[str, Any]:
    """The sure path: executions that ended lately, as Step Functions lists them, and were not finalized.

    `started_within` is the longest that an execution may take, and ENDED_WITHIN_SECONDS. Gives {"finalized",
    "pending"}: names of runs. Raises what the last one failed with that is overdue.
    """
    finalized: list[str] = []
    pending: list[str] = []
    failed: LoupeError | None = None
    for arn, redrive_count in _ended_lately(states, state_machine_arn, clock(), started_within):
        run = run_of(arn)
        if finalizer.is_finalized(run, redrive_count):
            continue
        ended = described_end(finalizer, states, arn, clock())
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


def described_end(finalizer: RunFinalizer[E], states: Any, execution_arn: str, now: float) -> E | None:
    """What became of one execution; None while it runs (again), or where it succeeded."""
    described = states.describe_execution(executionArn=execution_arn)
    return None if described["status"] in NOTHING_TO_DO else finalizer.ended(described, now)


def _ended_lately(
    states: Any, state_machine_arn: str, now: float, started_within: float
) -> Iterator[tuple[str, int]]:
    """Executions that did not succeed, the newest first, with the number of their redrives."""
    for page in states.get_paginator("list_executions").paginate(stateMachineArn=state_machine_arn):
        for each in page["executions"]:
            if each["startDate"].timestamp() < now - started_within:
                return
            stopped = each.get("stopDate")
            if each["status"] in NOTHING_TO_DO or stopped is None:
                continue
            if stopped.timestamp() > now - ENDED_WITHIN_SECONDS:
                yield each["executionArn"], each.get("redriveCount", 0)
