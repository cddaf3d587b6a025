"""What jobs are given and how they report how they ended."""

import json
from pathlib import Path

import pytest

from model.__main__ import main
from model.container import Container, run_job
from model.errors import HyperparameterError, SingleClassError
from model.hyperparameters import Hyperparameters


def test_sagemakers_strings_become_values() -> None:
    given = {"epochs": "12", "learning_rate": "0.001", "name": '"pets"', "sagemaker_region": "us-east-1"}

    values = Hyperparameters.parse(given)

    assert (values.epochs, values.learning_rate, values.name) == (12, 0.001, "pets")
    assert values.batch_size == Hyperparameters().batch_size


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("epoch", "3", "did you mean epochs"),
        ("momentum", "0.9", "known are"),
        ("epochs", "3.5", "whole number"),
        ("epochs", "", "whole number"),
        ("batch_size", "1", "from 2 to 8192"),
        ("learning_rate", "nan", "from 1e-07 to 10"),
        ("augmentation", "wild", "one of auto"),
        ("name", " ", "empty"),
    ],
)
def test_a_wrong_hyperparameter_is_named(name: str, text: str, says: str) -> None:
    with pytest.raises(HyperparameterError, match=says) as caught:
        Hyperparameters.parse({name: text})

    assert caught.value.name == name


@pytest.mark.parametrize(("pictures", "epochs"), [(55_000, 16), (800, 60), (1_000_000, 3), (0, 60)])
def test_small_datasets_are_seen_more_often(pictures: int, epochs: int) -> None:
    assert Hyperparameters().epochs_for(pictures) == epochs
    assert Hyperparameters(epochs=5).epochs_for(pictures) == 5


def test_hyperparameters_come_from_the_containers_file(tmp_path: Path) -> None:
    container = Container.from_environ({"SAGEMAKER_BASE_DIR": str(tmp_path)})
    assert container.hyperparameters() == {}

    path = tmp_path / "input" / "config" / "hyperparameters.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"epochs": "3", "flip": "no", "seed": 4}))
    assert container.hyperparameters() == {"epochs": "3", "flip": "no", "seed": "4"}

    path.write_text("{")
    with pytest.raises(HyperparameterError, match="not JSON"):
        container.hyperparameters()


def test_the_default_place_is_sagemakers() -> None:
    assert Container.from_environ({}).channel("train") == Path("/opt/ml/input/data/train")


def test_a_known_error_ends_a_job_with_its_name_and_reason(tmp_path: Path) -> None:
    def job() -> None:
        raise SingleClassError("ä" * 2000)

    assert run_job(Container(tmp_path), "failure", job) == 1
    told = (tmp_path / "output" / "failure").read_bytes()
    assert told.startswith("SingleClassError: ä".encode())
    assert 1000 < len(told) <= 1024
    told.decode()


def test_a_fault_of_ours_is_told_and_traced(tmp_path: Path) -> None:
    def job() -> None:
        raise ZeroDivisionError("oops")

    with pytest.raises(ZeroDivisionError):
        run_job(Container(tmp_path), "failure", job)

    assert (tmp_path / "output" / "failure").read_text() == "ZeroDivisionError: oops"


def test_a_processing_job_tells_its_result(tmp_path: Path) -> None:
    assert run_job(Container(tmp_path), "message", lambda: {"accuracy": 0.5}) == 0
    assert json.loads((tmp_path / "output" / "message").read_text()) == {"accuracy": 0.5}


@pytest.mark.parametrize("arguments", [[], ["deploy"]])
def test_the_entry_point_says_what_it_can_do(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert "train | serve | prepare | evaluate" in capsys.readouterr().err
