"""Decoding in a process of its own, with limits of its own: for decoders that no header can bound.

The child sees neither the credentials nor anything else of the environment.
"""

import contextlib
import json
import mmap
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from loupe_formats.budget import Budget
from loupe_formats.errors import BrokenPictureError, PictureTooLargeError
from loupe_formats.header import Header

# Of a full processor, and by the clock: a small function has a third of one.
CPU_SECONDS = 5
SECONDS = 25
# What the child's answer to the question "why" may be.
MAX_REASON = 160
BROKEN, TOO_LARGE = 3, 4
# A decoder in C++ that gets no memory, or no thread, aborts.
OUT_OF_MEMORY = (TOO_LARGE, -signal.SIGKILL, -signal.SIGABRT)
INHERITED = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")


@dataclass(frozen=True)
class Pixels:
    """8-bit pixels in rows without gaps: `bands` 1 (grey), 3 (RGB) or 4 (RGBA), upright."""

    width: int
    height: int
    bands: int
    profile: bytes
    data: mmap.mmap | bytes


def decode_apart(header: Header, budget: Budget, *, least: Sequence[int] | None = None) -> Pixels:
    """Decode a picture in a child; with `least` (width, height) perhaps smaller, but no smaller than that.

    Raises BrokenPictureError, or PictureTooLargeError where the child needs more memory or time than it may
    have.
    """
    room = budget.memory - len(header.content)
    options = {
        "format": header.format.value,
        "memory": room,
        "cpu": CPU_SECONDS,
        "least": least and list(least),
    }
    with tempfile.TemporaryFile() as out:
        with _child(json.dumps(options), out.fileno()) as child:
            try:
                reason = child.communicate(header.content, SECONDS)[1]
            except subprocess.TimeoutExpired:
                raise _took_too_much(header, "time") from None
        if child.returncode == BROKEN:
            said = reason.decode("utf-8", "replace")
            raise BrokenPictureError(f"The {header.format.spoken} is truncated or broken: {_plain(said)}.")
        if child.returncode == -signal.SIGXCPU:
            raise _took_too_much(header, "time")
        if child.returncode in OUT_OF_MEMORY:
            raise _took_too_much(header, "memory")
        if child.returncode:
            # Its decoder crashed, which is the picture's doing: the child does nothing else.
            raise BrokenPictureError(
                f"The {header.format.spoken} is truncated or broken: it cannot be decoded."
            )
        return _read(out.fileno())


def environment() -> dict[str, str]:
    """What a child sees: where its modules are, and no credentials."""
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return inherited | {
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        # One heap, so that what the process may have is what its decoder can use.
        "MALLOC_ARENA_MAX": "1",
    }


@contextlib.contextmanager
def _child(options: str, out: int) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-S", "-W", "ignore", "-m", "loupe_formats.decoder", options, str(out)]
    child = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=environment(),
        pass_fds=[out],
    )
    with child:
        try:
            yield child
        finally:
            if child.poll() is None:
                child.kill()


def _read(out: int) -> Pixels:
    """What the child wrote: a line of JSON, the profile, the pixels from the next whole page on."""
    with mmap.mmap(out, 0, access=mmap.ACCESS_READ) as whole:
        answer = json.loads(whole.readline())
        profile = whole.read(answer["profile"])
    data = mmap.mmap(out, answer["size"], access=mmap.ACCESS_READ, offset=answer["offset"])
    return Pixels(answer["width"], answer["height"], answer["bands"], profile, data)


def _took_too_much(header: Header, what: str) -> PictureTooLargeError:
    return PictureTooLargeError(
        f"Decoding this {header.format.spoken} of {header.width} × {header.height} pixels takes more {what} "
        "than there is."
    )


def _plain(text: str) -> str:
    line = text.strip().splitlines()[-1] if text.strip() else "no reason given"
    return "".join(letter if letter.isprintable() else " " for letter in line).rstrip(".")[:MAX_REASON]
