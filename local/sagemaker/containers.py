"""A container as a process: started under a supervisor, with the few variables that a container would see."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from local.sagemaker.settings import REGION, Settings

_SUPERVISOR = Path(__file__).with_name("supervisor.py")
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "LD_LIBRARY_PATH")


class Container:
    """One running process with a session of its own; its output is `output`."""

    def __init__(self, argv: Sequence[str], env: Mapping[str, str], folder: Path) -> None:
        # The supervisor lives in our interpreter, isolated; the command sees `env` only.
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_SUPERVISOR), *argv],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=folder,
            env=dict(env),
        )
        assert self._process.stdout is not None
        self.output = self._process.stdout

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, 128 + N after signal N; TimeoutError if it is still running."""
        try:
            code = self._process.wait(timeout)
        except subprocess.TimeoutExpired as error:
            raise TimeoutError from error
        self._signal(signal.SIGKILL)  # what the command left behind in its group
        if self._process.stdin:
            self._process.stdin.close()
        return code if code >= 0 else 128 - code

    def terminate(self) -> None:
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def stop(self, grace: float) -> int:
        """SIGTERM, then after `grace` seconds SIGKILL; the exit code."""
        self.terminate()
        try:
            return self.wait(grace)
        except TimeoutError:
            self.kill()
            return self.wait()

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)


def base_environment(settings: Settings, credentials_path: str) -> dict[str, str]:
    """What every container has: the machine's basics, the region, the gateway, the way to its role's keys."""
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return inherited | {
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": settings.gateway,
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": settings.own_url + credentials_path,
        "PYTHONUNBUFFERED": "1",
    }
