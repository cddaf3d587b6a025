"""`loupe doctor`: what is wrong here, on the local cloud or with a deployed stack, and what to do."""

import os
from collections.abc import Iterator

import click
from rich.text import Text

from local import cloud as local_cloud
from local.cloud.client import holder
from loupe.console import answers, print_json
from loupe.context import Chosen, json_option, read_settings, target_options
from loupe.doctor.findings import OK, PROBLEM, STACK, WARNING, Check, Finding, guarded
from loupe.doctor.local_cloud import check_local_cloud
from loupe.doctor.machine import Machine, check_machine
from loupe.doctor.stack import check_stack
from loupe.settings import Settings

MARKS = {OK: ("✓", "green"), WARNING: ("!", "yellow"), PROBLEM: ("✗", "bold red")}


@click.command()
@target_options
@json_option
def doctor(chosen: Chosen, as_json: bool) -> None:
    """Say what is wrong with this machine, its local cloud and the deployed stacks, and what to do about it.

    The stacks are those on the local cloud while one runs, or those that --aws, --profile or
    AWS_ENDPOINT_URL choose; without any of them only this machine is looked at. Changes nothing.
    Ends with 1 where there is a problem; a warning is none.
    """
    settings = read_settings()
    found: list[Finding] = []
    for finding in look(settings, chosen):
        found.append(finding)
        if as_json:
            print_json(finding.as_json())
        else:
            _print(finding, first=len(found) < 2 or found[-2].part != finding.part)
    problems = sum(each.state == PROBLEM for each in found)
    if not as_json:
        warnings = sum(each.state == WARNING for each in found)
        answers().print(_summary(problems, warnings))
    if problems:
        raise click.exceptions.Exit(1)


def look(settings: Settings, chosen: Chosen) -> Iterator[Finding]:
    """All that is to be looked at, part by part."""
    info = local_cloud.running(settings.state)
    yield from check_machine(settings, Machine.this(), os.environ, cloud_runs=info is not None)
    yield from check_local_cloud(settings.state, info, holder(settings.state))
    if info or chosen.choice or chosen.profile or settings.endpoint_url:
        yield from guarded(
            Check(STACK, "target"), lambda: check_stack(chosen.cloud(settings), chosen.stack_name)
        )


def _print(finding: Finding, first: bool) -> None:
    console = answers()
    if first:
        console.print(Text(finding.part.capitalize(), style="bold"))
    mark, style = MARKS[finding.state]
    console.print(Text.assemble("  ", (mark, style), f" {finding.says}"), soft_wrap=True)
    if finding.advice:
        console.print(Text(f"    {finding.advice}", style="dim"), soft_wrap=True)


def _summary(problems: int, warnings: int) -> Text:
    if not problems and not warnings:
        return Text("All is well.", style="bold green")
    counts = [
        f"{count} {word}{'' if count == 1 else 's'}"
        for count, word in ((problems, "problem"), (warnings, "warning"))
        if count
    ]
    return Text(" and ".join(counts) + ".", style="bold")
