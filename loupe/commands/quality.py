"""`loupe quality`: how good the model is out there, by what people answered."""

from collections.abc import Sequence
from datetime import UTC, datetime

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from loupe.console import answers, print_json
from loupe.context import Chosen, json_option, read_settings, target_options
from loupe.logs import parse_since
from loupe.quality.reading import read_quality
from loupe.render import local_time, new_table, percent
from loupe_review.drift import Shift
from loupe_review.quality import Errors, ModelQuality, Quality

DEFAULT_SINCE = "30d"


@click.command()
@click.option("--since", default=DEFAULT_SINCE, show_default=True, help="How far back: 2h, 7d, or a time.")
@target_options
@json_option
def quality(since: str, chosen: Chosen, as_json: bool) -> None:
    """Say how good the model is out there, by what people answered in reviews.

    The error rate is of audits alone: pictures that the model accepted, chosen by chance. A shift says
    whether what comes now is what the model was evaluated on (population stability index: over 0.1 moderate,
    over 0.25 large, unless chance explains it).
    """
    cloud, stack = chosen.stack(read_settings())
    found = read_quality(cloud, stack, datetime.fromtimestamp(parse_since(since) / 1000, UTC))
    if as_json:
        print_json(found.to_dict())
    else:
        print_quality(answers(), found)


def print_quality(console: Console, found: Quality) -> None:
    """The figures of all, then by model and by week."""
    for name, value in (
        ("Errors", _errors(found.errors)),
        ("Agreement", _agreement(found)),
        ("Answers", _answers(found)),
    ):
        console.print(Text.assemble((f"  {name:<12}", "dim"), value), soft_wrap=True)
    if found.models:
        console.print(_models_table(found.models))
    if found.weeks:
        table = new_table("Week", ("Pictures", "right"), ("Reviewed", "right"), ("Share", "right"))
        for week in found.weeks:
            share = percent(week.reviewed / week.pictures) if week.pictures else "–"
            table.add_row(week.week, f"{week.pictures:,}", f"{week.reviewed:,}", share)
        console.print(table)
    if found.truncated:
        console.print(
            Text("There is more than was read: these are the newest. Or give --since 7d.", style="dim")
        )


def _models_table(models: Sequence[ModelQuality]) -> Table:
    table = new_table(
        "Model", "Since", ("Pictures", "right"), ("Audited", "right"), ("Errors", "right"),
        ("Unsure, right", "right"), "Confidence", "Classes",
    )  # fmt: skip
    for each in models:
        unsure = f"{each.uncertain_right} of {each.uncertain}" if each.uncertain else "–"
        table.add_row(
            Text(each.version.model, overflow="fold"),
            Text(local_time(each.version.since.isoformat()), style="dim", no_wrap=True),
            f"{each.pictures:,}",
            f"{each.errors.answered:,}",
            percent(each.errors.rate),
            unsure,
            _shift(each.confidence),
            _shift(each.classes),
        )
    return table


def _errors(errors: Errors) -> str:
    if not errors.answered:
        return "unknown: no accepted picture was audited (the review stack's AuditPercentage)"
    said = errors.to_dict()
    return (
        f"{percent(errors.rate)} of the accepted pictures, between {percent(said['low'])} and "
        f"{percent(said['high'])} "
        f"({errors.wrong} of {errors.answered} audited)"
    )


def _agreement(found: Quality) -> str:
    if found.kappa is None:
        return f"unknown: {found.looked_at_twice} pictures had more than one answer"
    return f"kappa {found.kappa:.2f} on {found.looked_at_twice} pictures with more than one answer"


def _answers(found: Quality) -> str:
    speed = "" if found.an_hour is None else f", {found.an_hour:,.0f} a person an hour"
    people = "1 person" if found.people == 1 else f"{found.people} people"
    return f"{found.answers:,} by {people}{speed}"


def _shift(shift: Shift | None) -> Text:
    if shift is None:
        return Text("–", style="dim")
    style = {"large": "red", "moderate": "yellow"}.get(shift.verdict, "")
    told = {"none": "as evaluated"}.get(shift.verdict, f"{shift.verdict} shift")
    return Text(f"{told} ({shift.index:.2f})", style=style)
