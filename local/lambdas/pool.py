"""How many worker processes live, and which invocation gets one.

Stock MiniStack starts a worker for every concurrent invocation of every function and keeps them, so a burst
over seven functions keeps dozens. Here a bounded number lives. Invocations queue for them in the order they
came. A cold start costs a second of a processor, a short wait nothing: a function that has its share of the
places waits for its own workers as long as they keep coming back. Else a burst that goes from function to
function would start a worker in every place for each of them in turn. Where all places are taken, a new
worker takes that of another function's idle one. An invocation that gets none in time is throttled, as where
an account's concurrency is used up.
"""

import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from ministack.core import lambda_runtime

from local.lambdas.worker import PythonWorker

# As long as a worker of the function was given back or got ready this recently, one is waited for; where the
# last invocation took long, as on a busy machine all do, this many times as long as that.
TURNOVER_SECONDS = 1.0
TURNOVERS = 3.0
# A function's last worker stays for longer than one of several.
ONLY_ONE_SECONDS = 10.0
WAIT_SECONDS = 15.0
# A function starts more workers than this part of the places only where its own do not come back.
SHARES = 6
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
        self._share = max(2, limit // SHARES)
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
            # MiniStack's own field, which until now says when the lease began.
            took = time.time() - worker.last_used
            worker.last_used = time.time()
            self._due[_key(worker.config)] = time.monotonic() + max(TURNOVER_SECONDS, TURNOVERS * took)
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
        full = self._live() >= self._limit
        if own and (full or len(own) >= self._share) and self._turns_over(waiting.key, own):
            return None
        if full:
            victim = self._take_idle(hurried=not own)
            if victim is None:
                return None
            victims.append(victim)
        worker = PythonWorker(waiting.config["FunctionName"], waiting.config, waiting.code_zip)
        own.append(worker)
        return worker

    def _turns_over(self, key: str, own: list[PythonWorker]) -> bool:
        """Whether one of the function's own workers is soon to be expected."""
        ready = [worker.ready_at for worker in own if worker.ready_at is not None]
        # As many may start as are ready and do not come back: what is held up gets all places soon.
        if 2 * len(ready) <= len(own):
            return True
        due = self._due.get(key, 0.0)
        return time.monotonic() < max([due, *(each + TURNOVER_SECONDS for each in ready)])

    def _live(self) -> int:
        return sum(len(workers) for workers in lambda_runtime._workers.values())

    def _take_idle(self, *, hurried: bool) -> PythonWorker | None:
        """One that nobody has needed for a while, the longest idle first; if hurried, else one of a function
        that has several, else any.
        """
        now = time.time()
        idle: list[tuple[bool, bool, float, str, PythonWorker]] = []
        for key, workers in lambda_runtime._workers.items():
            for worker in workers:
                unused = now - worker.last_used
                recent, only_one = unused < TURNOVER_SECONDS, len(workers) == 1 and unused < ONLY_ONE_SECONDS
                if not worker.in_use and (hurried or not (recent or only_one)):
                    idle.append((only_one, recent, worker.last_used, key, worker))
        if not idle:
            return None
        *_, key, taken = min(idle, key=lambda entry: entry[:3])
        lambda_runtime._workers[key].remove(taken)
        return taken


def _key(config: dict[str, Any]) -> str:
    """What MiniStack keeps a function's workers under: its name and version."""
    key: str = lambda_runtime._worker_key(config["FunctionName"], config, config.get("Version", "$LATEST"))
    return key
