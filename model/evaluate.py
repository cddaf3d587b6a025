"""Measure a trained model on the held-out part, as it will be served. A SageMaker processing job.

    python -m model.evaluate [--model DIR_OR_ARCHIVE] [--test DIR] [--output DIR] [--threshold X]

in   processing/input/model   model.tar.gz, or what is in it
     processing/input/test    the part `test` of model.prepare
out  processing/output/evaluation.json, and pictures as PNG and SVG: confusion_matrix, calibration, mistakes
     processing/output/summary.json      {"accuracy": …, "count": …, "perClass": {label: recall, …}}
     processing/output/smoke_test.json   what to ask a hosted model before it goes live (model.smoke_test)
     output/message           {"accuracy": …, "count": …, …}, or the error
"""

import argparse
import json
import logging
import os
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from model.calibration import expected_calibration_error, reliability
from model.charts import draw_calibration, draw_confusion, draw_mistakes
from model.container import container_here, run_job
from model.dataset.store import Part, read_part
from model.errors import DatasetError, ModelSpecError
from model.inference import Classifier
from model.smoke_test import write_smoke_test
from model.spec import SPEC_FILE

MISTAKES = 24

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

logger = logging.getLogger("model.evaluate")


def evaluate(classifier: Classifier, part: Part, threshold: float) -> tuple[dict[str, Any], Floats]:
    """The figures, and the probabilities (N x classes) behind them. Raises DatasetError."""
    if classifier.labels != part.labels:
        raise DatasetError(
            f"the model knows {len(classifier.labels)} labels, the data {len(part.labels)}, not the same"
        )
    if len(part) == 0:
        raise DatasetError("there are no pictures to test on; prepare the data with --test above 0")
    probabilities = np.stack([classifier.scores_of_pixels(picture) for picture in part.pictures])
    predicted = probabilities.argmax(axis=1)
    right = predicted == part.targets
    accepted = probabilities.max(axis=1) >= threshold
    confusion = confusion_matrix(part.targets, predicted, len(part.labels))
    bins = reliability(probabilities, part.targets)
    document = {
        "model": classifier.spec.name,
        "count": len(part),
        "accuracy": float(right.mean()),
        "labels": list(part.labels),
        "perClass": per_class(confusion, part.labels),
        "confusionMatrix": confusion.tolist(),
        "calibration": {
            "expectedCalibrationError": expected_calibration_error(probabilities, part.targets),
            "bins": [vars(item) for item in bins],
        },
        "threshold": {
            "value": threshold,
            "acceptedShare": float(accepted.mean()),
            "acceptedAccuracy": float(right[accepted].mean()) if accepted.any() else None,
        },
    }
    return document, probabilities


def confusion_matrix(targets: Integers, predicted: Integers, classes: int) -> Integers:
    """Rows are what is true, columns what was said."""
    matrix = np.zeros((classes, classes), np.int64)
    np.add.at(matrix, (targets, predicted), 1)
    return matrix


def per_class(confusion: Integers, labels: tuple[str, ...]) -> list[dict[str, Any]]:
    """Precision, recall and F1 by class; None where nothing was there to divide by."""
    found = []
    for index, label in enumerate(labels):
        hits, said, true = (
            int(value)
            for value in (confusion[index, index], confusion[:, index].sum(), confusion[index].sum())
        )
        precision = hits / said if said else None
        recall = hits / true if true else None
        f1 = 2 * hits / (said + true) if said + true else None
        found.append({"label": label, "precision": precision, "recall": recall, "f1": f1, "support": true})
    return found


def write_report(folder: Path, document: dict[str, Any], part: Part, probabilities: Floats) -> None:
    """evaluation.json, what the workflow reads of it, and the pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "evaluation.json").write_text(
        json.dumps(document, indent=2, ensure_ascii=False) + "\n", "utf-8"
    )
    summary = {key: document[key] for key in ("accuracy", "count")} | {
        "perClass": {
            item["label"]: item["recall"] for item in document["perClass"] if item["recall"] is not None
        }
    }
    (folder / "summary.json").write_text(json.dumps(summary, ensure_ascii=False), "utf-8")
    write_smoke_test(folder, part, probabilities)
    draw_confusion(folder / "confusion_matrix", np.array(document["confusionMatrix"]), part.labels)
    draw_calibration(folder / "calibration", document["calibration"], document["threshold"])
    wrong = np.flatnonzero(probabilities.argmax(axis=1) != part.targets)
    surest = wrong[np.argsort(-probabilities[wrong].max(axis=1))][:MISTAKES]
    draw_mistakes(folder / "mistakes", part, probabilities, surest, len(wrong))


def unpacked(path: Path, scratch: Path) -> Path:
    """The folder of the model: `path` itself, or its model.tar.gz unpacked. Raises ModelSpecError."""
    if path.is_dir() and (path / SPEC_FILE).is_file():
        return path
    archive = path if path.is_file() else path / "model.tar.gz"
    if not archive.is_file():
        raise ModelSpecError("(file)", f"there is neither {SPEC_FILE} nor model.tar.gz in {path}")
    try:
        with tarfile.open(archive) as packed:
            packed.extractall(scratch, filter="data")
    except (tarfile.TarError, OSError, EOFError) as error:
        raise ModelSpecError("(file)", f"{archive.name} cannot be unpacked: {error}") from None
    return scratch


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    container = container_here()
    parser = argparse.ArgumentParser(prog="python -m model.evaluate", description="Measure a trained model.")
    parser.add_argument("--model", type=Path, default=container.processing_input("model"), metavar="PATH")
    parser.add_argument("--test", type=Path, default=container.processing_input("test"), metavar="DIR")
    parser.add_argument("--output", type=Path, default=container.processing_output, metavar="DIR")
    parser.add_argument("--threshold", type=float, default=float(os.environ.get("THRESHOLD") or 0.93))
    options = parser.parse_args(arguments)

    def job() -> dict[str, Any]:
        with tempfile.TemporaryDirectory() as scratch:
            classifier = Classifier(unpacked(options.model, Path(scratch)))
            part = read_part(options.test)
            document, probabilities = evaluate(classifier, part, options.threshold)
        write_report(options.output, document, part, probabilities)
        worst = min(document["perClass"], key=lambda item: 1 if item["f1"] is None else item["f1"])
        short = {
            "accuracy": round(document["accuracy"], 6),
            "count": document["count"],
            "expectedCalibrationError": round(document["calibration"]["expectedCalibrationError"], 6),
            "acceptedShare": round(document["threshold"]["acceptedShare"], 6),
            "worstClass": {"label": worst["label"][:100], "f1": worst["f1"]},
        }
        logger.info("evaluated %s", json.dumps(short, ensure_ascii=False))
        return short

    return run_job(container, "message", job)


if __name__ == "__main__":
    sys.exit(main())
