"""`loupe doctor` itself: what it prints, and its exit code."""

import json
from collections.abc import Iterable
from typing import Any

import pytest
from click.testing import CliRunner

from loupe.cli import cli
from loupe.commands import doctor as command
from loupe.doctor.findings import PROBLEM, Check, Finding, guarded
from loupe.errors import CredentialsError


def run(monkeypatch: pytest.MonkeyPatch, *found: Finding, arguments: tuple[str, ...] = ()) -> Any:
    monkeypatch.setattr(command, "look", lambda settings, chosen: iter(found))
    return CliRunner().invoke(cli, ["doctor", *arguments], prog_name="loupe")


CHECK = Check("machine", "disk")


@pytest.mark.parametrize(
    ("finding", "code", "summary"),
    [
        (CHECK.ok("Enough."), 0, "All is well."),
        (CHECK.warning("Little.", "Make room."), 0, "1 warning."),
        (CHECK.problem("None.", "Make room."), 1, "1 problem."),
    ],
)
def test_a_problem_alone_ends_with_1(
    monkeypatch: pytest.MonkeyPatch, finding: Finding, code: int, summary: str
) -> None:
    result = run(monkeypatch, finding)

    assert result.exit_code == code
    assert summary in result.stdout
    assert finding.says in result.stdout
    assert finding.advice in result.stdout


def test_json_is_an_object_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(monkeypatch, CHECK.ok("Enough."), CHECK.problem("None.", "Room."), arguments=("--json",))

    assert result.exit_code == 1
    assert [json.loads(line) for line in result.stdout.splitlines()] == [
        {"part": "machine", "check": "disk", "state": "ok", "says": "Enough.", "advice": ""},
        {"part": "machine", "check": "disk", "state": "problem", "says": "None.", "advice": "Room."},
    ]


def test_a_target_without_credentials_is_a_problem_like_any_other() -> None:
    def refuse() -> Iterable[Finding]:
        raise CredentialsError("No credentials.")

    [finding] = guarded(CHECK, refuse)

    assert finding.state == PROBLEM
    assert "No credentials." in finding.says
