"""The subcommands as a person calls them: options, exit codes, what is printed where."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from loupe.__main__ import main
from loupe.aws import Cloud
from loupe.cli import cli
from loupe.commands import pictures as classify_module
from loupe.commands.messages import readable
from loupe.context import Chosen
from loupe.errors import StackNotFoundError
from loupe.pictures import S3Location
from loupe.render import percent, took
from loupe.settings import Settings
from loupe.stack import Stack
from tests.unit.command.fakes import FakeWorkflow

COMMANDS = tuple(cli.commands)


class FakeStackWorkflow(FakeWorkflow):
    """Stands in for the deployed workflow; there is a prefix with two pictures."""

    def __init__(self, cloud: Cloud, stack: Stack) -> None:
        super().__init__(describes_until_end=1)

    def list_prefix(self, location: S3Location) -> Sequence[S3Location]:
        return [S3Location(location.bucket, f"{location.key}{name}") for name in ("seven.png", "blurred.png")]


@pytest.fixture
def _deployed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LOUPE_STATE", str(tmp_path))
    monkeypatch.setattr(Chosen, "stack", lambda self, settings, parallel=10: (None, Stack("loupe", "OK", {})))
    monkeypatch.setattr(classify_module, "StackWorkflow", FakeStackWorkflow)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments, prog_name="loupe")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str) -> None:
    result = run(command, "--help")

    assert result.exit_code == 0
    assert "Usage: loupe" in result.stdout


@pytest.mark.parametrize(
    "command", [name for name in COMMANDS if name not in ("demo", "env", "model", "web")]
)
def test_every_command_takes_json(command: str) -> None:
    assert "--json" in run(command, "--help").stdout


@pytest.mark.usefixtures("_deployed")
@pytest.mark.parametrize(
    ("keys", "code"),
    [
        (["seven.png"], 0),
        (["seven.png", "blurred.png"], 3),
        (["seven.png", "blurred.png", "broken.png"], 1),
        (["locked.png"], 1),
    ],
)
def test_classify_ends_with_the_code_of_the_worst_picture(keys: list[str], code: int) -> None:
    assert run("classify", *(f"s3://bucket/{key}" for key in keys)).exit_code == code


@pytest.mark.usefixtures("_deployed")
def test_classify_prints_a_row_a_picture_and_why_one_was_refused() -> None:
    result = run("classify", "s3://bucket/in/")

    rows = result.stdout.splitlines()
    assert any("seven.png" in row and "98.0%" in row and "classified" in row for row in rows)
    assert any("blurred.png" in row and "refused" in row for row in rows)
    assert "THRESHOLD_CONFIDENCE_NOT_MET" in result.stdout
    assert "1 classified, 1 refused, 0 failed" in result.stdout


@pytest.mark.usefixtures("_deployed")
def test_classify_json_is_a_line_a_picture_and_nothing_else() -> None:
    result = run("classify", "--json", "s3://bucket/in/", "s3://bucket/eight.png")

    documents = [json.loads(line) for line in result.stdout.splitlines()]
    images = [document["image"] for document in documents]
    assert images == ["s3://bucket/in/seven.png", "s3://bucket/in/blurred.png", "s3://bucket/eight.png"]
    assert [document["status"] for document in documents] == ["SUCCEEDED", "FAILED", "SUCCEEDED"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["classify"],
        ["classify", "nowhere.png"],
        ["classify", "s3:///key"],
        ["classify", "--threshold", "1.5", "s3://b/k"],
        ["classify", "--parallel", "0", "s3://b/k"],
        ["images", "--status", "LOST"],
        ["logs", "--since", "yesterday"],
        ["up", "--port", "0"],
        ["teapot"],
    ],
)
def test_wrong_usage_ends_with_2(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOUPE_STATE", str(tmp_path))
    assert run(*arguments).exit_code == 2


def test_a_missing_file_is_one_line_on_standard_error(tmp_path: Path) -> None:
    result = run("classify", str(tmp_path / "nowhere.png"))

    assert result.stdout == ""
    assert result.stderr == f"Error: {tmp_path}/nowhere.png: no such file or folder.\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["inbox"],
        ["classify", "s3://b/k.png", "--local"],
        ["images"],
        ["image", "abc"],
        ["logs"],
        ["download", "abc"],
    ],
)
def test_without_a_cloud_a_command_says_how_to_start_one(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOUPE_STATE", str(tmp_path))

    result = run(*arguments)

    assert result.exit_code == 1
    assert "loupe up" in result.stderr
    assert result.stderr.count("\n") == 1


def test_status_without_a_cloud_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOUPE_STATE", str(tmp_path))

    result = run("status", "--json")

    assert result.exit_code == 0
    expected: dict[str, Any] = {"running": False, "gatewayUrl": None, "region": None, "stack": None}
    assert json.loads(result.stdout) == expected | {"outputs": {}, "services": {}}


def test_down_without_a_cloud_is_fine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOUPE_STATE", str(tmp_path))

    assert json.loads(run("down", "--json").stdout) == {"stopped": False}


def test_no_stack_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Chosen, settings: Settings, parallel: int = 10) -> tuple[Cloud, Stack]:
        raise StackNotFoundError("There is no stack loupe at AWS.")

    monkeypatch.setattr(Chosen, "stack", refuse)

    result = run("classify", "s3://b/k.png")

    assert (result.exit_code, result.stderr) == (1, "Error: There is no stack loupe at AWS.\n")


def test_ctrl_c_ends_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(self: Chosen, settings: Settings, parallel: int = 10) -> tuple[Cloud, Stack]:
        raise KeyboardInterrupt

    monkeypatch.setattr(Chosen, "stack", interrupt)

    assert run("images").exit_code == 130


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("START RequestId: 1", "START RequestId: 1"),
        ("[1, 2]", "[1, 2]"),
        ('{"level": "INFO", "message": "read", "timestamp": "now", "bytes": 5}', "INFO read bytes=5"),
        (
            '{"type": "TaskFailed", "execution_arn": "12345678-9", "details": {"error": "E", "cause": "w"}}',
            "12345678 TaskFailed E: w",
        ),
    ],
)
def test_log_entries_become_readable(message: str, expected: str) -> None:
    assert readable(message).plain == expected


def test_numbers_are_printed_for_people() -> None:
    # What is a hundredth below a threshold does not read as if it had met it, nor 99.96 % as all.
    assert (percent(0.9299), percent(0.9996), percent(0.29), percent(1.0)) == (
        "92.9%",
        "99.9%",
        "29.0%",
        "100.0%",
    )
    assert (percent(0.6), percent(None), took(420), took(5800), took(None)) == (
        "60.0%",
        "–",
        "420 ms",
        "5.8 s",
        "–",
    )


def test_ctrl_c_while_the_command_itself_is_read_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted:
        @staticmethod
        def find_spec(name: str, path: object = None, target: object = None) -> None:
            if name == "loupe.cli":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "loupe.cli")
    monkeypatch.setattr(sys, "meta_path", [Interrupted, *sys.meta_path])

    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 130
