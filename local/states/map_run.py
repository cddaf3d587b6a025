"""One map run: its children, its counts and its record.

AWS: DescribeMapRun counts children and their items; UpdateMapRun changes concurrency and tolerances while it
runs; when the parent is redriven, the same map run goes on with what did not succeed: Express children run
again whole, Standard ones from the state they failed in.
Here children beyond a number wait for their turn, results are kept on disk, and the newest map runs that did
not succeed can be redriven.
"""

import contextvars
import threading
import uuid
from collections import Counter, OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from ministack.core.responses import now_iso
from ministack.services import stepfunctions

from local.states import executions, express, result_writer, retention, shapes
from local.states.archive import Record
from local.states.engine import Execution
from local.states.run import Run
from local.states.spool import Spool

MAX_CONCURRENT_CHILDREN = 40
KEPT_RUNS = 20
_STOP_POLL_SECONDS = 0.2
_COUNTS = (
    "pending",
    "running",
    "succeeded",
    "failed",
    "timedOut",
    "aborted",
    "total",
    "resultsWritten",
    "failuresNotRedrivable",
    "pendingRedrive",
)
_COUNT_NAMES = {"SUCCEEDED": "succeeded", "FAILED": "failed", "TIMED_OUT": "timedOut", "ABORTED": "aborted"}


@dataclass(frozen=True)
class Ended:
    """A child that has ended: its status, its number of items and where its description is."""

    status: str
    size: int
    number: int


