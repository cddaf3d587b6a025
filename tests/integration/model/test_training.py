"""Prepare, train and evaluate as jobs under SageMaker's contract, on scikit-learn's digits."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from onnx import numpy_helper

from model.pictures import write_class_folders
from model.prepare import main as prepare

ROOT = Path(__file__).parents[3]
TORCH = ROOT / ".venv-train" / "bin" / "python"

pytestmark = [
    pytest.mark.skipif(not TORCH.exists(), reason="training needs .venv-train: make setup-train"),
    pytest.mark.timeout(900),
]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("digits")
    write_class_folders(base / "data")
    assert prepare(["--input", str(base / "data"), "--output", str(base)]) == 0
    return base / "dataset"


def make_job(base: Path, prepared: Path, **hyperparameters: str) -> Path:
    """A training job's folders; gives its base."""
    for channel in ("train", "validation"):
        shutil.copytree(prepared / channel, base / "input" / "data" / channel)
    (base / "input" / "config").mkdir()
    (base / "input" / "config" / "hyperparameters.json").write_text(json.dumps(hyperparameters), "utf-8")
    return base


@pytest.fixture
def new_job(prepared: Path, tmp_path: Path) -> Callable[..., Path]:
    """Make a training job's folders; gives its base."""
    return lambda folder, **hyperparameters: make_job(tmp_path / folder, prepared, **hyperparameters)


SMALL = {"name": "small digits", "epochs": "6", "width": "16"}


