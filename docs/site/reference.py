"""`python -m docs.site.reference` writes docs/reference.md from the code: commands, stacks, errors, targets.

`make check` fails where the document is not as the code says.
"""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from loupe.cli import cli
from loupe.stacks import selected
from loupe.templates import load_template
from loupe_core.errors import LoupeError, TransientError

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "reference.md"
LAYERS = ("core", "training", "review", "batch")
TARGET = re.compile(r"^([a-z-]+):.*?## (.*)$", re.M)
HEAD = """\
# Reference

Written from the code by `python -m docs.site.reference`: every command and option, parameter and
output of each stack, error name and make target. `make check` fails where the two differ.
"""


def reference() -> str:
    """The document as it should be."""
    parts = [HEAD, "## Commands\n", *commands(cli, "loupe"), "## Stacks\n"]
    parts += [stack(template) for template in templates()]
    parts += ["## Errors\n", "The names that Retry and Catch, records and notifications use.\n", errors()]
    rows = TARGET.findall((ROOT / "Makefile").read_text(encoding="utf-8"))
    parts += [
        "## Make targets\n",
        table(("target", "what"), [(f"`make {name}`", what) for name, what in rows]),
    ]
    return "\n".join(parts)


def commands(command: click.Command, name: str) -> Iterator[str]:
    """A command's section, and those of the commands below it."""
    if command.hidden:
        return
    if command.params or not isinstance(command, click.Group):
        context = click.Context(command, info_name=name)
        usage = " ".join([name, *command.collect_usage_pieces(context)])
        yield f"### `{name}`\n\n```\n{usage}\n```\n"
        yield f"{sentence(command)}\n"
        rows = [row for each in command.params if (row := option(each, context))]
        if rows:
            yield table(("option", "what"), rows)
    if isinstance(command, click.Group):
        for each in command.commands.values():
            yield from commands(each, f"{name} {each.name}")


def sentence(command: click.Command) -> str:
    """The first paragraph of a command's help, in lines of a document."""
    first = inspect.cleandoc(command.help or "").partition("\n\n")[0]
    return click.formatting.wrap_text(" ".join(first.split()), 100)


def option(parameter: click.Parameter, context: click.Context) -> tuple[str, str] | None:
    """An option's row, None for what is no option or is hidden."""
    if not isinstance(parameter, click.Option) or not (record := parameter.get_help_record(context)):
        return None
    return f"`{record[0]}`", record[1]


def templates() -> list[tuple[str, str]]:
    """Name and path of each template that a person deploys."""
    stacks = [(each.name, each.template) for each in selected()]
    return [*stacks, ("container", "container/template.yaml"), ("pipeline", "pipeline/template.yaml")]


def stack(template: tuple[str, str]) -> str:
    """The tables of a template's parameters and outputs."""
    name, path = template
    document = load_template(ROOT / path)
    parameters = [(f"`{key}`", default(body), said(body)) for key, body in document["Parameters"].items()]
    outputs = [(f"`{key}`", said(body)) for key, body in document["Outputs"].items()]
    title = f"### {name.capitalize()} (`{path}`)\n"
    return "\n".join(
        [title, table(("parameter", "default", "what"), parameters), table(("output", "what"), outputs)]
    )


def default(parameter: dict[str, Any]) -> str:
    if "Default" not in parameter:
        return "none"
    return f"`{parameter['Default']}`" if str(parameter["Default"]) else "empty"


def said(body: dict[str, Any]) -> str:
    return str(body.get("Description", ""))


def errors() -> str:
    """The table of the errors, by where they are defined."""
    rows = []
    # The command needs not all of them, so they are not installed.
    sys.path.extend(str(ROOT / "layers" / layer) for layer in LAYERS)
    for layer in LAYERS:
        module = f"loupe_{layer}.errors"
        for name, each in vars(importlib.import_module(module)).items():
            if isinstance(each, type) and issubclass(each, LoupeError) and each.__module__ == module:
                kind = "transient" if issubclass(each, TransientError) else "permanent"
                what = " ".join((inspect.getdoc(each) or "").partition("\n\n")[0].split())
                rows.append((f"`{name}`", f"loupe_{layer}", kind if each is not LoupeError else "", what))
    return table(("error", "package", "kind", "what"), rows)


def table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "".join(f"| {' | '.join(cell(each) for each in line)} |\n" for line in lines)


def cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;") or " "


if __name__ == "__main__":
    DOCUMENT.write_text(reference(), encoding="utf-8")
