"""`loupe batch` from its options to what it starts and how it ends."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from loupe.batch.workflow import FILES, Progress
from loupe.cli import cli
from loupe.commands import batch as command
from loupe.context import Chosen
from loupe.errors import RunNotFoundError
from loupe.results import Execution
from loupe.stack import Stack

NOW = datetime(2026, 11, 28, 10, 0, tzinfo=UTC)
PLAN = {
    "run": "zoo-1",
    "source": {"kind": "prefix", "bucket": "b", "key": "zoo/"},
    "endpoint": "loupe-classifier",
    "on": "live",
    "variants": [],
    "concurrency": 2,
    "concurrencyPerInstance": 4,
    "instanceType": "ml.m5.large",
    "picturesABatch": 40,
    "threshold": 0.5,
    "tolerate": 1.0,
    "maxPictures": None,
    "record": False,
}
SUMMARY = {
    "pictures": 100,
    "classified": 98,
    "rejected": 0,
    "failed": 2,
    "report": "s3://b/r/summary.html",
    "functionMs": 9000,
    "listed": {"listed": 5000},
    "costsOfAMillion": {"Lambda": 3.0},
    "labels": {"cat": 98},
    "errors": {"CorruptImageError": 2},
    "durationMs": 60_000,
    "cost": 0.02,
}


class FakeWorkflow:
    """The batch stack: what was started, and how it ends."""

    status = "SUCCEEDED"
    on = "temporary"
    interrupted = False
    instances: list[FakeWorkflow] = []  # noqa: RUF012 (emptied by each test)

    def __init__(self, cloud: Any, stack: Any) -> None:
        self.started: list[tuple[str, Any]] = []
        self.calls: list[str] = []
        FakeWorkflow.instances.append(self)

    def arn_of(self, run: str) -> str:
        return f"arn:aws:states:::execution:batch:{run}"

    def start(self, run: str, payload: Any) -> str:
        self.started.append((run, dict(payload)))
        return self.arn_of(run)

    def describe(self, arn: str) -> Execution:
        if arn.endswith(":never"):
            raise RunNotFoundError("There is no run never.")
        status = "ABORTED" if "stop" in self.calls else self.status
        error = "Stopped" if status == "ABORTED" else None if status == "SUCCEEDED" else "States.Timeout"
        return Execution(arn, status, NOW, NOW, error=error, cause=error)

    def progress(self, arn: str) -> Progress:
        if self.interrupted and "stop" not in self.calls and "sample" not in arn:
            raise KeyboardInterrupt
        return Progress("Classify Pictures", 10, 5, 0, NOW)

    def stop(self, arn: str) -> None:
        self.calls.append("stop")

    def redrive(self, arn: str) -> None:
        self.calls.append("redrive")

    def plan(self, run: str) -> Any:
        return {**PLAN, "on": self.on}

    def summary(self, run: str) -> Any:
        return SUMMARY

    def runs(self, limit: int) -> list[Execution]:
        return [Execution(self.arn_of("zoo-1"), "SUCCEEDED", NOW, NOW)][:limit]

    def download(self, run: str, folder: Path) -> Any:
        return iter([folder / name for name in FILES])


@pytest.fixture
def workflow(monkeypatch: pytest.MonkeyPatch) -> type[FakeWorkflow]:
    cloud: Any = SimpleNamespace()
    outputs = {"UploadsBucketName": "u", "BatchBucketName": "b", "ReviewStateMachineArn": "arn:r"}
    stack = Stack("loupe", "CREATE_COMPLETE", outputs, "a test", {})
    monkeypatch.setattr(Chosen, "stack", lambda self, settings, parallel=10: (cloud, stack))
    monkeypatch.setattr(command, "BatchWorkflow", FakeWorkflow)
    for name, value in {
        "status": "SUCCEEDED",
        "on": "temporary",
        "interrupted": False,
        "instances": [],
    }.items():
        monkeypatch.setattr(FakeWorkflow, name, value)
    return FakeWorkflow


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(cli, ["batch", *arguments])
    return result.exit_code, result.stdout, result.stderr


def test_the_least_sure_go_to_a_person(workflow: type[FakeWorkflow]) -> None:
    code, _, _ = run("s3://b/zoo/", "--json", "--record", "--review", "lowest:50")
    [(_, first), (_, second)] = workflow.instances[0].started
    assert code == 0
    assert "review" not in first
    assert (second["record"], second["review"]) == (True, 50)


@pytest.mark.parametrize(
    ("asked", "said"), [(0, ""), (1, "1 waits for a person"), (2_000, "2,000 wait for a person")]
)
def test_those_who_wait_for_a_person_are_counted(
    workflow: type[FakeWorkflow], monkeypatch: pytest.MonkeyPatch, asked: int, said: str
) -> None:
    monkeypatch.setitem(SUMMARY, "inReview", asked)
    _, shown, _ = run("s3://b/zoo/", "--yes")
    assert said in shown
    assert ("for a person" in shown) == bool(asked)


@pytest.mark.parametrize(
    ("recorded", "said"),
    [
        ({}, ""),
        ({"recorded": 100}, "100 recorded"),
        ({"in work": 1, "recorded": 96, "person's label": 3}, "96 recorded; left as they were: 1 in work"),
        ({"deleted": 2}, "0 recorded; left as they were: 2 deleted"),
    ],
)
def test_records_that_were_left_are_counted(
    workflow: type[FakeWorkflow], monkeypatch: pytest.MonkeyPatch, recorded: dict[str, int], said: str
) -> None:
    monkeypatch.setitem(SUMMARY, "recorded", recorded)
    _, shown, _ = run("s3://b/zoo/", "--yes")
    assert said in shown
    assert ("recorded" in shown) == bool(said)
    assert all(f"{count} {why}" in shown for why, count in recorded.items())


@pytest.mark.parametrize(
    "arguments",
    [["--review", "lowest:50"], ["--record", "--review", "50"], ["--record", "--review", "lowest:0"]],
)
def test_a_review_that_cannot_be_is_refused(workflow: type[FakeWorkflow], arguments: list[str]) -> None:
    code, _, err = run("s3://b/zoo/", "--json", *arguments)
    assert code == 2
    assert "--review" in err
    assert not workflow.instances or workflow.instances[0].started == []


def test_a_run_on_the_container_samples_there_too(
    workflow: type[FakeWorkflow], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workflow, "on", "container")
    monkeypatch.setitem(PLAN, "model", "loupe-container-classify")
    code, _, err = run("s3://b/zoo/", "--json", "--on", "container")

    [(_, first), (_, second)] = workflow.instances[0].started
    assert code == 0
    assert (first["on"], second["on"]) == ("container", "container")
    assert "the function loupe-container-classify" in err


def test_a_sample_is_classified_first_and_not_again(workflow: type[FakeWorkflow]) -> None:
    code, out, err = run("s3://b/zoo/", "--json", "--tolerate", "2%", "--instances", "3")

    [(sample, first), (name, second)] = workflow.instances[0].started
    assert code == 0
    assert {key: first[key] for key in ("on", "sample", "notify")} == {
        "on": "live",
        "sample": 100,
        "notify": False,
    }
    assert second == {
        "source": "s3://b/zoo/",
        "on": "temporary",
        "instances": 3,
        "tolerate": 2.0,
        "resume": sample,
    }
    assert name.startswith("zoo-")
    assert "5,000 pictures, 100 of them sampled" in err
    assert "3 × ml.m5.large" in err
    last = json.loads(out.splitlines()[-1])
    assert {
        key: last[key] for key in ("status", "pictures", "classified", "rejected", "failed", "report")
    } == {
        "status": "SUCCEEDED",
        "pictures": 100,
        "classified": 98,
        "rejected": 0,
        "failed": 2,
        "report": "s3://b/r/summary.html",
    }
    assert {"executionArn", "durationMs"} <= set(last)


def test_what_is_recorded_is_not_taken_from_the_sample(workflow: type[FakeWorkflow]) -> None:
    run("s3://b/zoo/", "--json", "--record")

    [(_, first), (_, second)] = workflow.instances[0].started
    assert "record" not in first or first["record"] is False
    assert second["record"] is True
    assert "resume" not in second


def test_detached_it_returns_at_once(workflow: type[FakeWorkflow]) -> None:
    code, out, _ = run("s3://b/zoo/", "--sample", "0", "--detach", "--json")

    assert code == 0
    assert json.loads(out)["status"] == "RUNNING"


def test_a_run_that_fails_ends_with_one(
    workflow: type[FakeWorkflow], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workflow, "status", "FAILED")

    code, out, _ = run("s3://b/zoo/", "--sample", "0", "--yes")

    assert code == 1
    assert "States.Timeout" in out


def test_interrupted_without_a_terminal_the_run_goes_on(
    workflow: type[FakeWorkflow], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workflow, "interrupted", True)

    code, _, err = run("s3://b/zoo/", "--sample", "0", "--yes")

    assert code == 130
    assert "loupe batch --follow zoo-" in err
    assert workflow.instances[0].calls == []


def test_interrupted_a_person_may_stop_it(
    workflow: type[FakeWorkflow], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workflow, "interrupted", True)
    monkeypatch.setattr(command, "_is_to_be_stopped", lambda: True)
    ctx: Any = SimpleNamespace(exit=lambda code: None)
    fake: Any = workflow(None, None)

    result, _ = command._followed(ctx, fake, fake.arn_of("zoo-1"), interactive=True)

    assert (result.status, result.error) == ("ABORTED", "Stopped")


def test_a_run_is_resumed_with_its_own_input_and_what_is_changed(workflow: type[FakeWorkflow]) -> None:
    run("--resume", "zoo-1", "--json", "--threshold", "0.7")

    [(_, payload)] = workflow.instances[0].started
    assert payload["resume"] == "zoo-1"
    assert payload["source"] == "s3://b/zoo/"
    assert payload["threshold"] == 0.7


def test_a_run_on_the_live_endpoint_can_be_redriven(
    workflow: type[FakeWorkflow], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, _, err = run("--redrive", "zoo-1", "--json")
    assert (code, "--resume zoo-1" in err) == (2, True)

    monkeypatch.setattr(workflow, "on", "live")
    assert run("--redrive", "zoo-1", "--json")[0] == 0
    assert workflow.instances[-1].calls == ["redrive"]


def test_followed_and_downloaded(workflow: type[FakeWorkflow], tmp_path: Path) -> None:
    code, _, err = run("--follow", "zoo-1", "--download", str(tmp_path), "--json")

    assert code == 0
    assert err.count("Downloaded") == len(FILES)


@pytest.mark.parametrize(
    "arguments", [(), ("s3://b/zoo/", "--records"), ("nowhere",), ("s3://b/", "--tolerate", "x")]
)
def test_arguments_that_do_not_fit_end_with_two(
    workflow: type[FakeWorkflow], arguments: tuple[str, ...]
) -> None:
    assert run(*arguments)[0] == 2


def test_a_run_that_is_not_there_says_so(workflow: type[FakeWorkflow]) -> None:
    code, _, err = run("--follow", "never")

    assert (code, "There is no run never" in err) == (1, True)


def test_runs_are_listed(workflow: type[FakeWorkflow]) -> None:
    result = CliRunner().invoke(cli, ["batches", "--json"])

    assert json.loads(result.stdout)["name"] == "zoo-1"
    assert "SUCCEEDED" in CliRunner().invoke(cli, ["batches"]).stdout