@pytest.fixture(scope="module")
def trained(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A job that has been run, and its log."""
    base = make_job(tmp_path_factory.mktemp("trained") / "job", prepared, **SMALL)
    code, log = run(base)
    assert code == 0, log
    return base, log


def start(base: Path, command: str = "train", python: Path = TORCH) -> subprocess.Popen[str]:
    environ = {**os.environ, "SAGEMAKER_BASE_DIR": str(base)}
    return subprocess.Popen(
        [python, "-u", "-m", "model", command],
        cwd=ROOT,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run(base: Path, command: str = "train", python: Path = TORCH) -> tuple[int, str]:
    with start(base, command, python) as process:
        log, _ = process.communicate(timeout=800)
    return process.returncode, log


def until_epoch(process: subprocess.Popen[str], epoch: int) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(f"epoch={epoch} "):
            return
    raise AssertionError(f"the job ended before epoch {epoch}")


def test_a_model_is_trained_measured_and_fit_to_serve(
    prepared: Path, trained: tuple[Path, str], tmp_path: Path
) -> None:
    base, log = trained
    assert len(re.findall(r"^epoch=\d+ loss=[\d.]+ accuracy=[\d.]+ validation_loss=[\d.]+", log, re.M)) == 6
    assert json.loads((base / "model" / "model.json").read_text("utf-8"))["name"] == "small digits"

    inputs = tmp_path / "evaluation" / "processing" / "input"
    shutil.copytree(prepared / "test", inputs / "test")
    shutil.copytree(base / "model", inputs / "model")
    code, log = run(tmp_path / "evaluation", "evaluate", Path(sys.executable))
    assert code == 0, log

    output = tmp_path / "evaluation" / "processing" / "output"
    figures = json.loads((output / "evaluation.json").read_text("utf-8"))
    message = json.loads((tmp_path / "evaluation" / "output" / "message").read_text("utf-8"))
    assert message["accuracy"] == pytest.approx(figures["accuracy"], abs=1e-5)
    assert figures["accuracy"] > 0.95
    assert sum(map(sum, figures["confusionMatrix"])) == figures["count"]
    assert {path.name for path in output.iterdir()} == {
        *("evaluation.json", "summary.json", "smoke_test.json", "predictions.csv", "suspects.csv"),
        *(
            f"{name}.{form}"
            for name in ("confusion_matrix", "calibration", "coverage", "mistakes")
            for form in ("png", "svg")
        ),
    }


def test_a_killed_job_goes_on_from_its_checkpoint_to_the_same_model(
    trained: tuple[Path, str], new_job: Callable[..., Path]
) -> None:
    killed = new_job("killed", **SMALL)
    with start(killed) as process:
        until_epoch(process, 2)
        process.kill()
    assert not (killed / "model").exists()

    code, log = run(killed)

    assert code == 0, log
    assert re.search(r"resumed after epoch \d of 6", log)
    for name in ("model.onnx", "model.json"):
        assert (killed / "model" / name).read_bytes() == (trained[0] / "model" / name).read_bytes()


def test_a_stopped_job_leaves_the_best_model_so_far(new_job: Callable[..., Path]) -> None:
    base = new_job("job", epochs="500", width="8", patience="0")
    with start(base) as process:
        until_epoch(process, 2)
        process.send_signal(signal.SIGTERM)
        log, _ = process.communicate(timeout=120)

    assert process.returncode == 0, log
    assert (base / "model" / "model.onnx").is_file()


def test_a_new_last_layer_is_trained_on_any_onnx_classifier(new_job: Callable[..., Path]) -> None:
    base = new_job("job", name="borrowed")
    shutil.copytree(ROOT / "model" / "artifacts" / "digits", base / "input" / "data" / "backbone")

    code, log = run(base)

    assert code == 0, log
    assert (
        json.loads((base / "model" / "model.json").read_text("utf-8"))["about"]["validationAccuracy"] > 0.95
    )


def test_a_backbone_of_another_size_says_how_to_prepare(new_job: Callable[..., Path]) -> None:
    base = new_job("job")
    backbone = base / "input" / "data" / "backbone"
    shutil.copytree(ROOT / "model" / "artifacts" / "digits", backbone)
    text = (backbone / "model.json").read_text("utf-8")
    (backbone / "model.json").write_text(text.replace('"width": 16', '"width": 24'), "utf-8")

    assert run(base)[0] == 1
    assert "prepare the data with side 24 and color L" in (base / "output" / "failure").read_text("utf-8")


TINY_EFFICIENTNET = """
import sys
import numpy
from transformers import EfficientNetConfig, EfficientNetForImageClassification
config = EfficientNetConfig(
    image_size=32, width_coefficient=0.2, depth_coefficient=0.1, hidden_dim=256, num_labels=3,
    in_channels=[32, 16], out_channels=[16, 24], kernel_sizes=[3, 3], strides=[1, 2],
    num_block_repeats=[1, 1],
    expand_ratios=[1, 2], depthwise_padding=[],
)
model = EfficientNetForImageClassification(config)
model.save_pretrained(sys.argv[1])
numpy.save(sys.argv[2], model.efficientnet.embeddings.convolution.weight.detach().numpy())
"""


def test_an_efficientnet_is_tuned_from_supplied_weights(tmp_path: Path, new_job: Callable[..., Path]) -> None:
    base = new_job("job", epochs="1", batch_size="64")
    shutil.rmtree(base / "input" / "data")
    write_class_folders(tmp_path / "data")
    for path in (tmp_path / "data").rglob("*.png"):
        if int(path.stem) >= 400:
            path.unlink()
    assert (
        prepare(
            ["--input", str(tmp_path / "data"), "--output", str(tmp_path), "--side", "32", "--color", "RGB"]
        )
        == 0
    )
    for channel in ("train", "validation"):
        shutil.copytree(tmp_path / "dataset" / channel, base / "input" / "data" / channel)
    weights = base / "input" / "data" / "backbone"
    subprocess.run(
        [TORCH, "-W", "ignore", "-c", TINY_EFFICIENTNET, str(weights), str(tmp_path / "stem.npy")],
        check=True,
        capture_output=True,
    )

    code, log = run(base)

    assert code == 0, log
    document = json.loads((base / "model" / "model.json").read_text("utf-8"))
    assert document["input"]["mean"] == [0.485, 0.456, 0.406]
    supplied = np.load(tmp_path / "stem.npy")
    assert alike(supplied, onnx.load(str(base / "model" / "model.onnx"))) > 0.9


def alike(weights: npt.NDArray[np.float32], model: onnx.ModelProto) -> float:
    """How alike the model's weights of that shape are to these, channel by channel: 1 is but for a factor,
    which batch norm leaves in them and which may be negative.
    """
    arrays = [numpy_helper.to_array(item) for item in model.graph.initializer]
    [found] = [array for array in arrays if array.shape == weights.shape]
    rows = [array.reshape(len(array), -1) for array in (weights, found)]
    one, two = (row / np.linalg.norm(row, axis=1, keepdims=True) for row in rows)
    return float(np.abs((one * two).sum(axis=1)).mean())


@pytest.mark.parametrize(
    ("hyperparameters", "says"),
    [
        ({"epoch": "3"}, "HyperparameterError: hyperparameter epoch: is not known; did you mean epochs?"),
        ({"learning_rate": "fast"}, "HyperparameterError: hyperparameter learning_rate: must be a number"),
    ],
)
def test_a_failure_is_told_where_sagemaker_looks_before_pytorch_is_loaded(
    new_job: Callable[..., Path], hyperparameters: dict[str, str], says: str
) -> None:
    base = new_job("job", **hyperparameters)

    # The tests' own interpreter has no PyTorch.
    code, _ = run(base, python=Path(sys.executable))

    assert code == 1
    assert (base / "output" / "failure").read_text("utf-8").startswith(says)


def test_data_that_was_not_prepared_is_refused(new_job: Callable[..., Path]) -> None:
    base = new_job("job")
    shutil.rmtree(base / "input" / "data" / "validation")

    assert run(base, python=Path(sys.executable))[0] == 1
    assert (base / "output" / "failure").read_text("utf-8").startswith("EmptyDatasetError")


def test_parts_of_different_data_are_refused(new_job: Callable[..., Path]) -> None:
    base = new_job("job")
    path = base / "input" / "data" / "validation" / "dataset.json"
    path.write_text(path.read_text("utf-8").replace('"9"', '"nine"'), "utf-8")

    assert run(base, python=Path(sys.executable))[0] == 1
    assert "prepare them together" in (base / "output" / "failure").read_text("utf-8")
