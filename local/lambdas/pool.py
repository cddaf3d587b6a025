"""How many worker processes live, and which invocation gets one.

Stock MiniStack starts a worker for every concurrent invocation of every function and keeps them, so a burst
over seven functions keeps dozens. Here a bounded number lives. Invocations queue for them in the order they
came; where all places are taken a new worker takes the place of another function's idle one, but a cold start
costs more than a short wait: as long as the function's own workers keep coming back, it waits for those. An
invocation that gets none in time is throttled, as where an account's concurrency is used up.
"""

import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from ministack.core import lambda_runtime

from local.lambdas.worker import PythonWorker

# As long as a worker of the function was given back or started this recently, one is waited for.
TURNOVER_SECONDS = 1.0
START_SECONDS = 3.0
WAIT_SECONDS = 5.0
# Workers also go without being given back: their function was changed, or they idled for long.
_LOOK_SECONDS = 0.25


class NoWorkerError(Exception):
    """No worker was free in time."""


@dataclass
class _Waiting:
    key: str
    config: dict[str, Any]
    code_zip: bytes
    served: threading.Event = field(default_factory=threading.Event)
    worker: PythonWorker | None = None


class WorkerPool:
    """Leases workers out of MiniStack's own pool, so that its invalidation and reaping go on working."""

    def __init__(self, limit: int, wait_seconds: float = WAIT_SECONDS) -> None:
        self._limit = limit
        self._wait_seconds = wait_seconds
        self._lock = lambda_runtime._lock
        self._queue: deque[_Waiting] = deque()
        # Until when each function's busy workers are waited for.
        self._due: dict[str, float] = {}

    def lease(self, config: dict[str, Any], code_zip: bytes) -> PythonWorker:
        """A worker for one invocation; give it back with `release`. NoWorkerError when none gets free."""
        waiting = _Waiting(_key(config), config, code_zip)
        deadline = time.monotonic() + self._wait_seconds
        with self._lock:
            self._queue.append(waiting)
        while True:
            self._serve()
            left = deadline - time.monotonic()
            if waiting.served.wait(max(0.0, min(left, _LOOK_SECONDS))):
                break
            if left <= 0:
                with self._lock:
                    if waiting.worker is None:
                        self._queue.remove(waiting)
                        raise NoWorkerError(f"all {self._limit} workers are busy")
        assert waiting.worker is not None
        return waiting.worker

    def release(self, worker: PythonWorker) -> None:
        """Take a worker back."""
        with self._lock:
            worker.in_use = False
            worker.last_used = time.time()
            self._due[_key(worker.config)] = time.monotonic() + TURNOVER_SECONDS
        self._serve()

    def busy(self) -> list[PythonWorker]:
        """The workers that serve an invocation now."""
        with self._lock:
            return [
                worker
                for workers in lambda_runtime._workers.values()
                for worker in workers
                if worker.in_use and isinstance(worker, PythonWorker)
            ]

    def _serve(self) -> None:
        """Give workers to those who wait, the longest first, as far as there are any."""
        victims: list[PythonWorker] = []
        with self._lock:
            for waiting in list(self._queue):
                worker = self._worker_for(waiting, victims)
                if worker is not None:
                    worker.in_use = True
                    worker.last_used = time.time()
                    waiting.worker = worker
                    self._queue.remove(waiting)
                    waiting.served.set()
        if victims:
            lambda_runtime.kill_workers(victims)

    def _worker_for(self, waiting: _Waiting, victims: list[PythonWorker]) -> PythonWorker | None:
        own = lambda_runtime._workers.setdefault(waiting.key, [])
        idle: PythonWorker | None = next((worker for worker in own if not worker.in_use), None)
        if idle is not None:
            return idle
        if self._live() >= self._limit:
            victim = self._take_idle(hurried=not own or not self._turns_over(waiting.key))
            if victim is None:
                return None
            victims.append(victim)
        worker = PythonWorker(waiting.config["FunctionName"], waiting.config, waiting.code_zip)
        own.append(worker)
        self._due[waiting.key] = time.monotonic() + START_SECONDS
        return worker

    def _turns_over(self, key: str) -> bool:
        return time.monotonic() < self._due.get(key, 0.0)

    def _live(self) -> int:
        return sum(len(workers) for workers in lambda_runtime._workers.values())

    def _take_idle(self, *, hurried: bool) -> PythonWorker | None:
        """One that nobody has needed for a while, the longest idle first; if hurried, else one of a function
        that has several, else any.
        """
        awhile_ago = time.time() - TURNOVER_SECONDS
        idle: list[tuple[bool, bool, float, str, PythonWorker]] = []
        for key, workers in lambda_runtime._workers.items():
            for worker in workers:
                recent = worker.last_used > awhile_ago
                if not worker.in_use and (hurried or not recent):
                    only_one = recent and len(workers) == 1
                    idle.append((recent, only_one, worker.last_used, key, worker))
        if not idle:
            return None
        *_, key, taken = min(idle, key=lambda entry: entry[:3])
        lambda_runtime._workers[key].remove(taken)
        return taken


def _key(config: dict[str, Any]) -> str:
    """What MiniStack keeps a function's workers under: its name and version."""
    key: str = lambda_runtime._worker_key(config["FunctionName"], config, config.get("Version", "$LATEST"))
    return key
