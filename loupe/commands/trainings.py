"""`loupe trainings`: what is being trained, and what was."""

from datetime import UTC, datetime

import click
from rich.text import Text

from loupe.console import answers, print_json
from loupe.context import Chosen, json_option, read_settings, target_options
from loupe.render import local_time, new_table, took
from loupe.training.workflow import TrainingWorkflow


@click.command()
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many.")
@target_options
@json_option
def trainings(limit: int, chosen: Chosen, as_json: bool) -> None:
    """List trainings, the newest first. `loupe train --follow NAME` joins one that is running."""
    cloud, stack = chosen.stack(read_settings())
    found = TrainingWorkflow(cloud, stack).trainings(limit)
    if as_json:
        for training in found:
            print_json(training.to_dict())
        return
    if not found:
        answers().print("No trainings yet. `loupe train --data digits` starts one.")
        return
    table = new_table("Training", "Status", "Started", ("Took", "right"))
    for training in found:
        style = {"RUNNING": "cyan", "SUCCEEDED": "green"}.get(training.status, "red")
        ended = training.stopped or datetime.now(UTC)
        table.add_row(
            Text(training.name, overflow="fold"),
            Text(training.status, style=style),
            Text(local_time(training.started.isoformat()), style="dim", no_wrap=True),
            took(round((ended - training.started).total_seconds() * 1000)),
        )
    answers().print(table)
