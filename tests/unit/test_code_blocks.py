"""Every document with shell commands is run by a test, or says why not."""

from __future__ import annotations

from pathlib import Path

from tests.integration.documents.test_code_blocks import ELSEWHERE, RUN, commands

ROOT = Path(__file__).parents[2]


def test_every_document_with_commands_is_run_or_says_why_not() -> None:
    documents = [
        ROOT / "README.md",
        *(ROOT / "docs").glob("*.md"),
        *(ROOT / "docs" / "tutorials").glob("*.md"),
    ]
    with_commands = {name for path in documents if commands(name := path.relative_to(ROOT).as_posix())}

    assert with_commands == {*ELSEWHERE, *(each.name for each in RUN)}


def test_every_exit_code_belongs_to_a_command_that_stands_there() -> None:
    for document in RUN:
        assert set(document.exit_codes) <= set(commands(document.name))
