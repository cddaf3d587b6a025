"""Follow a training execution and those nested in it to its end, or stop it."""

import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from loupe.errors import CommandError, CredentialsError, ServiceError, TargetError
from loupe.polling import Executions, poll, stop_and_wait
from loupe.results import Execution
from loupe.training.workflow import (
    Epoch,
    ExecutionStarted,
    Happening,
    JobStarted,
    happenings,
    parse_epoch,
)

POLL_SECONDS = 1.5
# AWS gives a container two minutes to save its model; then the instance goes.
JOB_STOP_SECONDS = 240.0
LATE_MS = 60_000


class Workflow(Executions, Protocol):
    """What following needs of a cloud."""

    def events(self, execution_arn: str, after: int) -> list[dict[str, Any]]: ...

    def log_lines(self, job: str, since_ms: int) -> Iterator[tuple[str, int, str]]: ...

    def job_has_ended(self, job: str) -> bool: ...

    def stop_job(self, job: str) -> None: ...


class Follower:
    """One execution: `run` yields what happens until it has ended; `outcome` is how."""

    def __init__(
        self, workflow: Workflow, execution_arn: str, wait: Callable[[float], None] = time.sleep
    ) -> None:
        self.arn = execution_arn
        self.job: str | None = None
        self.outcome: Execution | None = None
        self.log_trouble: str | None = None
        self._workflow, self._wait = workflow, wait
        # The newest event that was seen of each execution, the outermost first.
        self._seen = {execution_arn: 0}
        self._seen_lines: set[str] = set()
        self._newest_ms = 0
        self._epoch = 0

    def run(self) -> Iterator[Happening]:
        """Polls. A service that does not answer for a moment is borne; TargetError when it stays so."""
        goes_on = f"The execution goes on by itself: {self.arn}"
        for execution, found in poll(self._look_once, self._pause, goes_on):
            yield from found
            if not execution.running:
                self.outcome = execution

    def stop(self, notify: Callable[[str], None]) -> Execution:
        """Stop the execution and see that its training job ends; gives how the execution ended."""
        execution = stop_and_wait(self._workflow, self.arn, self._pause)
        if self.job:
            self._await_job(self.job, notify)
        return execution

    def _look_once(self) -> tuple[Execution, list[Happening]]:
        return self._workflow.describe(self.arn), list(self._look())

    def _pause(self) -> None:
        self._wait(POLL_SECONDS)

    def _await_job(self, job: str, notify: Callable[[str], None]) -> None:
        if self._workflow.job_has_ended(job):
            return
        # Step Functions stops it too, as best it can; asking twice does no harm.
        self._workflow.stop_job(job)
        notify(f"Waiting for the training job {job} to stop")
        deadline = time.monotonic() + JOB_STOP_SECONDS
        while not self._workflow.job_has_ended(job):
            if time.monotonic() > deadline:
                raise CommandError(
                    f"The training job {job} has not stopped yet. Look again, or stop it: "
                    f"aws sagemaker stop-training-job --training-job-name {job}"
                )
            self._pause()

    def _look(self) -> Iterator[Happening]:
        looked: set[str] = set()
        # A nested execution that has just begun is looked at in the same look.
        while waiting := [arn for arn in self._seen if arn not in looked]:
            for arn in waiting:
                looked.add(arn)
                yield from self._look_at(arn)
        if self.job and self.log_trouble is None:
            yield from self._epochs(self.job)

    def _look_at(self, arn: str) -> Iterator[Happening]:
        events = self._workflow.events(arn, self._seen[arn])
        for happening in happenings(events):
            if isinstance(happening, ExecutionStarted):
                self._seen.setdefault(happening.arn, 0)
                continue
            if isinstance(happening, JobStarted):
                # A repeated training job begins its epochs anew.
                self.job, self._epoch, self._newest_ms = happening.name, 0, 0
            yield happening
        if events:
            self._seen[arn] = int(events[-1]["id"])

    def _epochs(self, job: str) -> Iterator[Epoch]:
        try:
            lines = list(self._workflow.log_lines(job, max(0, self._newest_ms - LATE_MS)))
        except CredentialsError as error:
            # Who may not read logs may train all the same.
            self.log_trouble = str(error)
            return
        except (TargetError, ServiceError):
            return  # the next look finds the same lines
        for event_id, at, message in lines:
            self._newest_ms = max(self._newest_ms, at)
            if event_id in self._seen_lines:
                continue
            self._seen_lines.add(event_id)
            epoch = parse_epoch(message)
            if epoch and epoch.number > self._epoch:
                self._epoch = epoch.number
                yield epoch
