"""One execution while it runs: what the interpreter's every frame can reach."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto.stepfunctions.parser.asl.eval.evaluation_details import AWSExecutionDetails

from local.states.definitions import Parsed
from local.states.probe import Probe
from local.states.slots import Slots


class Run(AWSExecutionDetails):
    """Travels with moto's environment, in the place of its account, region and role.

    It counts the threads that work for the execution; while all of them wait (a Wait state, a retry's
    delay, a task token, a job), the execution's slot is free for another one.
    """

    def __init__(
        self,
        record: dict[str, Any],
        machine: dict[str, Any],
        account: str,
        region: str,
        slots: Slots,
        parsed: Parsed,
    ) -> None:
        super().__init__(account, region, machine["roleArn"])
        self.record = record
        self.machine = machine
        self.parsed, self.program, self.distributed = parsed, parsed.program, parsed.distributed
        self.fields = parsed.fields
        self.slots = slots
        # The state, input and variables that an execution which is redriven begins with.
        self.resumed: dict[str, Any] | None = record.get("_entered")
        self.probe: Probe | None = None
        self._lock = threading.Lock()
        self._working = 1

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """While the calling thread only waits."""
        self.stop_working()
        try:
            yield
        finally:
            self.start_working()

    @contextmanager
    def working(self) -> Iterator[None]:
        """While a further thread (a branch, an iteration) works."""
        self.start_working()
        try:
            yield
        finally:
            self.stop_working()

    def start_working(self) -> None:
        with self._lock:
            self._working += 1
            first = self._working == 1
        if first:
            self.slots.resume()

    def stop_working(self) -> None:
        with self._lock:
            self._working -= 1
            last = self._working == 0
        if last:
            self.slots.release()
