"""Model servers as processes: Loupe's own and its peers, each with a worker for each processor."""

import base64
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType

from bench.context import PEERS, ROOT, bench_python
from bench.load import BadAnswerError, Outcome, drive, request_of
from local.ports import free_port
from model.inference import cpu_count

START_SECONDS = 120
STOP_SECONDS = 15


class ServerFailedError(Exception):
    """A server ended or did not come up."""


@dataclass(frozen=True)
class Recipe:
    """How a server is started for a model's folder, and what a request to it looks like."""

    command: Callable[[Path, int, Path], list[str | Path]]
    request: Callable[[bytes], bytes]
    environ: Callable[[Path, int, Path], dict[str, str]] = lambda model, port, folder: {}


class Server:
    """A server that runs. Use it as a context manager; it is up when it has answered once."""

    def __init__(self, name: str, recipe: Recipe, model: Path, picture: bytes, folder: Path) -> None:
        self.name = name
        self.port = free_port()
        self.request = recipe.request(picture)
        self._log = folder / "server.log"
        folder.mkdir(parents=True)
        self._command = list(map(str, recipe.command(model, self.port, folder)))
        self._env = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "HOME": str(folder),
            "NO_COLOR": "1",
            **recipe.environ(model, self.port, folder),
        }
        self._folder = folder

    def __enter__(self) -> "Server":
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._folder,
                env=self._env,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C is for the benchmark, which then stops the servers.
                start_new_session=True,
            )
        try:
            self._wait()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def drive(self, clients: int, seconds: float) -> Outcome:
        """Let clients ask, and see what that costs all of the server's processes."""
        before = sum(family(self._process.pid).values())
        outcome = drive(self.port, self.request, clients, seconds)
        spent = sum(family(self._process.pid).values()) - before
        return replace(outcome, cpu_per_answer=spent / len(outcome.latencies))

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            with suppress(OSError, BadAnswerError):
                drive(self.port, self.request, 1, 1)
                return
            time.sleep(0.2)
        told = self._log.read_text("utf-8", "replace").strip().splitlines()[-3:]
        raise ServerFailedError(f"{self.name} did not come up: {' / '.join(told)}")

    def _stop(self) -> None:
        # Some servers' workers are in groups of their own, and would outlive a parent that is killed.
        members = family(self._process.pid)
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_SECONDS)
        for member in members:
            with suppress(ProcessLookupError):
                os.kill(member, signal.SIGKILL)
        self._process.wait()


def family(ancestor: int) -> dict[int, float]:
    """A process and all that it started, and what each has had of processors, in seconds."""
    parents: dict[int, int] = {}
    spent: dict[int, float] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        # Another process may end while one looks.
        with suppress(OSError):
            # The name may hold anything, blanks and brackets too: fields are counted from behind it.
            fields = status.read_text().rpartition(")")[2].split()
            process = int(status.parent.name)
            parents[process] = int(fields[1])
            spent[process] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    members = {ancestor}
    while grown := {each for each, parent in parents.items() if parent in members} - members:
        members |= grown
    return {each: spent[each] for each in members if each in spent}


def _base_folder(model: Path, folder: Path) -> Path:
    """SageMaker's base folder, in which the model lies under `model`."""
    (folder / "model").symlink_to(model)
    return folder


def _raw(path: str) -> Callable[[bytes], bytes]:
    return lambda picture: request_of(path, picture, "image/jpeg")


def _litserve_request(picture: bytes) -> bytes:
    body = json.dumps({"image": base64.b64encode(picture).decode()})
    return request_of("/predict", body.encode(), "application/json")


def _mlserver_request(picture: bytes) -> bytes:
    data = [base64.b64encode(picture).decode()]
    image = {"name": "image", "shape": [1], "datatype": "BYTES", "data": data}
    body = json.dumps({"inputs": [{**image, "parameters": {"content_type": "base64"}}]})
    return request_of("/v2/models/classifier/infer", body.encode(), "application/json")


def _mlserver_command(model: Path, port: int, folder: Path) -> list[str | Path]:
    settings = {
        "host": "127.0.0.1",
        "http_port": port,
        "grpc_port": free_port(),
        "metrics_port": free_port(),
        "parallel_workers": cpu_count(),
        "debug": False,
    }
    runtime = {
        "name": "classifier",
        "implementation": "bench.peers.mlserver_runtime.ImageClassifier",
        "parameters": {"uri": str(model)},
    }
    (folder / "settings.json").write_text(json.dumps(settings))
    (folder / "model-settings.json").write_text(json.dumps(runtime))
    return [bench_python().with_name("mlserver"), "start", folder]


RECIPES = {
    "Loupe": Recipe(
        lambda model, port, folder: [sys.executable, "-m", "model.serve"],
        _raw("/invocations"),
        lambda model, port, folder: {
            "SAGEMAKER_BASE_DIR": str(_base_folder(model, folder)),
            "SAGEMAKER_BIND_TO_PORT": str(port),
        },
    ),
    "LitServe": Recipe(
        lambda model, port, folder: [
            bench_python(),
            PEERS / "litserve_server.py",
            model,
            str(port),
            str(cpu_count()),
        ],
        _litserve_request,
    ),
    "BentoML": Recipe(
        lambda model, port, folder: [
            bench_python().with_name("bentoml"),
            "serve",
            "bench.peers.bentoml_service:ImageClassifier",
            "--working-dir",
            ROOT,
            "--host",
            "127.0.0.1",
            "--port",
            str(port),
        ],
        _raw("/classify"),
        lambda model, port, folder: {
            "MODEL_FOLDER": str(model),
            "WORKERS": str(cpu_count()),
            "BENTOML_DO_NOT_TRACK": "True",
        },
    ),
    "MLServer": Recipe(_mlserver_command, _mlserver_request),
}
