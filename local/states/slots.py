"""How many executions work at once: the rest wait their turn in the order they were started.

AWS has no such limit a laptop would feel. A thread per execution on two cores would have hundreds of them
fight, so a bounded number works; an execution that merely waits gives its place up.
"""

import threading
from collections import deque
from collections.abc import Callable

DEFAULT_LIMIT = 64


class Slots:
    """A fair semaphore: work in progress that resumes goes before work that is to start."""

    def __init__(self, limit: int = DEFAULT_LIMIT) -> None:
        self._lock = threading.Lock()
        self._free = limit
        self._resuming: deque[threading.Event] = deque()
        self._starting: deque[Callable[[], None]] = deque()

    def submit(self, work: Callable[[], None], name: str) -> None:
        """Runs `work` in a thread of its own once there is a slot, which `work` must `release`."""

        def start() -> None:
            threading.Thread(target=work, name=name, daemon=True).start()

        with self._lock:
            self._starting.append(start)
        self._dispatch()

    def resume(self) -> None:
        """Takes a slot again for work in progress; blocks until there is one."""
        turn = threading.Event()
        with self._lock:
            self._resuming.append(turn)
        self._dispatch()
        turn.wait()

    def release(self) -> None:
        with self._lock:
            self._free += 1
        self._dispatch()

    def _dispatch(self) -> None:
        while True:
            with self._lock:
                if self._free < 1 or not (self._resuming or self._starting):
                    return
                self._free -= 1
                resumed = self._resuming.popleft() if self._resuming else None
                started = None if resumed else self._starting.popleft()
            if resumed:
                resumed.set()
            elif started:
                started()
