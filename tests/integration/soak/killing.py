"""What goes wrong meanwhile: functions' workers, services and model servers are killed at random."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from local.cloud.client import running
from tests.cloud import DeployedStack

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
# A service that ends more than five times in five minutes stays down.
SERVICE_SECONDS = 120.0
WORKER_SECONDS = 10.0


@dataclass(frozen=True)
class Process:
    """A process below the local cloud's."""

    pid: int
    kind: str


def below(pid: int) -> list[Process]:
    """The cloud's children and theirs, by what they are for."""
    parents: dict[int, list[int]] = {}
    commands: dict[int, str] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text()
            commands[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue  # It has ended.
        parents.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(entry.name))
    found, ahead = [], [pid]
    while ahead:
        children = parents.get(ahead.pop(), [])
        ahead += children
        found += [Process(child, _kind(commands.get(child, ""))) for child in children]
    return found


def _kind(command: str) -> str:
    if "/lambdas/bootstrap.py" in command:
        return "worker"
    for name in ("sagemaker", "rekognition"):
        if f"local.{name}" in command:
            return name
    return "model server" if "model.serve" in command or " serve " in command else "other"


class Killer:
    """Kills a worker every ten seconds or so, a service's child every two minutes, by a seed."""

    def __init__(self, stack: DeployedStack, seed: int) -> None:
        self._stack, self._choice = stack, random.Random(seed)
        self._stop = threading.Event()
        self.killed: Counter[str] = Counter()
        self.memory: list[tuple[float, int]] = []
        self._thread = threading.Thread(target=self._run, name="killer", daemon=True)

    def __enter__(self) -> Killer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(30)

    def _run(self) -> None:
        begun = time.monotonic()
        service_at = begun + SERVICE_SECONDS / 2
        while not self._stop.wait(self._choice.uniform(0.5, 1.5) * WORKER_SECONDS):
            cloud = running(self._stack.state)
            if cloud is None:
                return
            now = time.monotonic()
            self.memory.append((now - begun, resident_bytes(cloud.pid)))
            kinds = ["worker"]
            if now >= service_at:
                service_at = now + SERVICE_SECONDS
                kinds.append(self._choice.choice(["sagemaker", "rekognition", "model server"]))
            for kind in kinds:
                self._kill(cloud.pid, kind)

    def _kill(self, cloud: int, kind: str) -> None:
        found = sorted(each.pid for each in below(cloud) if each.kind == kind)
        if not found:
            return
        try:
            os.kill(self._choice.choice(found), signal.SIGKILL)
        except ProcessLookupError:
            return
        self.killed[kind] += 1


def resident_bytes(pid: int) -> int:
    """The memory that a process has in use now; 0 where it has ended."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES
    except OSError:
        return 0
