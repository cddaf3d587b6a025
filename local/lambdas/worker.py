"""A Python execution environment: MiniStack's Runtime API worker around AWS's runtime client.

AWS: the exception's class is the errorType, an unserialisable answer is Runtime.MarshalError, a missing
module is Runtime.ImportModuleError, a timeout is Sandbox.Timedout, a worker that dies is Runtime.ExitError,
and an answer over 6 MB is Function.ResponseSizeTooLarge. Stock MiniStack: runs a script of its own in the
launcher's interpreter, and every failure is Runtime.HandlerError.
"""

import array
import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import termios
import time
import uuid
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ministack.core import lambda_runtime

from local.cloud.gate import is_from_a_browser, names_this_machine

MAX_ANSWER_BYTES = 6 * 1024 * 1024 + 100
_LOG_SECONDS = 0.25
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB", re.MULTILINE)


@dataclass(frozen=True)
class Outcome:
    """How one invocation ended: a value, or an error payload in Lambda's shape, and the lines it logged."""

    value: Any
    error: Mapping[str, Any] | None
    lines: list[str]
    cold: bool
    init_ms: float | None
    duration_ms: float
    peak_mb: int


spawning: ContextVar["PythonWorker | None"] = ContextVar("spawning", default=None)


class PythonWorker(lambda_runtime.ProvidedWorker):  # type: ignore[misc] # ministack ships no types
    """One worker process with its Runtime API; MiniStack's pool leases it to one invocation at a time."""

    homes: Path

    def __init__(self, name: str, config: dict[str, Any], code_zip: bytes) -> None:
        super().__init__(name, config, code_zip)
        version = config.get("Version", "$LATEST")
        self.log_stream = f"{datetime.now(UTC):%Y/%m/%d}/[{version}]{uuid.uuid4().hex}"
        self._home: Path | None = None
        self._status: int | None = None
        self._pid: int | None = None
        self._init_ms: float | None = None
        self._out_of_memory = False
        # On the monotonic clock; None while the process starts.
        self.ready_at: float | None = None

    def run(self, event: Any, request_id: str, trace_id: str | None, arn: str) -> Outcome:
        """Run one invocation and say how it ended."""
        self._init_ms = None
        self._out_of_memory = False
        started = time.monotonic()
        try:
            result = self.invoke(event, request_id, trace_id=trace_id, invoked_function_arn=arn)
            error = self._error(result, request_id)
            log, cold, value = result.get("log", ""), bool(result.get("cold_start")), result.get("result")
        except (lambda_runtime.ProvidedInitTimeout, RuntimeError) as failure:
            error = self._init_failure(failure, request_id)
            log, cold, value = self._drain_stderr(), True, None
        duration = (time.monotonic() - started) * 1000 - self._spawned()
        if error is None and len(json.dumps(value)) > MAX_ANSWER_BYTES:
            error = {
                "errorType": "Function.ResponseSizeTooLarge",
                "errorMessage": "Response payload size exceeded maximum allowed payload size "
                f"({MAX_ANSWER_BYTES} bytes).",
            }
        return Outcome(value, error, log.splitlines(), cold, self._init_ms, duration, self._peak())

    def _spawn(self, init_timeout: float | None = None) -> None:
        """Start the process; what gives its code and environment finds the worker in `spawning`."""
        self._discard_home()
        self._home = Path(tempfile.mkdtemp(prefix=f"{self.func_name[:40]}-", dir=self.homes))
        self._status = None
        started = time.monotonic()
        token = spawning.set(self)
        try:
            super()._spawn(init_timeout)
        finally:
            spawning.reset(token)
            self.ready_at = time.monotonic()
        self._pid = self._proc.pid
        self._init_ms = (time.monotonic() - started) * 1000

    def _spawned(self) -> float:
        """Milliseconds of this invocation that went into its environment's init."""
        return self._init_ms or 0.0

    @property
    def home(self) -> Path:
        """The worker's own /tmp."""
        assert self._home is not None
        return self._home

    def _build_handler_class(self, generation: int, pending: Any) -> Any:
        """The Runtime API's handler; with Nagle's algorithm every answer would wait 40 ms for an
        acknowledgement. It answers the worker, and no browser.
        """

        class Handler(super()._build_handler_class(generation, pending)):  # type: ignore[misc] # MiniStack's
            disable_nagle_algorithm = True

            def parse_request(self) -> bool:
                if not super().parse_request():
                    return False
                headers = {name.lower(): value for name, value in self.headers.items()}
                own = names_this_machine(headers.get("host", ""), self.server.server_address[1])
                if own and not is_from_a_browser(headers):
                    return True
                self.close_connection = True
                self.send_error(403)
                return False

        return Handler

    def _drain_stderr_bounded(self, *_: Any, **__: Any) -> str:
        """What the handler has logged by now.

        The runtime client writes a line before it posts the answer, so all of it is in the pipe; a handler
        that logged nothing costs nothing, where MiniStack's own would wait 50 ms for a line.
        """
        deadline = time.monotonic() + _LOG_SECONDS
        process: subprocess.Popen[bytes] | None = self._proc
        while process is not None and time.monotonic() < deadline and _unread(process):
            time.sleep(0.001)
        time.sleep(0.002)
        log: str = self._drain_stderr()
        return log

    def _teardown(self) -> None:
        process: subprocess.Popen[bytes] | None = self._proc
        if process is not None:
            self._status = process.poll()
        super()._teardown()

    def _discard_tmpdir(self) -> None:
        super()._discard_tmpdir()
        self._discard_home()

    def _discard_home(self) -> None:
        if self._home is not None:
            shutil.rmtree(self._home, ignore_errors=True)
            self._home = None

    def _error(self, result: Mapping[str, Any], request_id: str) -> Mapping[str, Any] | None:
        if result["status"] == "ok":
            return None
        payload = result.get("error_payload")
        kind = payload.get("errorType") if isinstance(payload, dict) else None
        if kind == "Sandbox.Timedout":
            return _timed_out(request_id, self.config.get("Timeout", 3))
        if kind == "Runtime.ExitError":
            return self._exited(request_id)
        return (
            payload if isinstance(payload, dict) else {"errorType": "Unhandled", "errorMessage": str(payload)}
        )

    def _init_failure(self, failure: Exception, request_id: str) -> Mapping[str, Any]:
        if isinstance(failure, lambda_runtime.ProvidedInitTimeout):
            return _timed_out(request_id, self.config.get("Timeout", 3))
        if isinstance(self._init_error, dict):
            return self._init_error
        if isinstance(failure, lambda_runtime.ProvidedRuntimeError):
            return {
                "errorType": failure.error_type,
                "errorMessage": f"RequestId: {request_id} Error: {failure}",
            }
        return self._exited(request_id)

    def _exited(self, request_id: str) -> Mapping[str, Any]:
        error = _exited(request_id, self._status)
        return {**error, "errorType": "Runtime.OutOfMemory"} if self._out_of_memory else error

    def end_if_too_large(self) -> None:
        """Kill the process if it holds more memory than the function has, as Lambda's kernel does."""
        process: subprocess.Popen[bytes] | None = self._proc
        if process is None:
            return
        try:
            pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
        except (OSError, IndexError):
            return
        if pages * _PAGE_BYTES > int(self.config.get("MemorySize", 128)) * 1024 * 1024:
            self._out_of_memory = True
            process.kill()

    def _peak(self) -> int:
        """The process's peak memory in MB; 0 when it is gone."""
        if self._out_of_memory:
            return int(self.config.get("MemorySize", 128))
        try:
            match = _PEAK.search(Path(f"/proc/{self._pid}/status").read_text())
        except OSError:
            return 0
        return int(match[1]) // 1024 if match else 0


def _unread(process: subprocess.Popen[bytes]) -> int:
    """How many bytes of the process's output nobody has read yet."""
    count = array.array("i", [0])
    try:
        fcntl.ioctl(process.stdout, termios.FIONREAD, count)  # type: ignore[arg-type] # a pipe, or closed: ValueError
    except (OSError, ValueError, TypeError):
        return 0
    return count[0]


def _timed_out(request_id: str, seconds: float) -> dict[str, Any]:
    message = f"RequestId: {request_id} Error: Task timed out after {seconds:.2f} seconds"
    return {"errorType": "Sandbox.Timedout", "errorMessage": message}


def _exited(request_id: str, status: int | None) -> dict[str, Any]:
    if not status:
        reason = "Runtime exited without providing a reason"
    elif status < 0:
        # Go's words for signals, for that is what Lambda's supervisor is written in: "killed", "terminated".
        reason = f"Runtime exited with error: signal: {(signal.strsignal(-status) or str(-status)).lower()}"
    else:
        reason = f"Runtime exited with error: exit status {status}"
    return {"errorType": "Runtime.ExitError", "errorMessage": f"RequestId: {request_id} Error: {reason}"}
