"""Tables for people."""

from collections.abc import Sequence
from datetime import datetime

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from loupe.results import IN_REVIEW, Record, Result, labelled_by_person
from loupe_core import confidence

STATUS_STYLES = {
    "CLASSIFIED": "green",
    "REJECTED": "yellow",
    "IN_REVIEW": "yellow",
    "FAILED": "red",
    "RECEIVED": "cyan",
}


def results_table(results: Sequence[Result]) -> Table:
    """Picture, label, confidence, faces, status, how long."""
    table = new_table("Picture", "Label", ("Confidence", "right"), "Faces", "Status", ("Took", "right"))
    for result in results:
        table.add_row(
            Text(result.image, overflow="fold"),
            Text(result.label or "–", overflow="fold"),
            percent(result.confidence),
            faces(result.faceDetected),
            status_of(result),
            took(result.durationMs),
        )
    return table


def print_results(console: Console, results: Sequence[Result]) -> None:
    """The table, then for each picture that wasn't classified why, then the sum."""
    console.print(results_table(results))
    for (error, cause), alike in _reasons(results).items():
        style = "yellow" if alike[0].refused else "red"
        others = f" and {len(alike) - 1} more" if len(alike) > 1 else ""
        console.print(Text.assemble((alike[0].image, "bold"), others, ": ", (error, style)), soft_wrap=True)
        console.print(Text(f"  {cause.strip()}"), soft_wrap=True)
    if len(results) > 1:
        console.print(Text(summary(results), style="dim"))


def _reasons(results: Sequence[Result]) -> dict[tuple[str, str], list[Result]]:
    """What was refused or failed, by why: a hundred pictures that failed alike are shown once."""
    reasons: dict[tuple[str, str], list[Result]] = {}
    for result in results:
        if result.status not in ("SUCCEEDED", IN_REVIEW):
            reasons.setdefault((result.error or "", result.cause or ""), []).append(result)
    return reasons


def summary(results: Sequence[Result]) -> str:
    """`12 classified, 1 refused, 0 failed`, and how many wait for a person where any do."""
    classified = sum(result.status == "SUCCEEDED" for result in results)
    refused = sum(result.refused for result in results)
    reviewed = sum(result.status == IN_REVIEW for result in results)
    said = [f"{classified} classified", f"{refused} refused"]
    if reviewed:
        said.append(f"{reviewed} in review")
    return ", ".join([*said, f"{len(results) - classified - refused - reviewed} failed"])


def records_table(records: Sequence[Record]) -> Table:
    """The Images table: when, what, how sure, and the id to ask for more with."""
    table = new_table("Id", "Picture", "Title", ("Confidence", "right"), "Faces", "Status", "Updated")
    for record in records:
        table.add_row(
            Text(str(record["imageId"])[:12], style="dim", no_wrap=True),
            Text(str(record.get("key", "")), overflow="fold"),
            Text(str(record.get("title") or record.get("label") or "–"), overflow="fold"),
            sureness(record),
            faces(record.get("faceDetected")),
            status_of_record(record),
            Text(local_time(record.get("updatedAt") or record.get("createdAt")), style="dim", no_wrap=True),
        )
    return table


def sureness(record: Record) -> str:
    """The model's confidence in the label, or that a person gave it."""
    if labelled_by_person(record):
        return "a person"
    confidence = record.get("confidence")
    return percent(None if confidence is None else float(confidence))


def status_of_record(record: Record) -> Text:
    """A record's status in words."""
    status = str(record.get("status", ""))
    return Text(status.lower().replace("_", " "), style=STATUS_STYLES.get(status, ""))


def class_table(rows: Sequence[tuple[str, str]]) -> Table:
    """Classes and how many of their pictures were recognised."""
    table = new_table("Class", ("Recognised", "right"))
    for label, recall in rows:
        table.add_row(Text(label, overflow="fold"), recall)
    return table


def status_of(result: Result) -> Text:
    """Classified, refused, in review or failed."""
    if result.status == "SUCCEEDED":
        return Text("classified", style="green")
    if result.status == IN_REVIEW:
        return Text("in review", style="yellow")
    if result.refused:
        return Text("refused", style="yellow")
    return Text("failed", style="red")


def percent(fraction: float | None) -> str:
    """`60.0%`, rounded down as on the page, in e-mails and on pictures."""
    return "–" if fraction is None else confidence.percent(fraction)


def faces(detected: object) -> str:
    """Yes or no; nothing where nobody looked."""
    return "–" if detected is None else "yes" if detected else "no"


def took(milliseconds: int | None) -> str:
    if milliseconds is None:
        return "–"
    return f"{milliseconds} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"


def local_time(iso: object) -> str:
    """A record's time in this machine's zone, to the second; as it stands where it is no time."""
    try:
        return datetime.fromisoformat(str(iso)).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except ValueError:
        return str(iso or "")


def new_table(*columns: str | tuple[str, str], title: str | None = None) -> Table:
    """A table as this command draws them; a column may come with its justification."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold", title=title, title_justify="left")
    for column in columns:
        name, justify = column if isinstance(column, tuple) else (column, "left")
        table.add_column(name, justify="right" if justify == "right" else "left")
    return table
