"""Follow a run to its end."""

import time
from collections.abc import Callable, Iterator
from typing import Protocol

from loupe.batch.workflow import Progress
from loupe.polling import Executions, poll, stop_and_wait
from loupe.results import Execution

POLL_SECONDS = 2.0


class Workflow(Executions, Protocol):
    """What following needs of a cloud."""

    def progress(self, arn: str) -> Progress: ...


class Follower:
    """One run: `run` yields how far it is until it has ended; `outcome` is how."""

    def __init__(self, workflow: Workflow, arn: str, wait: Callable[[float], None] = time.sleep) -> None:
        self.arn = arn
        self.outcome: Execution | None = None
        self._workflow, self._wait = workflow, wait

    def run(self) -> Iterator[Progress]:
        """Polls. A service that does not answer for a moment is borne; TargetError when it stays so."""
        goes_on = f"The run goes on by itself: {self.arn}"
        for execution, found in poll(self._look, self._pause, goes_on):
            yield found
            if not execution.running:
                self.outcome = execution

    def stop(self) -> Execution:
        """Stop the run; gives how it ended. Its endpoint is removed by what looks after ended runs."""
        return stop_and_wait(self._workflow, self.arn, self._pause)

    def _look(self) -> tuple[Execution, Progress]:
        return self._workflow.describe(self.arn), self._workflow.progress(self.arn)

    def _pause(self) -> None:
        self._wait(POLL_SECONDS)
