"""How many worker processes live: no more than the account's concurrency.

Stock MiniStack starts a worker for every concurrent invocation of every function and keeps them, so a burst
over seven functions keeps dozens. Here a new one takes the place of the one idle longest, and where the
function has workers already, all busy, an invocation first waits a moment for one of them: that is cheaper
than a cold start.
"""

import threading
import time
from typing import Any

from ministack.core import lambda_runtime

from local.lambdas.worker import PythonWorker

PATIENCE_SECONDS = 1.0


class WorkerPool:
    """Leases workers out of MiniStack's own pool, so that its invalidation and reaping go on working."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._changed = threading.Condition(lambda_runtime._lock)

    def lease(self, config: dict[str, Any], code_zip: bytes) -> PythonWorker:
        """A worker for one invocation; give it back with `release`."""
        name, version = config["FunctionName"], config.get("Version", "$LATEST")
        key = lambda_runtime._worker_key(name, config, version)
        deadline = time.monotonic() + PATIENCE_SECONDS
        victim = None
        with self._changed:
            while True:
                own = lambda_runtime._workers.setdefault(key, [])
                worker: PythonWorker | None = next((worker for worker in own if not worker.in_use), None)
                if worker is None and self._live() >= self._limit:
                    if own and (left := deadline - time.monotonic()) > 0:
                        self._changed.wait(left)
                        continue
                    victim = self._take_idle()
                    if victim is None:
                        self._changed.wait(PATIENCE_SECONDS)
                        continue
                if worker is None:
                    worker = PythonWorker(name, config, code_zip)
                    own.append(worker)
                worker.in_use = True
                worker.last_used = time.time()
                break
        if victim is not None:
            lambda_runtime.kill_workers([victim])
        return worker

    def release(self, worker: PythonWorker) -> None:
        """Take a worker back."""
        with self._changed:
            worker.in_use = False
            worker.last_used = time.time()
            self._changed.notify_all()

    def busy(self) -> list[PythonWorker]:
        """The workers that serve an invocation now."""
        with self._changed:
            return [
                worker
                for workers in lambda_runtime._workers.values()
                for worker in workers
                if worker.in_use and isinstance(worker, PythonWorker)
            ]

    def _live(self) -> int:
        return sum(len(workers) for workers in lambda_runtime._workers.values())

    def _take_idle(self) -> PythonWorker | None:
        idle = [
            (worker.last_used, key, worker)
            for key, workers in lambda_runtime._workers.items()
            for worker in workers
            if not worker.in_use
        ]
        if not idle:
            return None
        _, key, worker = min(idle, key=lambda entry: entry[:2])
        lambda_runtime._workers[key].remove(worker)
        taken: PythonWorker = worker
        return taken
