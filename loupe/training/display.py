"""Training shown to a person: what happens while it runs, and how it ended."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from loupe.console import answers, progress, step
from loupe.render import class_table, percent, took
from loupe.training.results import TrainingResult
from loupe.training.workflow import Epoch, Happening, JobStarted, StateEntered

WORST = 10
MOMENT_MS = 500


@contextmanager
def byte_bar(console: Console, doing: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar that counts bytes, on a terminal; gives the function that advances it."""
    columns = (TextColumn("    {task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as display:
        task = display.add_task(doing, total=total)
        yield lambda count: display.advance(task, count)


class TrainingDisplay:
    """States and epochs as they come: a live line on a terminal, a line each otherwise."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or progress()
        columns = (
            *(TextColumn("   "), SpinnerColumn(), TextColumn("{task.description}"), BarColumn(20)),
            *(TextColumn("{task.fields[figures]}"), TimeElapsedColumn()),
        )
        self._progress = Progress(
            *columns, console=self._console, transient=True, disable=not self._console.is_terminal
        )
        self._task: TaskID | None = None
        self._state: str | None = None
        self._began = time.monotonic()
        self._best: Epoch | None = None
        self._seen: set[str] = set()
        self._said: set[str] = set()

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave_state()
        self._progress.stop()

    def show(self, happening: Happening) -> None:
        if isinstance(happening, StateEntered):
            self._enter_state(happening.name)
        elif isinstance(happening, JobStarted):
            self._best = None
        elif isinstance(happening, Epoch):
            self._epoch(happening)

    def say_once(self, text: str) -> None:
        """A remark, however often it is made."""
        if text not in self._said:
            self._said.add(text)
            self._console.print(Text(f"    {text}", style="dim"), soft_wrap=True)

    def _enter_state(self, name: str) -> None:
        if name in self._seen:
            return  # a wait that looks again and again
        self._leave_state()
        self._seen.add(name)
        self._state, self._began = name, time.monotonic()
        self._task = self._progress.add_task(name, total=None, figures="")

    def _leave_state(self) -> None:
        if self._state is None:
            return
        if self._task is not None:
            self._progress.remove_task(self._task)
        took_ms = round((time.monotonic() - self._began) * 1000)
        name, self._state = self._state, None
        if took_ms < MOMENT_MS:
            return
        detail = took(took_ms)
        if self._best is not None:
            detail += f", {self._best.accuracy:.2%} on validation at epoch {self._best.number}"
            self._best = None
        self._console.print(Text.assemble("  · ", name, (f"  {detail}", "dim")), soft_wrap=True)

    def _epoch(self, epoch: Epoch) -> None:
        if self._best is None or epoch.accuracy > self._best.accuracy:
            self._best = epoch
        figures = f"loss {epoch.loss:.4f}  accuracy {epoch.accuracy:.2%}"
        of = f" of {epoch.of}" if epoch.of else ""
        if self._task is not None:
            self._progress.update(
                self._task,
                description=f"{self._state}, epoch {epoch.number}{of}",
                completed=epoch.number,
                total=epoch.of or None,
                figures=figures,
            )
        if not self._console.is_terminal:
            self._console.print(f"    epoch {epoch.number}{of}  {figures}", soft_wrap=True)


def print_result(result: TrainingResult, title: str) -> None:
    """The accuracy, where it serves, the classes known least; or what went wrong."""
    console = answers()
    if result.status == "SUCCEEDED":
        where = f"serves on the endpoint {result.endpoint}" if result.endpoint else "is trained, not deployed"
        step(f"{title} {where}", took(result.durationMs))
    elif result.refused:
        console.print(Text.assemble((f"{title} was refused: ", "yellow"), result.cause or ""), soft_wrap=True)
    else:
        console.print(Text.assemble((f"{result.error}: ", "bold red"), result.cause or ""), soft_wrap=True)
    rows: Mapping[str, Any] = {
        "Accuracy": _accuracy(result),
        "Live model": percent_exactly(result.championAccuracy)
        if result.championAccuracy is not None
        else None,
        "Model": result.model,
        "Endpoint": result.endpoint,
        "Report": result.report,
        "Execution": result.executionArn,
    }
    for name, value in rows.items():
        if value:
            console.print(Text.assemble((f"  {name:<11}", "dim"), str(value)), soft_wrap=True)
    for remark in result.remarks:
        console.print(Text(f"  {remark}", style="yellow"), soft_wrap=True)
    if result.perClass:
        worst = sorted(result.perClass.items(), key=lambda item: 2.0 if item[1] is None else item[1])
        console.print(class_table([(label, percent(recall)) for label, recall in worst[:WORST]]))
        if len(worst) > WORST:
            console.print(Text(f"  and {len(worst) - WORST} more classes: `loupe evaluate`", style="dim"))


def _accuracy(result: TrainingResult) -> str | None:
    """With how far it can be believed, where that is known and is more than a percent."""
    if result.accuracy is None:
        return None
    low, high = result.accuracyLow, result.accuracyHigh
    if low is None or high is None or high - low < 0.02:
        return percent_exactly(result.accuracy)
    return f"{percent_exactly(result.accuracy)} (between {low:.0%} and {high:.0%})"


def percent_exactly(fraction: float) -> str:
    """Two decimals: a hundredth of a percent is one picture in ten thousand."""
    return f"{fraction:.2%}"
