"""`loupe up` and its end leave nothing behind; no stack is needed for that, only a cloud that starts."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from local import cloud as local_cloud
from tests.cloud import free_port
from tests.polling import WaitFor


def processes_of(state: Path) -> list[str]:
    """Command lines of processes that name this state folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and int(entry.name) != os.getpid():
            try:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
                environ = (entry / "environ").read_bytes().decode("utf-8", "replace")
            except OSError:
                continue
            if str(state) in command or str(state) in environ:
                found.append(command)
    return found


def port_is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start_up(state: Path) -> Start:
    def start(port: int, *options: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "loupe", "up", "--port", str(port), *options],
            env=os.environ | {"LOUPE_STATE": str(state)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    return start


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="reads /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupted_on_its_way_up_it_leaves_no_process_and_no_port(
    start_up: Start, state: Path, wait_for: WaitFor, number: signal.Signals
) -> None:
    port = free_port()
    up = start_up(port)
    try:
        wait_for(lambda: local_cloud.running(state), "the local cloud", seconds=60)
        up.send_signal(number)
        output, _ = up.communicate(timeout=60)
    finally:
        up.kill()
        local_cloud.stop(state)

    assert up.returncode == 130, output
    assert "Traceback" not in output
    assert not port_is_open(port)
    wait_for(lambda: not processes_of(state), f"an end of {processes_of(state)}")


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="reads /proc")
def test_killed_it_takes_the_local_cloud_with_it(start_up: Start, state: Path, wait_for: WaitFor) -> None:
    port = free_port()
    up = start_up(port)
    try:
        wait_for(lambda: local_cloud.running(state), "the local cloud", seconds=60)
    finally:
        os.killpg(up.pid, signal.SIGKILL)
        up.communicate(timeout=60)

    wait_for(lambda: not port_is_open(port), "the port to close")
    wait_for(lambda: not processes_of(state), f"an end of {processes_of(state)}")


def test_a_port_in_use_is_one_line(start_up: Start) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        up = start_up(port, "--detach")
        output, _ = up.communicate(timeout=60)

    assert up.returncode == 1
    assert f"Port {port} on 127.0.0.1 is in use" in output
    assert "Traceback" not in output
