"""Where things are printed: answers on standard output, progress and complaints on standard error."""

import json
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.text import Text

# Rich leaves colour away by itself when the stream is no terminal or NO_COLOR is set.


def answers() -> Console:
    """Standard output. Wide when it is no terminal, so that a pipe gets a row a line."""
    return Console(highlight=False, soft_wrap=False, width=None if sys.stdout.isatty() else 200)


def progress() -> Console:
    """Standard error."""
    return Console(stderr=True, highlight=False)


def print_json(value: Mapping[str, Any]) -> None:
    """One object on one line, flushed so that a reader of the pipe has it at once."""
    print(json.dumps(value, ensure_ascii=False, default=_plain), flush=True)


def step(text: str, detail: str = "") -> None:
    """One line of progress: what has just been done, and a dim remark."""
    progress().print(
        Text.assemble(("  ✓ ", "green"), text, (f"  {detail}" if detail else "", "dim")), soft_wrap=True
    )


def remark(text: str) -> None:
    """One line on what is left out, and why."""
    progress().print(Text.assemble(("  – ", "yellow"), text), soft_wrap=True)


@contextmanager
def working(doing: str, done: str) -> Iterator[None]:
    """A long step: a spinner on a terminal (else the line `doing …`), and when it is done what was done and
    how long it took.
    """
    console = progress()
    began = time.monotonic()
    if console.is_terminal:
        with console.status(f"{doing} …"):
            yield
    else:
        console.print(f"    {doing} …", soft_wrap=True)
        yield
    step(done, f"{time.monotonic() - began:.1f} s")


def _plain(value: object) -> object:
    """DynamoDB's numbers are Decimals, its sets are sets."""
    if isinstance(value, set | frozenset):
        return sorted(value)
    return float(value)  # type: ignore[arg-type]  # a Decimal; anything else refuses, as json does
