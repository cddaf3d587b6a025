"""The model server as a process: it starts, answers many clients, and drains when it is told to stop."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from local.ports import free_port

ROOT = Path(__file__).parents[3]
DIGITS = ROOT / "model" / "artifacts" / "digits"
PICTURE = (ROOT / "events" / "images" / "digit-3.png").read_bytes()


def call(port: int, method: str, path: str, body: bytes = b"", accept: str = "*/*") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    with contextlib.closing(connection):
        connection.request(method, path, body, {"Content-Type": "image/png", "Accept": accept})
        answer = connection.getresponse()
        return answer.status, answer.read()


@contextlib.contextmanager
def server(base: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    environ = {**os.environ, "SAGEMAKER_BASE_DIR": str(base), "SAGEMAKER_BIND_TO_PORT": str(port)}
    process = subprocess.Popen(
        [sys.executable, "-m", "model.serve"], cwd=ROOT, env=environ, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=30)


def wait_until_ready(process: subprocess.Popen[str], port: int, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError):
            if call(port, "GET", "/ping")[0] == 200:
                return
        time.sleep(0.05)
    raise AssertionError(f"no server: exit {process.poll()}")


@pytest.fixture
def base(tmp_path: Path) -> Path:
    (tmp_path / "model").mkdir()
    for name in ("model.onnx", "model.json"):
        (tmp_path / "model" / name).write_bytes((DIGITS / name).read_bytes())
    return tmp_path


def test_it_serves_both_forms_and_refuses_what_is_no_picture(base: Path) -> None:
    port = free_port()
    with server(base, port) as process:
        wait_until_ready(process, port)

        named = json.loads(call(port, "POST", "/invocations", PICTURE)[1])
        scores = json.loads(call(port, "POST", "/invocations", PICTURE, "application/json;form=scores")[1])
        status, refusal = call(port, "POST", "/invocations", b"hello")

    assert named["labels"][0] == "3"
    assert len(named["labels"]) == 5
    assert scores[3] == named["scores"][0]
    assert len(scores) == 10
    assert (status, list(json.loads(refusal))) == (400, ["error"])


def test_sixteen_clients_are_all_answered_and_stopping_drains(base: Path) -> None:
    port = free_port()
    with server(base, port) as process, ThreadPoolExecutor(16) as clients:
        wait_until_ready(process, port)
        answers = list(clients.map(lambda _: call(port, "POST", "/invocations", PICTURE)[0], range(160)))
        process.send_signal(signal.SIGTERM)
        code = process.wait(30)
        log = process.stderr.read() if process.stderr else ""

    assert answers == [200] * 160
    assert code == 0
    assert "Traceback" not in log


def test_a_request_under_way_is_finished_before_the_server_stops(base: Path) -> None:
    port = free_port()
    with server(base, port) as process:
        wait_until_ready(process, port)
        with contextlib.closing(socket.create_connection(("127.0.0.1", port), 30)) as slow:
            head = f"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Length: {len(PICTURE)}\r\n\r\n"
            slow.sendall(head.encode() + PICTURE[:100])
            # Another request after it shows that the server has taken up the first.
            assert call(port, "GET", "/ping")[0] == 200

            process.send_signal(signal.SIGTERM)
            wait_until_closed(port)
            slow.sendall(PICTURE[100:])
            answer = slow.makefile("rb").read()

        assert process.wait(30) == 0
    assert answer.startswith(b"HTTP/1.1 200")


def test_serving_imports_nothing_that_only_training_needs() -> None:
    code = "import sys, model.serve; print(*sorted({name.split('.')[0] for name in sys.modules}))"

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    loaded = set(done.stdout.split())
    assert {"onnxruntime", "starlette", "PIL"} <= loaded
    assert not loaded & {"torch", "onnx", "sklearn", "matplotlib", "boto3", "local", "loupe"}


def wait_until_closed(port: int, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except ConnectionRefusedError:
            return
        time.sleep(0.02)
    raise AssertionError("the server goes on listening")


@pytest.mark.parametrize(
    ("old", "new", "key"), [('"width": 16', '"width": 28', "input.width"), ('"labels"', '"lables"', "lables")]
)
def test_a_wrong_model_json_ends_it_at_once_with_the_key(base: Path, old: str, new: str, key: str) -> None:
    path = base / "model" / "model.json"
    path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")
    with server(base, free_port()) as process:
        assert process.wait(60) == 1
        assert process.stderr is not None
        assert key in process.stderr.read()
