"""From a folder of pictures to a live endpoint and back, with the installed command on the deployed stack."""

from pathlib import Path
from typing import Any

import pytest

from model.pictures import write_class_folders
from tests.cloud import DeployedStack
from tests.integration.command.test_command import SURE, lines, loupe
from tests.polling import WaitFor

ROOT = Path(__file__).parents[3]
PICTURES = 500

pytestmark = [
    pytest.mark.skipif(
        not (ROOT / ".venv-train" / ".stamp").exists(), reason="training needs .venv-train: make setup-train"
    ),
    pytest.mark.timeout(900),
]


def some_digits(folder: Path) -> Path:
    write_class_folders(folder)
    for path in folder.rglob("*.png"):
        if int(path.stem) >= PICTURES:
            path.unlink()
    return folder


def one(stack: DeployedStack, *arguments: str) -> dict[str, Any]:
    """The only line that a command prints."""
    done = loupe(stack, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    [line] = lines(done)
    return line


def test_a_folder_is_trained_served_looked_at_and_rolled_back(
    stack: DeployedStack, wait_for: WaitFor, tmp_path: Path
) -> None:
    data = some_digits(tmp_path / "some digits")
    options = ("--epochs", "10", "--set", "width=16", "--minimum-accuracy", "0.5", "--json")

    done = loupe(stack, "train", "--data", str(data), *options, seconds=800)

    assert done.returncode == 0, done.stderr + done.stdout
    trained = lines(done)[-1]
    assert (trained["status"], trained["endpoint"]) == ("SUCCEEDED", stack.outputs["EndpointName"])
    assert "epoch 10 of 10" in done.stderr
    try:
        [live] = [model for model in lines(loupe(stack, "models", "--json")) if model["live"]]
        assert (live["model"], live["accuracy"]) == (trained["model"], trained["accuracy"])

        evaluation = one(stack, "evaluate", "some-digits", "--download", str(tmp_path / "report"))
        assert evaluation["accuracy"] == trained["accuracy"]
        assert sum(map(sum, evaluation["confusionMatrix"])) == evaluation["count"]
        assert (tmp_path / "report" / "confusion_matrix.png").stat().st_size > 5000

        one(stack, "classify", "--threshold", "0", str(SURE))
        captured = wait_for(lambda: lines(loupe(stack, "confidence", "--json")), "the capture", 60, 2)
        assert 0 < float(str(captured[-1]["confidence"])) <= 1
        assert captured[-1]["label"] in list("0123456789")
    finally:
        back = one(stack, "rollback")

    assert (back["status"], back["previousEndpointConfig"]) == ("InService", trained["model"])
    assert trained["model"] not in back["models"]
    assert one(stack, "classify", str(SURE))["label"] == "5"


def test_a_bad_dataset_fails_before_training_and_changes_nothing(
    stack: DeployedStack, tmp_path: Path
) -> None:
    data = some_digits(tmp_path / "one class")
    for folder in data.iterdir():
        if folder.name != "7":
            for path in folder.iterdir():
                path.unlink()
            folder.rmdir()

    done = loupe(stack, "train", "--data", str(data), "--json", seconds=400)

    assert done.returncode == 1
    refused = lines(done)[-1]
    assert (refused["status"], refused["error"], refused["endpoint"]) == ("FAILED", "SingleClassError", None)
    assert "add another class" in str(refused["cause"])
    assert one(stack, "classify", str(SURE))["label"] == "5"
