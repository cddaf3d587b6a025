"""What `make check` finds in documents: options that are not there, a reference that is not as the code."""

from __future__ import annotations

import re

import click
import pytest

from docs.site.reference import commands, errors, option, reference
from loupe.cli import cli
from loupe_core.errors import EndpointThrottledError
from tests.documents import options


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("`loupe classify a.png --json`", []),
        ("`loupe classify a.png --jsn`", ["no `loupe classify --jsn`"]),
        ("```\nloupe model deploy --gone x\n```", ["no `loupe model deploy --gone`"]),
        ("```\n$ .venv/bin/loupe up --attach\n```", ["no `loupe up --attach`"]),
        # What another program is given is its own.
        ("`loupe status --json | jq --tab .`", []),
        ("`sam remote invoke --stack-name loupe --event-file x`", []),
        ("`loupe up \\\n  --attach`", ["no `loupe up --attach`"]),
    ],
)
def test_an_option_that_a_document_names_is_there(text: str, found: list[str]) -> None:
    assert list(options(text)) == found


def test_the_reference_has_every_command_that_is_not_hidden() -> None:
    titles = re.findall(r"^### `(loupe[^`]*)`$", reference(), re.M)

    for name, command in cli.commands.items():
        assert (f"loupe {name}" in titles) or isinstance(command, click.Group) or command.hidden


def test_a_hidden_command_and_a_hidden_option_are_left_out() -> None:
    hidden = click.Command("secret", hidden=True)
    group = click.Group("loupe", commands={"secret": hidden})

    assert "secret" not in "".join(commands(group, "loupe"))
    assert option(click.Option(["--secret"], hidden=True), click.Context(hidden)) is None


def test_an_error_says_whether_trying_again_can_help() -> None:
    [row] = [line for line in errors().splitlines() if f"`{EndpointThrottledError.__name__}`" in line]

    assert "| transient |" in row
