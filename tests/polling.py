"""Wait for something to become true: ask again and again until a deadline, never sleep and hope."""

import time
from collections.abc import Callable
from typing import Protocol, TypeVar

Answer = TypeVar("Answer")


class WaitFor(Protocol):
    """The form of `wait_for`."""

    def __call__(
        self, question: Callable[[], Answer], awaited: str = ..., seconds: float = ..., interval: float = ...
    ) -> Answer: ...


def wait_for(
    question: Callable[[], Answer], awaited: str = "it", seconds: float = 30.0, interval: float = 0.1
) -> Answer:
    """The first true answer; AssertionError with the last answer when none came in time."""
    deadline = time.monotonic() + seconds
    while not (answer := question()):
        if time.monotonic() > deadline:
            raise AssertionError(f"Waited {seconds:g} seconds for {awaited}; the last answer was {answer!r}")
        time.sleep(interval)
    return answer
