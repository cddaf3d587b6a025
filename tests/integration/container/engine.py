"""A container engine for tests: whether there is one, and a server that SAM runs in it."""

from __future__ import annotations

import http.client
import ipaddress
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from local.ports import free_port

ROOT = Path(__file__).parents[3]
SAM = ROOT / ".venv-sam" / "bin" / "sam"
BASES = ("public.ecr.aws/lambda/python:3.13", "public.ecr.aws/lambda/python:3.11")
"""What the image is built on, and what a machine that reaches no image registry may have a stand-in of."""


@cache
def missing_engine() -> str:
    """Why the tests that need an engine cannot run here; empty where they can."""
    if shutil.which("docker") is None:
        return "no container engine is installed (docker)"
    asked = subprocess.run(["docker", "info"], capture_output=True, timeout=30, check=False)
    return "" if asked.returncode == 0 else "no container engine runs here (docker info)"


def base_image() -> str:
    """LOUPE_CONTAINER_BASE, or the first base that the engine has or can get."""
    if chosen := os.environ.get("LOUPE_CONTAINER_BASE"):
        return chosen
    for name in BASES:
        if docker("image", "inspect", name, check=False).returncode == 0:
            return name
    for name in BASES[:1]:
        if docker("pull", "--quiet", name, check=False).returncode == 0:
            return name
    return ""


def docker(*arguments: str, check: bool = True, seconds: float = 900) -> subprocess.CompletedProcess[str]:
    # Docker builds with BuildKit, where that is installed.
    kit = {} if _has_buildkit() else {"DOCKER_BUILDKIT": "0"}
    return subprocess.run(
        ["docker", *arguments],
        cwd=ROOT,
        env={**os.environ, **kit},
        capture_output=True,
        text=True,
        timeout=seconds,
        check=check,
    )


def sam(
    *arguments: str, environ: Mapping[str, str] | None = None, seconds: float = 900
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(SAM), *arguments],
        cwd=ROOT,
        env={**os.environ, "SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": "us-east-1", **(environ or {})},
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


@contextmanager
def serving(*arguments: str, environ: Mapping[str, str], log: Path) -> Iterator[str]:
    """`sam local start-…` on a port of its own; the URL where it answers."""
    port = free_port()
    command = [str(SAM), *arguments, "--port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **environ},
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        wait_until_it_listens(port, process, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGINT)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_until_it_listens(
    port: int, process: subprocess.Popen[bytes], log: Path, seconds: float = 300
) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.connect()
        except OSError:
            assert process.poll() is None, log.read_text()[-3000:]
            time.sleep(0.2)
        else:
            return
        finally:
            connection.close()
    raise AssertionError(log.read_text()[-3000:])


def post(url: str, body: bytes, seconds: float = 300) -> bytes:
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"}, method="POST")
    with urllib.request.urlopen(request, timeout=seconds) as answer:
        content: bytes = answer.read()
    return content


def get(url: str, method: str = "GET", expected: int = 0) -> bytes:
    """The answer's body; of an error only where it is the expected one."""
    request = urllib.request.Request(url, method=method)
    try:
        with urllib.request.urlopen(request, timeout=300) as answer:
            content: bytes = answer.read()
    except urllib.error.HTTPError as error:
        content = error.read()
        if error.code != expected:
            raise AssertionError(f"{error.code}: {content!r}") from error
    return content


@cache
def _has_buildkit() -> bool:
    return subprocess.run(["docker", "buildx", "version"], capture_output=True, check=False).returncode == 0


@contextmanager
def relay(gateway_url: str) -> Iterator[str]:
    """The local cloud, which listens on loopback alone, as containers on the engine's bridge reach it."""
    [config] = json.loads(docker("network", "inspect", "bridge", "--format", "{{json .IPAM.Config}}").stdout)
    here = config.get("Gateway") or str(ipaddress.ip_network(config["Subnet"])[1])
    target = urlsplit(gateway_url)
    with socket.create_server((here, 0)) as server:
        threading.Thread(target=_accept, args=(server, (target.hostname, target.port)), daemon=True).start()
        yield "http://{}:{}".format(*server.getsockname())


def _accept(server: socket.socket, target: tuple[str, int]) -> None:
    while True:
        try:
            caller, _ = server.accept()
        except OSError:
            return  # closed: the test is over
        callee = socket.create_connection(target)
        for source, sink in ((caller, callee), (callee, caller)):
            threading.Thread(target=_pump, args=(source, sink), daemon=True).start()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 16):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
