"""`loupe train` as a person or a program calls it, on a training workflow in memory."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner, Result

from loupe.cli import cli
from loupe.commands import training as command
from loupe.context import Chosen
from loupe.pictures import S3Location
from loupe.results import Execution
from loupe.stack import Stack
from loupe.target import Target
from loupe.training.models import Models
from loupe_review.publishing import Published
from model.errors import WeightsError
from tests.unit.command.training.fakes import (
    ARN,
    JOB,
    FakeTraining,
    entered,
    epoch_line,
    failed,
    scheduled,
    succeeded,
)

OUTPUTS = {"TrainingBucketName": "training", "EndpointName": "loupe-classifier"}
LOOKS = [([entered(1, "Train Model"), scheduled(2, JOB)], [epoch_line(1, 0.9)]), ([], [])]


class FakeCloud:
    target = Target(None, local=False)
    where = "AWS"

    def client(self, service: str) -> "FakeCloud":
        return self

    def get_object(self, **request: str) -> None:
        raise ClientError({"Error": {"Code": "NoSuchKey", "Message": request["Key"]}}, "GetObject")


def run(*arguments: str) -> Result:
    """Without a backbone, unless one is given: the photo model need not be built for what is tested here."""
    start = () if "--backbone" in arguments else ("--backbone", "none")
    return CliRunner().invoke(cli, ["train", *start, *arguments], prog_name="loupe")


@pytest.fixture
def deploy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[FakeTraining], None]:
    """Let the command find this workflow."""
    monkeypatch.setenv("LOUPE_STATE", str(tmp_path))
    monkeypatch.setattr("loupe.training.follow.POLL_SECONDS", 0)

    def stack(self: Chosen, settings: object, parallel: int = 10) -> tuple[FakeCloud, Stack]:
        return FakeCloud(), Stack("loupe", "CREATE_COMPLETE", OUTPUTS)

    monkeypatch.setattr(Chosen, "stack", stack)

    def use(workflow: FakeTraining) -> None:
        monkeypatch.setattr(command, "TrainingWorkflow", lambda cloud, stack: workflow)

    return use


def last_line(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return found


def test_json_ends_with_the_contracts_line(deploy: Callable[[FakeTraining], None]) -> None:
    deploy(FakeTraining(LOOKS))

    result = run("--data", "s3://bucket/pets", "--json")

    assert result.exit_code == 0, result.output
    found = last_line(result)
    keys = "status accuracy perClass model endpoint executionArn durationMs error cause"
    assert set(keys.split()) <= set(found)
    assert (found["status"], found["accuracy"], found["endpoint"]) == ("SUCCEEDED", 0.975, "loupe-classifier")
    assert found["perClass"] == {"cat": 0.98, "dog": 0.97}
    assert (found["executionArn"], found["durationMs"]) == (ARN, 90_000)
    assert (found["error"], found["cause"]) == (None, None)


def test_a_person_sees_epochs_accuracy_endpoint_and_the_weakest_class(
    deploy: Callable[[FakeTraining], None],
) -> None:
    deploy(FakeTraining(LOOKS))

    result = run("--data", "s3://bucket/pets")

    assert "epoch 1 of 3  loss 0.5000  accuracy 90.00%" in result.stderr
    assert "97.50%" in result.stdout
    assert "loupe-classifier" in result.stdout
    rows = [line.split() for line in result.stdout.splitlines()]
    assert rows.index(["dog", "97.0%"]) < rows.index(["cat", "98.0%"])


def test_only_what_is_given_goes_into_the_input(deploy: Callable[[FakeTraining], None]) -> None:
    workflow = FakeTraining(LOOKS)
    deploy(workflow)

    run("--data", "s3://bucket/pets")

    assert workflow.started is not None
    assert workflow.started[1] == {"name": "pets", "source": "s3://bucket/pets/"}


def test_reviewed_pictures_are_added_where_there_are_some(
    deploy: Callable[[FakeTraining], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [Published("s3://training/reviewed/12/", 20, 1), Published("", 0, 3)]

    class Answered:
        def __init__(self, *_: Any) -> None: ...

        def publish(self) -> Published:
            return found.pop(0)

    monkeypatch.setattr(command, "Reviews", Answered)
    given = []
    for _ in range(2):
        workflow = FakeTraining(LOOKS)
        deploy(workflow)
        result = run("--data", "s3://bucket/pets", "--with-reviews")
        assert result.exit_code == 0, result.output
        assert workflow.started is not None
        given.append(workflow.started[1].get("reviewed"))
    assert given == ["s3://training/reviewed/12/", None]
    assert "3 are gone or replaced" in result.output


def test_options_become_the_executions_input(deploy: Callable[[FakeTraining], None]) -> None:
    workflow = FakeTraining(LOOKS)
    deploy(workflow)

    result = run(
        *("--data", "s3://bucket/pets", "--name", "my pets!", "--epochs", "5", "--seed", "9"),
        *("--minimum-accuracy", "0.9", "--endpoint", "other", "--replace", "always", "--no-deploy"),
        *("--set", "width=16"),
        *("--backbone", "s3://bucket/b2", "--prepare", "side=224", "--prepare", "ignore_unlabelled"),
        *("--labels", "cat,dog"),
    )

    assert result.exit_code == 0, result.output
    assert workflow.started is not None
    name, payload = workflow.started
    assert name.startswith("my-pets-")
    assert payload == {
        "name": "my-pets",
        "source": "s3://bucket/pets/",
        "hyperparameters": {"width": "16", "epochs": "5", "seed": "9"},
        "minimumAccuracy": 0.9,
        "replace": "always",
        "endpointName": "other",
        "deploy": False,
        "backbone": "s3://bucket/b2/",
        "preparation": {"side": "224", "ignore-unlabelled": True, "labels": "cat,dog"},
    }


@pytest.mark.parametrize(
    ("given", "prepared"),
    [
        ([], {"side": "16", "color": "L", "filter": "bilinear"}),
        (["--prepare", "side=32"], {"side": "32", "color": "L", "filter": "bilinear"}),
    ],
    ids=["as its model.json has it", "what is given counts"],
)
def test_data_is_prepared_for_the_backbone(
    deploy: Callable[[FakeTraining], None],
    monkeypatch: pytest.MonkeyPatch,
    given: list[str],
    prepared: dict[str, str],
) -> None:
    workflow = FakeTraining(LOOKS)
    deploy(workflow)
    uploaded = S3Location("training", "uploads/digits/")
    monkeypatch.setattr("loupe.training.sending._upload", lambda *_: uploaded)
    folder = Path(__file__).parents[4] / "model" / "artifacts" / "digits"

    run("--data", "s3://bucket/pets", "--backbone", str(folder), *given)

    assert workflow.started is not None
    assert workflow.started[1]["backbone"] == str(uploaded)
    assert workflow.started[1]["preparation"] == prepared


def test_by_default_the_training_chooses_between_the_photo_model_and_nothing(
    deploy: Callable[[FakeTraining], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    workflow = FakeTraining(LOOKS)
    deploy(workflow)
    folder = Path(__file__).parents[4] / "model" / "artifacts" / "digits"
    monkeypatch.setattr("loupe.training.start.built", lambda root: folder)
    uploaded = S3Location("training", "uploads/photos/")
    monkeypatch.setattr("loupe.training.sending._upload", lambda *_: uploaded)

    result = run("--data", "s3://bucket/pets", "--backbone", "auto")

    assert result.exit_code == 0, result.output
    assert workflow.started is not None
    assert workflow.started[1] == {
        "name": "pets",
        "source": "s3://bucket/pets/",
        "backbone": str(uploaded),
        "preparation": {"transfer": "16,bilinear"},
        "hyperparameters": {"backbone": "auto"},
    }


def test_without_the_photo_models_packages_it_is_trained_from_nothing_and_said(
    deploy: Callable[[FakeTraining], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    workflow = FakeTraining(LOOKS)
    deploy(workflow)

    def built(root: Path) -> Path:
        raise WeightsError("the package is not installed")

    monkeypatch.setattr("loupe.training.start.built", built)

    result = run("--data", "s3://bucket/pets", "--backbone", "auto")

    assert "Training from nothing: the photo model cannot be built" in " ".join(result.stderr.split())
    assert workflow.started is not None
    assert "backbone" not in workflow.started[1]
    assert run("--data", "s3://bucket/pets", "--backbone", "photos").exit_code == 2


def test_following_joins_a_training_and_starts_none(deploy: Callable[[FakeTraining], None]) -> None:
    workflow = FakeTraining(LOOKS)
    deploy(workflow)

    result = run("--follow", "pets", "--json")

    assert result.exit_code == 0, result.output
    assert workflow.started is None
    assert (last_line(result)["status"], last_line(result)["executionArn"]) == ("SUCCEEDED", ARN)


def test_ctrl_c_while_following_leaves_the_training_to_itself(
    deploy: Callable[[FakeTraining], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    workflow = FakeTraining([*LOOKS, ([], [])])
    deploy(workflow)

    def interrupted(execution_arn: str, after: int) -> list[dict[str, Any]]:
        raise KeyboardInterrupt

    monkeypatch.setattr(workflow, "events", interrupted)

    result = run("--follow", "pets")

    assert result.exit_code == 130
    assert "It goes on by itself" in result.stderr
    assert "stop" not in workflow.calls


def test_the_interval_and_remarks_are_shown(
    deploy: Callable[[FakeTraining], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy(FakeTraining(LOOKS))
    found = {
        "interval": {"low": 0.9, "high": 0.99},
        "remarks": ["Trained from nothing: the pictures are grey"],
        "champion": {"accuracy": 0.91, "notWorse": True},
    }
    monkeypatch.setattr(Models, "evaluation", lambda self, report: found)

    result = run("--data", "s3://bucket/pets")

    assert "97.50% (between 90% and 99%)" in result.stdout
    assert "Trained from nothing: the pictures are grey" in result.stdout
    assert "91.00%" in result.stdout


@pytest.mark.parametrize("error", ["AccuracyTooLowError", "LiveModelBetterError"])
def test_a_refused_model_ends_with_3_and_says_how_good_it_was(
    deploy: Callable[[FakeTraining], None], monkeypatch: pytest.MonkeyPatch, error: str
) -> None:
    outcome = failed(error, "The accuracy is 61.00%, below the minimum of 90.00%.")
    deploy(FakeTraining(LOOKS, outcome))
    asked: list[S3Location] = []

    def evaluation(self: Models, report: S3Location) -> dict[str, Any]:
        asked.append(report)
        return {"accuracy": 0.61, "perClass": [{"label": "cat", "recall": 0.5}]}

    monkeypatch.setattr(Models, "evaluation", evaluation)

    result = run("--data", "s3://bucket/pets", "--json")

    assert result.exit_code == 3
    found = last_line(result)
    assert (found["status"], found["error"], found["accuracy"]) == ("FAILED", error, 0.61)
    assert found["perClass"] == {"cat": 0.5}
    assert "61.00%" in found["cause"]
    assert asked == [S3Location("training", f"runs/{ARN.rpartition(':')[2]}/evaluation/")]


def test_all_classes_are_given_where_the_output_holds_a_part(
    deploy: Callable[[FakeTraining], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy(FakeTraining(LOOKS, succeeded(perClass={"class 0": 0.1}, classes=1000)))
    every = [{"label": f"class {number}", "recall": number / 1000} for number in range(1000)]
    monkeypatch.setattr(Models, "evaluation", lambda self, report: {"accuracy": 0.975, "perClass": every})

    found = last_line(run("--data", "s3://bucket/pets", "--json"))

    assert found["perClass"] == {each["label"]: each["recall"] for each in every}


@pytest.mark.parametrize(
    ("outcome", "error"),
    [
        (failed("SingleClassError", "a classifier needs at least two classes"), "SingleClassError"),
        (Execution(ARN, "TIMED_OUT", failed("", "").started), "States.Timeout"),
    ],
)
def test_a_failure_ends_with_1_and_says_why(
    deploy: Callable[[FakeTraining], None], outcome: Execution, error: str
) -> None:
    deploy(FakeTraining(LOOKS, outcome))

    result = run("--data", "s3://bucket/pets")

    assert result.exit_code == 1
    assert f"{error}: " in result.stdout
    assert last_line(run("--data", "s3://bucket/pets", "--json"))["error"] == error


def test_ctrl_c_stops_the_execution(
    deploy: Callable[[FakeTraining], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    workflow = FakeTraining([*LOOKS, ([], []), ([], [])])
    deploy(workflow)
    looks = workflow.events

    def interrupted(execution_arn: str, after: int) -> list[dict[str, Any]]:
        if after:
            raise KeyboardInterrupt
        return looks(execution_arn, after)

    monkeypatch.setattr(workflow, "events", interrupted)

    result = run("--data", "s3://bucket/pets", "--json")

    assert result.exit_code == 130
    assert last_line(result)["error"] == "Stopped"
    assert workflow.calls[:3] == ["stop", "look at job", f"stop {JOB}"]


def test_detached_it_returns_at_once(deploy: Callable[[FakeTraining], None]) -> None:
    deploy(FakeTraining([]))

    result = run("--data", "s3://bucket/pets", "--detach", "--json")

    assert result.exit_code == 0
    assert (last_line(result)["status"], last_line(result)["executionArn"]) == ("RUNNING", ARN)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--data", "nowhere"], "no such folder"),
        (["--data", "s3:///key"], "names no bucket"),
        (["--data", "s3://b/p", "--name", "äö"], "letters, digits and hyphens"),
        (["--data", "s3://b/p", "--set", "epoch=3"], "did you mean epochs?"),
        (["--data", "s3://b/p", "--set", "width"], "NAME=VALUE"),
        (["--data", "s3://b/p", "--set", "learning_rate=fast"], "must be a number"),
        (["--data", "s3://b/p", "--set", "name=x"], "--name"),
        (["--data", "s3://b/p", "--backbone", "nowhere"], "no such folder"),
        (["--data", "s3://b/p", "--epochs", "0"], "--epochs"),
        (["--data", "s3://b/p", "--endpoint", "my endpoint"], "letters, digits and hyphens"),
        (["--data", "s3://b/p", "--prepare", "sides=64"], "unrecognized arguments: --sides=64"),
        (["--data", "s3://b/p", "--prepare", "side=7"], "--side"),
        (["--data", "s3://b/p", "--prepare", "test=2"], "--test"),
        (["--data", "s3://b/p", "--minimum-accuracy", "95"], "--minimum-accuracy"),
        ([], "--data"),
    ],
)
def test_a_wrong_argument_ends_with_2_before_anything_is_started(
    deploy: Callable[[FakeTraining], None], arguments: list[str], says: str
) -> None:
    workflow = FakeTraining(LOOKS)
    deploy(workflow)

    result = run(*arguments)

    assert result.exit_code == 2
    assert says in " ".join(result.stderr.split())
    assert workflow.started is None
