"""What the parts measure with is what they say it is."""

import os
import signal
import subprocess
import sys
import time
from importlib.metadata import distributions
from pathlib import Path

import numpy as np
import onnx
import pytest

from bench.charts import reach
from bench.layers import folder_size
from bench.mobilenet import write_mobilenet
from bench.parts.sizes import closure
from bench.servers import family
from bench.workers import Worker, WorkerFailedError
from model.inference import Classifier


def distribution(folder: Path, name: str, *requires: str) -> None:
    home = folder / f"{name}-1.0.dist-info"
    home.mkdir()
    lines = [f"Name: {name}", "Version: 1.0", *(f"Requires-Dist: {each}" for each in requires)]
    (home / "METADATA").write_text("\n".join(lines) + "\n")


def test_a_layer_counts_what_a_package_requires_but_not_its_extras(tmp_path: Path) -> None:
    distribution(
        tmp_path, "sdk", "Data_Frames>=2", "boto3", 'plots; extra == "plots"', 'old; python_version < "3"'
    )
    distribution(tmp_path, "data-frames", "numbers")
    for name in ("numbers", "boto3", "plots", "old", "unrelated"):
        distribution(tmp_path, name)
    installed = {each.metadata["Name"]: each for each in distributions(path=[str(tmp_path)])}

    assert closure("sdk", installed) == {"sdk", "data-frames", "numbers", "boto3"}


def test_a_folders_size_is_that_of_its_files(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "one").write_bytes(b"12345")
    (tmp_path / "deep" / "two").write_bytes(b"123")

    assert folder_size(tmp_path) == 8


def test_the_large_model_is_as_large_as_mobilenet_and_can_be_served(tmp_path: Path) -> None:
    write_mobilenet(tmp_path)

    model = onnx.load(tmp_path / "model.onnx")
    weights = sum(int(np.prod(each.dims)) for each in model.graph.initializer)
    # The paper says 3.4 million; batch normalisation is folded in.
    assert 3.4e6 < weights < 3.6e6
    scores = Classifier(tmp_path).scores_of_pixels(np.full((224, 224, 3), 128, np.uint8))
    assert scores.shape == (1000,)
    assert scores.sum() == pytest.approx(1)


def test_a_contender_works_once_a_turn() -> None:
    program = (
        "from bench.contenders.turns import take_turns\n"
        "made = []\n"
        "take_turns(lambda: made.append(sum(range(50_000))) or len(made))\n"
    )
    with Worker([sys.executable, "-c", program]) as worker:
        laps = [worker.lap(), worker.lap()]

        assert worker.last["made"] == 2
    assert all(lap.wall > 0 and lap.cpu > 0 for lap in laps)


def test_a_contender_that_ends_is_told_with_its_last_words() -> None:
    program = "import sys; print('ready', flush=True); input(); sys.exit('out of paper')"
    with (
        Worker([sys.executable, "-c", program]) as worker,
        pytest.raises(WorkerFailedError, match="out of paper"),
    ):
        worker.lap()


def test_a_worker_leaves_no_process_behind() -> None:
    with Worker([sys.executable, "-c", "print('ready', flush=True); input()"]) as worker:
        process: subprocess.Popen[str] = worker._process

    assert process.poll() is not None


@pytest.mark.parametrize(
    ("bound", "wanted", "ratio", "reached"),
    [("at least", 2, (3, 2, 4), (1.5, 1, 2)), ("at most", 1.3, (1.3, 0.65, 2.6), (1, 0.5, 2))],
)
def test_a_chart_shows_the_way_past_the_target(
    bound: str, wanted: float, ratio: tuple[float, float, float], reached: tuple[float, float, float]
) -> None:
    median, least, most = ratio
    row = {
        "ratio": {"median": median, "least": least, "most": most},
        "target": {"bound": bound, "value": wanted},
    }

    assert reach(row) == pytest.approx(reached)


def test_a_servers_processor_time_is_that_of_its_whole_family() -> None:
    # The child works and is in a session of its own; the parent only waits for it.
    starts_child = "import subprocess, sys; subprocess.run(sys.argv[1:], start_new_session=True)"
    child = [sys.executable, "-Sc", "while True: pass"]
    process = subprocess.Popen([sys.executable, "-Sc", starts_child, *child])

    def spent() -> tuple[float, float]:
        members = family(process.pid)
        return members.pop(process.pid), sum(members.values())

    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and spent()[1] <= spent()[0]:
            time.sleep(0.02)
        parents, childs = spent()
    finally:
        for member in family(process.pid):
            os.kill(member, signal.SIGKILL)
        process.wait()

    assert childs > parents
