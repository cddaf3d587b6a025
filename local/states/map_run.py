"""One map run: its children, its counts and its record."""

import contextvars
import threading
import uuid
from collections import Counter
from dataclasses import replace
from typing import Any

from ministack.core.responses import now_iso
from ministack.services import stepfunctions

from local.states import shapes
from local.states.engine import Execution
from local.states.run import Run

_STOP_POLL_SECONDS = 0.2
_COUNTS = ("pending", "running", "succeeded", "failed", "timedOut", "aborted", "total", "resultsWritten")
_COUNT_NAMES = {"SUCCEEDED": "succeeded", "FAILED": "failed", "TIMED_OUT": "timedOut", "ABORTED": "aborted"}


class MapRun:
    """Runs children, `concurrency` at once, until all have ended, too many failed or the parent ended."""

    def __init__(
        self, env: Any, state: Any, express: bool, concurrency: int, count: int, percentage: float
    ) -> None:
        parent: Run = env.aws_execution_details
        self._env, self._parent, self._express = env, parent, express
        self._concurrency, self._tolerated = concurrency, (count, percentage)
        self._program = state.iteration_component._get_iteration_program()
        label = state.label.label if state.label else uuid.uuid4().hex[:12]
        machine_arn = parent.machine["stateMachineArn"]
        self.machine = {
            **parent.machine,
            "stateMachineArn": f"{machine_arn}/{label}",
            "name": f"{parent.machine['name']}/{label}",
            "type": "EXPRESS" if express else "STANDARD",
        }
        self.arn = f"{machine_arn.replace(':stateMachine:', ':mapRun:')}/{label}:{uuid.uuid4()}"
        self._changed = threading.Condition()
        self._open: dict[int, tuple[Execution, int]] = {}
        self._ended: dict[int, tuple[dict[str, Any], int]] = {}
        self._items = 0
        self.record: dict[str, Any] = {
            "mapRunArn": self.arn,
            "executionArn": parent.record["executionArn"],
            "status": "RUNNING",
            "startDate": now_iso(),
            "maxConcurrency": concurrency,
            "toleratedFailurePercentage": percentage,
            "toleratedFailureCount": count,
            "_stateMachineArn": machine_arn,
            "redriveCount": 0,
        }
        self._count()
        stepfunctions._map_runs[self.arn] = self.record

    def run(self, inputs: list[tuple[Any, int]], items: int) -> None:
        """Children for `inputs`, each with its number of items, `items` in all."""
        self._items = items
        waiting = list(enumerate(inputs))
        waiting.reverse()
        with self._parent.waiting(), self._changed:
            while (waiting or self._open) and self._env.is_running() and not self.exceeded():
                while waiting and len(self._open) < self._concurrency:
                    index, (given, size) = waiting.pop()
                    self._launch(index, given, size)
                self._changed.wait(_STOP_POLL_SECONDS)
                self._count(len(waiting))
            abandoned = [execution for execution, _ in self._open.values()]
        for execution in abandoned:
            execution.end("ABORTED")
        with self._changed:
            self._ended.update(
                {index: (execution.record, size) for index, (execution, size) in self._open.items()}
            )
            self._open.clear()
            self._count(len(waiting))

    def _launch(self, index: int, given: Any, size: int) -> None:
        name = str(uuid.uuid4())
        kind = ":express:" if self._express else ":execution:"
        arn = self.machine["stateMachineArn"].replace(":stateMachine:", kind) + f":{name}"
        record: dict[str, Any] = {
            "executionArn": arn,
            "stateMachineArn": self.machine["stateMachineArn"],
            "name": name,
            "status": "RUNNING",
            "startDate": now_iso(),
            "stopDate": None,
            "input": shapes.compact(given),
            "output": None,
            "error": None,
            "cause": None,
            "inputDetails": {"included": True},
            "outputDetails": {"included": True},
            "redriveCount": 0,
            "mapRunArn": self.arn,
            "events": [],
        }
        parsed = replace(self._parent.parsed, program=self._program)
        run = Run(record, self.machine, self._parent.account, self._parent.region, self._parent.slots, parsed)
        execution = Execution(run)
        if not self._express:
            stepfunctions._executions[arn] = record
        self._open[index] = (execution, size)
        context = contextvars.copy_context()
        self._parent.slots.submit(lambda: context.run(self._work, index, execution), name=f"child {name}")

    def _work(self, index: int, execution: Execution) -> None:
        try:
            execution.execute()
        finally:
            execution.run.stop_working()
            with self._changed:
                opened = self._open.pop(index, None)
                if opened is not None:
                    self._ended[index] = (execution.record, opened[1])
                if self._express:
                    execution.record["events"] = []  # they can be read in the logs only
                self._changed.notify_all()

    def exceeded(self) -> bool:
        """Whether more items have failed than are tolerated; with neither tolerance given, none is."""
        failed = sum(
            size for record, size in self._ended.values() if record["status"] in ("FAILED", "TIMED_OUT")
        )
        count, percentage = self._tolerated
        if not failed:
            return False
        over_count = failed > count if count else not percentage
        over_percentage = failed * 100 > percentage * max(1, self._items) if percentage else not count
        return over_count or over_percentage

    def records(self) -> list[dict[str, Any]]:
        """The children's records in the order of their items."""
        return [record for _, (record, _) in sorted(self._ended.items())]

    def finish(self, status: str) -> None:
        self._count()
        self.record.update(status=status, stopDate=now_iso())

    def _count(self, waiting: int = 0) -> None:
        executions: Counter[str] = Counter(running=len(self._open), pending=waiting)
        items: Counter[str] = Counter(running=sum(size for _, size in self._open.values()))
        for record, size in self._ended.values():
            name = _COUNT_NAMES.get(record["status"], "running")
            executions[name] += 1
            items[name] += size
        executions["total"] = sum(executions.values())
        items["pending"] = max(0, self._items - sum(items.values()))
        items["total"] = self._items
        for counter, key in ((executions, "executionCounts"), (items, "itemCounts")):
            counter["resultsWritten"] = counter["succeeded"]
            self.record[key] = {name: counter[name] for name in _COUNTS}
