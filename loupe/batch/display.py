"""What people see of a run: a bar while it runs, a table when it is done."""

import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.text import Text

from loupe.batch.estimate import spent, spoken
from loupe.batch.result import BatchResult
from loupe.batch.workflow import Progress
from loupe.console import answers, progress

# What a report says of the pictures whose records the run wrote; the others are counted by what kept it off.
RECORDED = "recorded"
DOING = {
    "Plan Batch": "Planning",
    "Prepare Items": "Listing the pictures",
    "Create Endpoint Config": "Hosting the model on an endpoint of its own",
    "Create Endpoint": "Hosting the model on an endpoint of its own",
    "Wait For Endpoint": "Hosting the model on an endpoint of its own",
    "Describe Endpoint": "Hosting the model on an endpoint of its own",
    "Route By Endpoint Status": "Hosting the model on an endpoint of its own",
    "Classify Pictures": "Classifying",
    "Finish Batch": "Making the report",
    "Finalize Batch": "Removing the endpoint, notifying",
}


class BatchDisplay:
    """A bar on a terminal; elsewhere a line whenever the run comes to another step."""

    def __init__(self) -> None:
        self._console = progress()
        columns = (TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._bar = Bar(
            *columns,
            TextColumn("{task.fields[rate]}"),
            console=self._console,
            transient=True,
            disable=not self._live,
        )
        self._task: TaskID = self._bar.add_task("Starting", total=None, rate="")
        self._said, self._began = "", time.monotonic()

    @property
    def _live(self) -> bool:
        return self._console.is_terminal

    def __enter__(self) -> "BatchDisplay":
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def show(self, found: Progress) -> None:
        doing = DOING.get(found.state, self._said or "Starting")
        if not self._live and doing != self._said:
            self._console.print(f"    {doing} …")
        self._said = doing
        ended = found.done + found.failed
        self._bar.update(
            self._task, description=doing, total=found.total, completed=ended, rate=rate(found, time.time())
        )


def rate(found: Progress, now: float) -> str:
    """`12.3/s, 4 min left, about $0.02 spent, 20 failed`; empty before anything is done."""
    ended = found.done + found.failed
    if found.started is None or found.total is None or not ended:
        return ""
    seconds = max(0.001, now - found.started.timestamp())
    left = (found.total - ended) * seconds / ended
    parts = [f"{ended / seconds:,.1f}/s"]
    if found.total > ended:
        parts.append(f"{spoken(left)} left")
    parts.append(f"about ${spent(ended, seconds, found.at_once):,.2f} spent")
    if found.failed:
        parts.append(f"{found.failed:,} in batches that failed")
    return ", ".join(parts)


def records_left(recorded: Mapping[str, int]) -> str:
    """`6 recorded; left as they were: 1 in work`; empty of a run that records nothing."""
    if not recorded:
        return ""
    left = ", ".join(f"{count:,} {why}" for why, count in recorded.items() if why != RECORDED)
    return f"{recorded.get(RECORDED, 0):,} recorded" + (f"; left as they were: {left}" if left else "")


def print_result(result: BatchResult, summary: Mapping[str, Any] | None) -> None:
    """The figures for people."""
    console = answers()
    if result.error:
        console.print(Text.assemble((f"{result.run} ", "bold"), (result.error, "red")), soft_wrap=True)
        console.print(Text(f"  {result.cause or ''}"), soft_wrap=True)
    if result.pictures is not None:
        figures = (
            f"{result.pictures:,} pictures: {result.classified:,} classified, {result.rejected:,} below the "
        )
        console.print(f"{figures}threshold, {result.failed:,} failed", soft_wrap=True)
    if summary:
        for label, count in list(summary["labels"].items())[:10]:
            console.print(Text(f"  {count:>9,}  {label}"), soft_wrap=True)
        for error, count in summary["errors"].items():
            console.print(Text.assemble(f"  {count:>9,}  ", (error, "red")), soft_wrap=True)
        if said := records_left(summary.get("recorded") or {}):
            console.print(said, soft_wrap=True)
        if summary.get("inReview"):
            waiting = summary["inReview"]
            verb = "waits" if waiting == 1 else "wait"
            console.print(f"{waiting:,} {verb} for a person: loupe review", soft_wrap=True)
        took = spoken(summary["durationMs"] / 1000)
        console.print(f"{took}, ${summary['cost']:,.4f} on AWS, endpoint apart", style="dim")
    if result.report:
        console.print(Text(f"Report: {result.report}", style="dim"), soft_wrap=True)
