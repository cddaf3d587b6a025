"""Instances of a model: one supervised process each, restarted when it ends."""

import http.client
import threading
import time
from collections.abc import Callable

from local.ports import free_port
from local.sagemaker.containers import Container

HOST = "127.0.0.1"
_PING_SECONDS = 2.0
_PING_INTERVAL = 0.05
_ATTEMPTS_AT_FIRST_START = 3
_MAX_PAUSE = 10.0
_STOP_GRACE = 5.0


class Instance:
    """Keeps one model server up.

    `launch` starts its process on a port; `healthy` says whether to send requests.
    """

    def __init__(self, instance_id: str, launch: Callable[[int], Container], startup_seconds: float) -> None:
        self.id = instance_id
        self.port = 0
        self.healthy = False
        self._launch = launch
        self._startup_seconds = startup_seconds
        self._stopping = threading.Event()
        self._decided = threading.Event()
        self._container: Container | None = None
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._supervise, name=f"instance {instance_id}", daemon=True)
        self._thread.start()

    def await_first_start(self) -> bool:
        """Whether it answered its first ping; returns as soon as that is known."""
        self._decided.wait()
        return self.healthy

    def stop(self) -> None:
        """Take the process down, for good."""
        self._stopping.set()
        with self._lock:
            container = self._container
        if container is not None:
            container.stop(_STOP_GRACE)
        self._thread.join()

    def _supervise(self) -> None:
        failures = 0
        give_up_at = time.monotonic() + self._startup_seconds
        while not self._stopping.is_set():
            if self._run_once():
                failures = 0
            failures += 1
            started_before = self._decided.is_set()
            if not started_before and (
                failures >= _ATTEMPTS_AT_FIRST_START or time.monotonic() >= give_up_at
            ):
                break
            self._stopping.wait(min(0.1 * 2**failures, _MAX_PAUSE))
        self._decided.set()

    def _run_once(self) -> bool:
        """Start the process and stay until it has ended; whether it ever answered a ping."""
        with self._lock:
            if self._stopping.is_set():
                return False
            self.port = free_port()
            container = self._container = self._launch(self.port)
        answered = self._await_ping(container)
        if answered:
            self.healthy = True
            self._decided.set()
        else:
            container.kill()
        container.wait()
        self.healthy = False
        return answered

    def _await_ping(self, container: Container) -> bool:
        deadline = time.monotonic() + self._startup_seconds
        while container.running and time.monotonic() < deadline and not self._stopping.is_set():
            if ping(self.port):
                return True
            self._stopping.wait(_PING_INTERVAL)
        return False


def ping(port: int) -> bool:
    """Whether the model server answers GET /ping with 200 within SageMaker's two seconds."""
    connection = http.client.HTTPConnection(HOST, port, timeout=_PING_SECONDS)
    try:
        connection.request("GET", "/ping")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
