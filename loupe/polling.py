"""Following an execution by asking again and again, until it has ended."""

import time
from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar

from loupe.errors import CredentialsError, ServiceError, TargetError
from loupe.results import Execution

LOST_POLLS = 8
STOP_SECONDS = 60.0

T = TypeVar("T")


class Executions(Protocol):
    """Step Functions, as following uses it."""

    def describe(self, execution_arn: str, /) -> Execution: ...

    def stop(self, execution_arn: str, /) -> None: ...


def poll(
    look: Callable[[], tuple[Execution, T]], pause: Callable[[], None], goes_on: str
) -> Iterator[tuple[Execution, T]]:
    """What each look finds, the last one of an execution that has ended.

    A service that does not answer for a moment is borne; when it stays so, TargetError, which ends in
    `goes_on`: what runs by itself meanwhile.
    """
    lost = 0
    while True:
        try:
            execution, found = look()
            lost = 0
        except CredentialsError:
            raise
        except (TargetError, ServiceError) as error:
            lost += 1
            if lost > LOST_POLLS:
                raise TargetError(f"{error} {goes_on}") from error
            pause()
            continue
        yield execution, found
        if not execution.running:
            return
        pause()


def stop_and_wait(executions: Executions, arn: str, pause: Callable[[], None]) -> Execution:
    """Stop it; gives how it ended, or how it is after STOP_SECONDS."""
    executions.stop(arn)
    execution = executions.describe(arn)
    deadline = time.monotonic() + STOP_SECONDS
    while execution.running and time.monotonic() < deadline:
        pause()
        execution = executions.describe(arn)
    return execution
