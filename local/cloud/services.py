"""Services that run as processes of their own behind the gateway: SageMaker and Rekognition."""

import http.client
import importlib.util
import logging
import os
import subprocess
import sys
import threading
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from local.cloud.credentials import SECRET_HEADER, SECRET_VARIABLE
from local.cloud.errors import CloudStartError
from local.cloud.settings import HOST
from local.last_words import last_line
from local.ports import free_port

HEALTH_SECONDS = 120.0
STOP_SECONDS = 15.0
MAX_RESTARTS = 5
RESTART_WINDOW_SECONDS = 300.0
_log = logging.getLogger(__name__)
_NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass
class ServiceProcess:
    """`python -m MODULE --port P --gateway URL`, healthy when it answers `GET /health`.

    One that ends by itself is started again, a few times: what ends at every start is broken and stays down.
    """

    name: str
    module: str
    gateway_url: str
    log: Path
    secret: str = field(repr=False)
    port: int = field(default_factory=lambda: free_port())
    process: subprocess.Popen[bytes] | None = None
    _stopping: threading.Event = field(default_factory=threading.Event, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def url(self) -> str:
        """Where the service answers; clients reach it through the gateway."""
        return f"http://{HOST}:{self.port}"

    @property
    def installed(self) -> bool:
        """Whether the module is there to run."""
        try:
            return importlib.util.find_spec(f"{self.module}.__main__") is not None
        except ModuleNotFoundError:
            return False

    def start(self) -> None:
        """Start the process; its output goes to its log."""
        command = [sys.executable, "-m", "local.cloud.child", str(os.getpid()), self.module]
        command += ["--port", str(self.port), "--gateway", self.gateway_url]
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=os.environ | {SECRET_VARIABLE: self.secret},
            )

    def keep(self) -> None:
        """From now on start it again when it ends."""
        threading.Thread(target=self._keep, name=f"keep {self.name}", daemon=True).start()

    def _keep(self) -> None:
        restarts: list[float] = []
        while self.process is not None and not self._stopping.is_set():
            status = self.process.wait()
            if self._stopping.is_set():
                return
            now = time.monotonic()
            restarts = [moment for moment in restarts if now - moment < RESTART_WINDOW_SECONDS]
            if len(restarts) >= MAX_RESTARTS:
                _log.error("%s ended %d times and stays down; see %s", self.name, MAX_RESTARTS, self.log)
                return
            _log.warning("%s ended with status %d and is started again", self.name, status)
            if self._stopping.wait(0.25 * 2 ** len(restarts)):
                return
            restarts.append(now)
            with self._lock:
                if not self._stopping.is_set():
                    self.start()

    def healthy(self) -> bool:
        """Whether it answers now."""
        try:
            asked = urllib.request.Request(f"{self.url}/health", headers={SECRET_HEADER: self.secret})
            with _NO_PROXY.open(asked, timeout=2) as answer:
                return bool(answer.status == http.client.OK)
        except OSError:
            return False

    def wait(self, deadline: float) -> None:
        """Wait until it is healthy; raises CloudStartError when it ends or is late."""
        while not self.healthy():
            if self.process is None or self.process.poll() is not None:
                raise CloudStartError(f"{self.name} ended at its start. It said last: {last_line(self.log)}")
            if time.monotonic() > deadline:
                raise CloudStartError(
                    f"{self.name} was not healthy in time. It said last: {last_line(self.log)}"
                )
            time.sleep(0.05)

    def stop(self) -> None:
        """Ask it to end, and end it if it does not."""
        self._stopping.set()
        with self._lock:
            if self.process is None:
                return
            self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None
