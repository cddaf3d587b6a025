"""Follow a run to its end."""

import time
from collections.abc import Callable, Iterator
from typing import Protocol

from loupe.batch.workflow import Progress
from loupe.errors import CredentialsError, ServiceError, TargetError
from loupe.results import Execution

POLL_SECONDS = 2.0
LOST_POLLS = 8
STOP_SECONDS = 60.0


class Workflow(Protocol):
    """What following needs of a cloud."""

    def describe(self, arn: str) -> Execution: ...

    def progress(self, arn: str) -> Progress: ...

    def stop(self, arn: str) -> None: ...


class Follower:
    """One run: `run` yields how far it is until it has ended; `outcome` is how."""

    def __init__(self, workflow: Workflow, arn: str, wait: Callable[[float], None] = time.sleep) -> None:
        self.arn = arn
        self.outcome: Execution | None = None
        self._workflow, self._wait = workflow, wait

    def run(self) -> Iterator[Progress]:
        """Polls. A service that does not answer for a moment is borne; TargetError when it stays so."""
        lost = 0
        while True:
            try:
                execution = self._workflow.describe(self.arn)
                found = self._workflow.progress(self.arn)
                lost = 0
            except CredentialsError:
                raise
            except (TargetError, ServiceError) as error:
                lost += 1
                if lost > LOST_POLLS:
                    raise TargetError(f"{error} The run goes on by itself: {self.arn}") from error
                self._wait(POLL_SECONDS)
                continue
            yield found
            if not execution.running:
                self.outcome = execution
                return
            self._wait(POLL_SECONDS)

    def stop(self) -> Execution:
        """Stop the run; gives how it ended. Its endpoint is removed by what looks after ended runs."""
        self._workflow.stop(self.arn)
        execution = self._workflow.describe(self.arn)
        deadline = time.monotonic() + STOP_SECONDS
        while execution.running and time.monotonic() < deadline:
            self._wait(POLL_SECONDS)
            execution = self._workflow.describe(self.arn)
        return execution
