"""Services that run as processes of their own behind the gateway: SageMaker and Rekognition."""

import http.client
import importlib.util
import os
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from local.cloud.credentials import SECRET_HEADER, SECRET_VARIABLE
from local.cloud.errors import CloudStartError
from local.cloud.settings import HOST
from local.ports import free_port

HEALTH_SECONDS = 120.0
STOP_SECONDS = 15.0
_NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass
class ServiceProcess:
    """`python -m MODULE --port P --gateway URL`, healthy when it answers `GET /health`."""

    name: str
    module: str
    gateway_url: str
    log: Path
    secret: str = field(repr=False)
    port: int = field(default_factory=lambda: free_port())
    process: subprocess.Popen[bytes] | None = None

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
                raise CloudStartError(f"{self.name} ended at its start; see {self.log}")
            if time.monotonic() > deadline:
                raise CloudStartError(f"{self.name} was not healthy in time; see {self.log}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Ask it to end, and end it if it does not."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None
