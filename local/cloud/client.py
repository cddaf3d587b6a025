"""Start, find and stop a local cloud from another process. Imports nothing heavy: the command uses it at
every call.
"""

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from local.cloud.credentials import KNOWN_KEY, RootKey, make_private, read_root_key
from local.cloud.errors import (
    CloudAlreadyRunningError,
    CloudStartError,
    LambdaRuntimeMissingError,
    PortInUseError,
)
from local.last_words import last_line

INFO_FILE = "cloud.json"
LOCK_FILE = "cloud.lock"
LOG_FILE = "cloud.log"
START_SECONDS = 150.0
STOP_SECONDS = 30.0
# Clouds that this process started: kept, for a child that ends must be waited for by its parent.
_children: dict[int, subprocess.Popen[bytes]] = {}
_NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class ServiceInfo:
    """One service of the local cloud: where it answers, and whether it does."""

    url: str
    healthy: bool


@dataclass(frozen=True)
class CloudInfo:
    """A running local cloud, as its health endpoint describes it. `workers`: invocations at once."""

    pid: int
    gateway_url: str
    region: str
    page_url: str
    services: dict[str, ServiceInfo]
    root_key: RootKey = KNOWN_KEY
    workers: int | None = None

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> "CloudInfo":
        """Read `{pid, gatewayUrl, pageUrl, region, workers, services: {name: {url, healthy}}}`."""
        services = {
            name: ServiceInfo(url=str(entry["url"]), healthy=bool(entry["healthy"]))
            for name, entry in document["services"].items()
        }
        gateway_url, page_url = str(document["gatewayUrl"]), str(document["pageUrl"])
        return cls(
            int(document["pid"]),
            gateway_url,
            str(document["region"]),
            page_url,
            services,
            workers=document.get("workers"),
        )


def running(state: Path) -> CloudInfo | None:
    """The cloud that runs on this state folder, or None: its process lives and its gateway answers as that
    process.
    """
    recorded = _recorded(state)
    if recorded is None or not _alive(recorded.pid):
        return None
    try:
        with _NO_PROXY.open(f"{recorded.gateway_url}/_loupe/health", timeout=20) as answer:
            info = CloudInfo.from_json(json.load(answer))
    except TimeoutError:
        return recorded  # it took the connection and is too busy to answer: that is not gone
    except (OSError, ValueError, KeyError):
        return None
    return replace(info, root_key=recorded.root_key) if info.pid == recorded.pid else None


def start(state: Path, port: int, detach: bool = True, timeout: float = START_SECONDS) -> CloudInfo:
    """Start a local cloud and wait until it is ready.

    Detached it outlives the caller, else it dies with the caller, however that ends. Its output goes to
    `cloud.log` in the state folder. Raises CloudAlreadyRunningError, PortInUseError,
    LambdaRuntimeMissingError or CloudStartError.
    """
    if (info := running(state)) is not None:
        raise CloudAlreadyRunningError(state, info.gateway_url)
    make_private(state)
    command = [sys.executable, "-m", "local.cloud", "--port", str(port), "--state", str(state)]
    if not detach:
        command += ["--parent", str(os.getpid())]
    root = Path(__file__).resolve().parents[2]
    log = state / LOG_FILE
    with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as output:
        process = subprocess.Popen(
            command, cwd=root, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if (code := process.poll()) is not None:
            raise _start_error(code, state, port, log)
        info = running(state)
        if info is not None and info.pid == process.pid:
            _children[process.pid] = process
            return info
        time.sleep(0.05)
    process.kill()
    process.wait()
    raise CloudStartError(
        f"The local cloud was not ready after {timeout:g} s. It said last: {last_line(log)}"
    )


def stop(state: Path, timeout: float = STOP_SECONDS) -> bool:
    """Stop the cloud on this state folder and wait until it has ended; False if none was running."""
    pid = holder(state)
    if pid is None:
        _reap()
        return False
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + timeout
    while _alive(pid):
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            deadline += timeout
        time.sleep(0.05)
    if child := _children.get(pid):
        child.wait()
    _reap()
    return True


def holder(state: Path) -> int | None:
    """The process that holds the state folder: a cloud that starts, runs, or stops; None when there is none.

    The folder's lock is asked, not the gateway: a busy or half-started cloud must be found too.
    """
    try:
        with (state / LOCK_FILE).open() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(lock.read() or 0) or None
    except (OSError, ValueError):
        return None
    return None


def _reap() -> None:
    for pid in [pid for pid, child in _children.items() if child.poll() is not None]:
        del _children[pid]


def _recorded(state: Path) -> CloudInfo | None:
    try:
        info = CloudInfo.from_json(json.loads((state / INFO_FILE).read_text()))
        return replace(info, root_key=read_root_key(state))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _alive(pid: int) -> bool:
    """Whether the process runs; a zombie (ended, its parent has not looked yet) does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True
    return status.rpartition(")")[2].split()[0] != "Z"


def _start_error(code: int, state: Path, port: int, log: Path) -> Exception:
    if code == CloudAlreadyRunningError.exit_code:
        return CloudAlreadyRunningError(state)
    if code == PortInUseError.exit_code:
        return PortInUseError(port)
    said = last_line(log)
    if code == LambdaRuntimeMissingError.exit_code:
        return LambdaRuntimeMissingError(said)
    return CloudStartError(f"The local cloud ended with status {code}. It said last: {said}")
