"""A threshold is chosen from an evaluation; any model is measured on a folder of labelled pictures."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from loupe.cli import cli
from loupe.training.measuring import accepted_of, is_model_here
from loupe.training.report import _suggested
from tests.unit.model.models import spec_document, write_model

PREDICTIONS = """file,truth,said,confidence,right,accepted
a.png,cat,cat,0.99,yes,yes
b.png,cat,dog,0.90,no,no
c.png,dog,dog,0.80,yes,no
d.png,dog,dog,0.60,yes,no
"""


def test_another_threshold_is_answered_from_the_predictions() -> None:
    assert accepted_of(PREDICTIONS, 0.85) == {
        "value": 0.85,
        "acceptedShare": 0.5,
        "acceptedAccuracy": 0.5,
    }
    assert accepted_of(PREDICTIONS, 0.995)["acceptedAccuracy"] is None


def test_a_suggestion_reads_as_a_sentence() -> None:
    suggestions: list[dict[str, Any]] = [
        {"accuracy": 0.98, "threshold": 0.7, "coverage": 0.9},
        {"accuracy": 0.99, "threshold": 0.87, "coverage": 0.82},
        {"accuracy": 0.995, "threshold": None, "coverage": 0.0},
    ]

    assert _suggested(suggestions) == [
        "for 98 % right accept at 0.7 (90% of pictures)",
        "for 99 % right accept at 0.87 (82% of pictures)",
    ]


@pytest.mark.parametrize("as_json", [True, False])
def test_a_model_in_a_folder_is_measured_on_a_folder(tmp_path: Path, as_json: bool) -> None:
    model = write_model(tmp_path / "model", spec_document(input={"mean": [0.5], "std": [0.1]}))
    for label, grey in (("dark", 10), ("light", 245), ("middle", 240)):
        for number in range(4):
            path = tmp_path / "data" / label / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.full((2, 2), grey + number, np.uint8)).save(path)
    assert is_model_here(str(model))

    output = ["--json"] if as_json else []
    arguments = ["evaluate", str(model), "--data", str(tmp_path / "data"), *output]
    done = CliRunner().invoke(cli, [*arguments, "--download", str(tmp_path / "report")])

    assert done.exit_code == 0, done.output
    if as_json:
        found = json.loads(done.stdout)
        assert (found["accuracy"], found["count"]) == (pytest.approx(2 / 3), 12)
        assert found["suspects"][0]["file"].startswith("middle/")
    else:
        assert "66.67% of 12 pictures" in done.stdout
        assert "middle/0.png" in done.stdout
    assert (tmp_path / "report" / "predictions.csv").read_text().startswith("file,truth,said,confidence")


def test_labels_that_the_model_does_not_know_are_named(tmp_path: Path) -> None:
    model = write_model(tmp_path / "model", spec_document())
    for label in ("dark", "purple"):
        path = tmp_path / "data" / label / "1.png"
        path.parent.mkdir(parents=True)
        Image.fromarray(np.zeros((2, 2), np.uint8)).save(path)

    done = CliRunner().invoke(cli, ["evaluate", str(model), "--data", str(tmp_path / "data")])

    assert done.exit_code == 2
    assert "does not know 1 of the data's labels: purple" in " ".join(done.stderr.split())
