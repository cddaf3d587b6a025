"""Run another program to its end, its output in a file, with nothing left of it when we are interrupted."""

import os
import re
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

STOP_SECONDS = 10.0
# What says why a program failed, the surest first: CloudFormation's event of a resource, an error of its own.
CAUSES = (
    re.compile(r"\b(CREATE|UPDATE|DELETE)_FAILED\b"),
    re.compile(r"^\W*(\w+\.|npm )*\w*(error|exception)\b", re.IGNORECASE),
)


def run_logged(command: Sequence[str], *, cwd: Path, env: Mapping[str, str], log: Path) -> int:
    """The program's exit status.

    It has a session of its own, so that an interruption ends all its children with it.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            return process.wait()
        except BaseException:
            _end_session(process)
            raise


def last_lines(log: Path, count: int = 15) -> str:
    """The end of a log, for a message."""
    try:
        lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    except OSError:
        return ""
    return "\n".join(lines[-count:])


def cause(log: Path) -> str:
    """The first line that says why a program failed, else its last, with its place: `up.log:7: Error: …`."""
    try:
        lines = [" ".join(line.split()) for line in log.read_text(errors="replace").splitlines()]
    except OSError:
        lines = []
    numbered = [(number, line) for number, line in enumerate(lines, 1) if line]
    if not numbered:
        return f"{log} is empty."
    found = (next((each for each in numbered if pattern.search(each[1])), None) for pattern in CAUSES)
    number, line = next(filter(None, found), numbered[-1])
    return f"{log}:{number}: {line}"


def _end_session(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGINT, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            return
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            continue