class MapRun:
    """Runs children, some at once, until all have ended, too many failed or the parent ended."""

    def __init__(self, env: Any, state: Any, express_children: bool, limits: dict[str, Any]) -> None:
        parent: Run = env.aws_execution_details
        self._express = express_children
        label = state.label.label if state.label else uuid.uuid4().hex[:12]
        machine_arn = parent.machine["stateMachineArn"]
        self.machine = {
            **parent.machine,
            "stateMachineArn": f"{machine_arn}/{label}",
            "name": f"{parent.machine['name']}/{label}",
            "type": "EXPRESS" if express_children else "STANDARD",
        }
        self.arn = f"{machine_arn.replace(':stateMachine:', ':mapRun:')}/{label}:{uuid.uuid4()}"
        self.items: Spool | None = None
        self._results = Spool()
        self._changed = threading.Condition()
        self._open: dict[int, tuple[Execution, int]] = {}
        self._ended: dict[int, Ended] = {}
        self._again: list[tuple[int, Ended]] = []
        self._launched, self._waiting = 0, 0
        self._batches: Iterator[tuple[Any, int]] = iter(())
        self._executions: Counter[str] = Counter()
        self._items: Counter[str] = Counter()
        self._attach(env, state)
        self.record: dict[str, Any] = {
            "mapRunArn": self.arn,
            "executionArn": parent.record["executionArn"],
            "status": "RUNNING",
            "startDate": now_iso(),
            "stopDate": None,
            "_stateMachineArn": machine_arn,
            "redriveCount": 0,
            **limits,
        }
        self._count()
        stepfunctions._map_runs[self.arn] = self.record

    def _attach(self, env: Any, state: Any) -> None:
        self._env, self._parent = env, env.aws_execution_details
        self._program = state.iteration_component._get_iteration_program()

    def redrive(self, env: Any, state: Any, limits: dict[str, Any]) -> None:
        """Goes on for an execution that is redriven, with the children that did not succeed."""
        self._attach(env, state)
        again = [(index, ended) for index, ended in self._ended.items() if ended.status != "SUCCEEDED"]
        for index, ended in again:
            del self._ended[index]
            self._tally(_COUNT_NAMES[ended.status], -ended.size)
        self._again = sorted(again, reverse=True)
        count = self.record["redriveCount"] + 1
        self.record.update(
            status="RUNNING", stopDate=None, redriveCount=count, redriveDate=now_iso(), **limits
        )

    def run(self, batches: Iterator[tuple[Any, int]], waiting: int) -> None:
        """Children for `batches`, each an input and its number of items; `waiting` of them, if that is known.

        When a map run is redriven, `batches` are those it has not come to.
        """
        self._batches, self._waiting = batches, waiting
        more = True
        try:
            with self._parent.waiting(), self._changed:
                while (more or self._open) and self._env.is_running() and not self.exceeded():
                    while more and len(self._open) < self._concurrency():
                        more = self._launch_next()
                    self._count()
                    if self._open:
                        self._changed.wait(_STOP_POLL_SECONDS)
        finally:
            self._abandon()

    def _abandon(self) -> None:
        """Ends the children that still run."""
        with self._changed:
            abandoned = [execution for execution, _ in self._open.values()]
        for execution in abandoned:
            execution.end("ABORTED")
        with self._changed:
            for index, (execution, size) in self._open.items():
                self._keep(index, execution.record, size)
            self._open.clear()
            self._count()

    def _concurrency(self) -> int:
        return min(self.record["maxConcurrency"] or MAX_CONCURRENT_CHILDREN, MAX_CONCURRENT_CHILDREN)

    def _launch_next(self) -> bool:
        """Starts one more child, one that is redriven first; False if there is none."""
        if self._again:
            index, ended = self._again.pop()
            self._launch(index, ended.size, self._redriven(self._results[ended.number]))
            return True
        batch = next(self._batches, None)
        if batch is None:
            self._waiting = 0
            return False
        given, size = batch
        index, self._launched = self._launched, self._launched + 1
        self._waiting = max(0, self._waiting - 1)
        kind, name = ":express:" if self._express else ":execution:", str(uuid.uuid4())
        arn = self.machine["stateMachineArn"].replace(":stateMachine:", kind) + f":{name}"
        record = executions.new_record(self.machine, arn, name, {"input": shapes.compact(given)})
        record["mapRunArn"] = self.arn
        self._launch(index, size, record)
        return True

    def _redriven(self, child: dict[str, Any]) -> dict[str, Any]:
        """The record of a child that runs again."""
        record = None if self._express else stepfunctions._executions.get(child["ExecutionArn"])
        if isinstance(record, Record):
            record.restore()
        if record is None:
            arn, name = child["ExecutionArn"], child["Name"]
            record = executions.new_record(self.machine, arn, name, {"input": child["Input"]})
            record["mapRunArn"] = self.arn
        count = child["RedriveCount"] + 1
        record.update(
            status="RUNNING", stopDate=None, error=None, cause=None, redriveCount=count, redriveDate=now_iso()
        )
        return record

    def _launch(self, index: int, size: int, record: dict[str, Any]) -> None:
        parent = self._parent
        parsed = replace(parent.parsed, program=self._program)
        run = Run(record, self.machine, parent.account, parent.region, parent.slots, parsed)
        execution = Execution(run)
        if not self._express:
            stepfunctions._executions[record["executionArn"]] = record
        self._open[index] = (execution, size)
        context = contextvars.copy_context()
        name = f"child {record['name']}"
        parent.slots.submit(lambda: context.run(self._work, index, execution), name=name)

    def _work(self, index: int, execution: Execution) -> None:
        try:
            if self._express:
                express.execute(execution)
            else:
                execution.execute()
                execution.run.stop_working()
        finally:
            with self._changed:
                opened = self._open.pop(index, None)
                if opened is not None:
                    self._keep(index, execution.record, opened[1])
                self._changed.notify_all()

    def _keep(self, index: int, record: dict[str, Any], size: int) -> None:
        number = self._results.add(result_writer.described(record))
        self._ended[index] = Ended(record["status"], size, number)
        self._tally(_COUNT_NAMES[record["status"]], size)
        if not self._express:
            retention.ended(record)

    def _tally(self, name: str, size: int) -> None:
        self._executions[name] += 1 if size > 0 else -1
        self._items[name] += size

    def exceeded(self) -> bool:
        """Whether more items have failed than are tolerated; with neither tolerance given, none is."""
        failed = self._items["failed"] + self._items["timedOut"]
        count, percentage = self.record["toleratedFailureCount"], self.record["toleratedFailurePercentage"]
        if not failed:
            return False
        over_count = failed > count if count else not percentage
        items = max(1, len(self.items or ()))
        over_percentage = failed * 100 > percentage * items if percentage else not count
        return bool(over_count or over_percentage)

    def children(self, *statuses: str) -> Iterator[dict[str, Any]]:
        """Descriptions of the children that ended so, in the order of their items."""
        for _, ended in sorted(self._ended.items()):
            if ended.status in statuses:
                yield self._results[ended.number]

    def pending(self) -> Iterator[dict[str, Any]]:
        """Descriptions of children that were never started."""
        arn = self.machine["stateMachineArn"]
        for given, _ in self._batches:
            details = {"Input": shapes.compact(given), "InputDetails": {"Included": True}}
            yield {**details, "StateMachineArn": arn, "Status": "PENDING"}

    def launched(self) -> int:
        """How many batches have become children."""
        return self._launched

    def finish(self, status: str, written: bool = False) -> None:
        """Writes the ending; a run that did not succeed is kept for a redrive."""
        if written:
            for counter in (self._executions, self._items):
                ended = ("succeeded", "failed", "timedOut", "aborted")
                counter["resultsWritten"] = sum(counter[name] for name in ended)
        self._count()
        self.record.update(status=status, stopDate=now_iso())
        if status == "SUCCEEDED":
            self.close()
        else:
            _keep_for_redrive(self)

    def close(self) -> None:
        """Frees the disk."""
        self._results.close()
        if self.items is not None:
            self.items.close()

    def _count(self) -> None:
        running = (len(self._open), sum(size for _, size in self._open.values()))
        again = (len(self._again), sum(ended.size for _, ended in self._again))
        for counter, key, place in ((self._executions, "executionCounts", 0), (self._items, "itemCounts", 1)):
            counter["running"], counter["pendingRedrive"] = running[place], again[place]
            counted = sum(counter[name] for name in ("running", *_COUNT_NAMES.values()))
            if place:
                counter["total"] = len(self.items or ())
                counter["pending"] = max(0, counter["total"] - counted - again[place])
            else:
                counter["pending"] = self._waiting
                counter["total"] = counted + again[place] + self._waiting
            self.record[key] = {name: counter[name] for name in _COUNTS}


_kept: OrderedDict[tuple[str, str], MapRun] = OrderedDict()
_kept_lock = threading.Lock()


def _keep_for_redrive(run: MapRun) -> None:
    with _kept_lock:
        _kept[run.record["executionArn"], run.record["_state"]] = run
        while len(_kept) > KEPT_RUNS:
            _kept.popitem(last=False)[1].close()


def unfinished(execution_arn: str, state: str) -> MapRun | None:
    """The map run that a state of an execution began and that did not succeed."""
    with _kept_lock:
        return _kept.pop((execution_arn, state), None)
