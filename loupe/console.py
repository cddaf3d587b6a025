"""Where things are printed: answers on standard output, progress and complaints on standard error.

What is printed may hold strangers' texts: no control character of theirs reaches the terminal.
"""

import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from model.plain_text import plain, plain_json

# Rich leaves colour away by itself when the stream is no terminal or NO_COLOR is set.


class PlainConsole(Console):
    """A console that obeys its own styles alone."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """What is printed, piece by piece: Rich's own control pieces as they are, texts made plain."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(plain(segment.text), segment.style)


def answers() -> Console:
    """Standard output. Wide when it is no terminal, so that a pipe gets a row a line."""
    return PlainConsole(highlight=False, soft_wrap=False, width=None if sys.stdout.isatty() else 200)


def progress() -> Console:
    """Standard error."""
    return PlainConsole(stderr=True, highlight=False)


def print_json(value: Mapping[str, Any]) -> None:
    """One object on one line, flushed so that a reader of the pipe has it at once."""
    print(plain_json(value, default=_plain), flush=True)


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
