"""`loupe up` and its end leave nothing behind; no stack is needed for that, only a cloud that starts."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local import cloud as local_cloud
from local.ports import free_port
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


class Up:
    """A `loupe up` that runs, and what it has printed."""

    def __init__(self, state: Path, port: int, *options: str) -> None:
        self._printed = state.parent / f"up-{port}.log"
        with self._printed.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "loupe", "up", "--port", str(port), *options],
                env=os.environ | {"LOUPE_STATE": str(state)},
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    @property
    def printed(self) -> str:
        return self._printed.read_text()

    def end(self, number: signal.Signals | None = None) -> int:
        """Its exit status, once it has ended by itself or by a signal."""
        if number is not None:
            self.process.send_signal(number)
        return self.process.wait(90)


@pytest.fixture
def start_up(state: Path) -> Iterator[Callable[..., Up]]:
    started: list[Up] = []

    def start(port: int, *options: str) -> Up:
        started.append(Up(state, port, *options))
        return started[-1]

    yield start
    for up in started:
        up.process.kill()
        up.process.wait()
    local_cloud.stop(state)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="reads /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupted_on_its_way_up_it_leaves_no_process_and_no_port(
    start_up: Callable[..., Up], state: Path, wait_for: WaitFor, number: signal.Signals
) -> None:
    port = free_port()
    up = start_up(port)
    wait_for(lambda: local_cloud.running(state), "the local cloud", seconds=90)

    assert up.end(number) == 130, up.printed

    assert "Traceback" not in up.printed
    wait_for(lambda: not port_is_open(port), "the port to close")
    wait_for(lambda: not processes_of(state), f"an end of {processes_of(state)}")


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="reads /proc")
def test_killed_it_takes_the_local_cloud_with_it(
    start_up: Callable[..., Up], state: Path, wait_for: WaitFor
) -> None:
    port = free_port()
    up = start_up(port)
    wait_for(lambda: local_cloud.running(state), "the local cloud", seconds=90)

    os.killpg(up.process.pid, signal.SIGKILL)
    up.end()

    wait_for(lambda: not port_is_open(port), "the port to close")
    wait_for(lambda: not processes_of(state), f"an end of {processes_of(state)}")


@pytest.mark.timeout(900)
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="reads /proc")
def test_up_stays_until_ctrl_c_and_the_next_one_finds_all_as_it_was(
    start_up: Callable[..., Up], state: Path, wait_for: WaitFor
) -> None:
    port = free_port()
    first = start_up(port)
    wait_for(
        lambda: "Ctrl-C stops it" in first.printed or first.process.poll() is not None, "all up", seconds=600
    )

    assert first.end(signal.SIGINT) == 0, first.printed
    wait_for(lambda: not port_is_open(port), "the port to close")
    wait_for(lambda: not processes_of(state), f"an end of {processes_of(state)}")

    second = start_up(port, "--detach")
    assert second.process.wait(300) == 0, second.printed
    assert "Stack is up to date" in second.printed
    assert "Deploying" not in second.printed

    done = subprocess.run(
        [sys.executable, "-m", "loupe", "down", "--json"],
        env=os.environ | {"LOUPE_STATE": str(state)},
        capture_output=True,
        text=True,
        timeout=90,
        check=True,
    )
    assert done.stdout == '{"stopped": true}\n'
    wait_for(lambda: not port_is_open(port), "the port to close")
    wait_for(lambda: not processes_of(state), f"an end of {processes_of(state)}")


def test_a_port_in_use_is_one_line(start_up: Callable[..., Up]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        up = start_up(port, "--detach")

        assert up.end() == 1

    assert f"Port {port} on 127.0.0.1 is in use" in up.printed
    assert "Traceback" not in up.printed
