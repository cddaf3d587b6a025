"""Contenders as processes that are started once and take turns."""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from bench.context import ROOT
from bench.measure import Lap

PYTHON_PATH = (ROOT, ROOT / "layers" / "core", ROOT / "layers" / "imaging")


class WorkerFailedError(Exception):
    """A contender ended instead of answering; the message is what it wrote last."""


class Worker:
    """A process that works once a lap. Use it as a context manager."""

    def __init__(self, command: Sequence[str | Path], env: Mapping[str, str] | None = None) -> None:
        self._command = list(map(str, command))
        self._env = {"PYTHONPATH": os.pathsep.join(map(str, PYTHON_PATH)), **os.environ, **(env or {})}
        self.last: dict[str, Any] = {}

    def __enter__(self) -> "Worker":
        self._process = subprocess.Popen(
            self._command,
            cwd=ROOT,
            env=self._env,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._line()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def lap(self) -> Lap:
        """Let it work once."""
        answer = self.ask()
        return Lap(float(answer["wall"]), float(answer["cpu"]))

    def ask(self, text: str = "") -> dict[str, Any]:
        """Let it work once on a line of text: its whole answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{text}\n")
        self._process.stdin.flush()
        self.last = json.loads(self._line())
        return self.last

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            told = self._process.communicate()[1].strip().splitlines()
            raise WorkerFailedError(f"{self._command[1:]}: {told[-1] if told else 'no answer'}")
        return line
