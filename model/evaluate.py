"""Measure a trained model on the held-out part, as it will be served. A SageMaker processing job.

    python -m model.evaluate [--model PATH] [--test DIR | --data FOLDER] [--champion PATH] [--threshold X]

in   processing/input/model      model.tar.gz, or what is in it
     processing/input/test       the part `test` of model.prepare
     processing/input/champion   optional: the live model, to be measured on the same pictures
out  processing/output/evaluation.json, and pictures as PNG and SVG: confusion_matrix, calibration, coverage,
                                        mistakes
     processing/output/predictions.csv   a line a picture: file, truth, said, confidence, right, accepted
     processing/output/suspects.csv      labels that look wrong, the surest contradiction first
     processing/output/summary.json      what decides whether the model goes live (model.report)
     processing/output/smoke_test.json   what to ask a hosted model before it goes live (model.smoke_test)
     output/message              {"accuracy": …, "count": …, …}, or the error
"""

import argparse
import json
import logging
import os
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from model.calibration import expected_calibration_error, reliability
from model.champion import compare
from model.container import container_here, run_job
from model.dataset.archives import unpack
from model.dataset.store import TRANSFER, Part, pixels_as, read_part
from model.errors import ArchiveError, DatasetError, ModelSpecError
from model.fitted import TRAINING_FILE
from model.inference import Classifier, cpu_count
from model.intervals import wilson
from model.report import write_report
from model.spec import SPEC_FILE
from model.test_folder import read_folder
from model.thresholds import accepted, by_class, curve, suggestions

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

logger = logging.getLogger("model.evaluate")


def evaluate(
    classifier: Classifier, part: Part, threshold: float, training: dict[str, Any] | None = None
) -> tuple[dict[str, Any], Floats]:
    """The figures, and the probabilities (N x classes) behind them. `training`: what training.json says of
    pictures that were held out of it. Raises DatasetError.
    """
    if classifier.labels != part.labels:
        raise DatasetError(
            f"the model knows {len(classifier.labels)} labels, the data {len(part.labels)}, not the same"
        )
    if len(part) == 0:
        raise DatasetError("there are no pictures to test on; prepare the data with --test above 0")
    probabilities = probabilities_of(classifier, part)
    said, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    right = said == part.targets
    confusion = confusion_matrix(part.targets, said, len(part.labels))
    bins = reliability(probabilities, part.targets)
    known = training or {}
    document = {
        "model": classifier.spec.name,
        "count": len(part),
        "accuracy": float(right.mean()),
        "balancedAccuracy": balanced_accuracy(confusion),
        "interval": interval(int(right.sum()), len(part), known.get("heldOut")),
        "labels": list(part.labels),
        "perClass": per_class(confusion, part.labels),
        "confusionMatrix": confusion.tolist(),
        "calibration": {
            "expectedCalibrationError": expected_calibration_error(probabilities, part.targets),
            "bins": [vars(item) for item in bins],
        },
        "threshold": accepted(confidence, right, threshold),
        "coverage": curve(confidence, right),
        "suggestions": suggestions(confidence, right),
        "suggestionsByClass": by_class(probabilities, part.targets, part.labels),
        "training": {key: value for key, value in known.items() if key != "suspects"},
        "remarks": remarks(known, confidence, threshold),
    }
    return document, probabilities


def probabilities_of(classifier: Classifier, part: Part) -> Floats:
    """N x classes, of the very pixels that the server would see. Raises DatasetError."""
    pictures = pixels_as(classifier.spec.input, part)
    with ThreadPoolExecutor(cpu_count()) as pool:
        return np.stack(list(pool.map(classifier.scores_of_pixels, pictures)))


def interval(right: int, count: int, held_out: dict[str, Any] | None) -> dict[str, Any]:
    """Where the true accuracy lies, 95 times of 100. What cross-validation answered in training counts too:
    a handful of test pictures says little.
    """
    crossed = held_out if held_out and held_out.get("crossValidated") else {}
    hits, total = right + int(crossed.get("right", 0)), count + int(crossed.get("count", 0))
    low, high = wilson(hits, total)
    return {
        "low": round(low, 5),
        "high": round(high, 5),
        "accuracy": round(hits / total, 5),
        "count": total,
        "crossValidated": total - count,
    }


def balanced_accuracy(confusion: Integers) -> float:
    """The mean recall of the classes that occur."""
    counts = confusion.sum(axis=1)
    return float((np.diag(confusion)[counts > 0] / counts[counts > 0]).mean())


def remarks(known: dict[str, Any], confidence: Floats, threshold: float) -> list[str]:
    """Sentences for people: what training said, and why nothing is accepted where nothing is."""
    said = [str(remark) for remark in known.get("remarks", ())]
    if not (confidence >= threshold).any():
        noise = known.get("labelNoise")
        reason = (
            f"labels that look wrong ({noise:.0%}) keep confidence low; the suspects are listed"
            if noise
            else "more pictures, or a lower threshold, would change that"
        )
        most = f"no answer is surer than {confidence.max():.2f}"
        said.append(f"Nothing is accepted at {threshold:g}, for {most}: {reason}")
    return said


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


def unpacked(path: Path, scratch: Path) -> Path:
    """The folder of the model: `path` itself, or its model.tar.gz unpacked. Raises ModelSpecError."""
    if path.is_dir() and (path / SPEC_FILE).is_file():
        return path
    archive = path if path.is_file() else path / "model.tar.gz"
    if not archive.is_file():
        raise ModelSpecError("(file)", f"there is neither {SPEC_FILE} nor model.tar.gz in {path}")
    try:
        unpack(archive, scratch)
    except ArchiveError as error:
        raise ModelSpecError("(file)", str(error)) from None
    return scratch


def training_of(folder: Path) -> dict[str, Any]:
    """What training.json beside a model says; nothing for a model that came from elsewhere."""
    try:
        found = json.loads((folder / TRAINING_FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def part_for(classifier: Classifier, folder: Path) -> Part:
    """The test part as the model takes it: the same pictures may lie there for a backbone too."""
    part = read_part(folder)
    if (folder / TRANSFER).is_dir():
        other = read_part(folder / TRANSFER)
        spec = classifier.spec.input
        if (spec.width, spec.filter) == (other.input.width, other.input.filter):
            return other
    return part


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    container = container_here()
    parser = argparse.ArgumentParser(prog="python -m model.evaluate", description="Measure a trained model.")
    parser.add_argument("--model", type=Path, default=container.processing_input("model"), metavar="PATH")
    parser.add_argument("--test", type=Path, default=container.processing_input("test"), metavar="DIR")
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="labelled pictures, instead of --test")
    parser.add_argument(
        "--champion", type=Path, default=container.processing_input("champion"), metavar="PATH",
        help="another model to measure on the same pictures",
    )  # fmt: skip
    parser.add_argument("--output", type=Path, default=container.processing_output, metavar="DIR")
    parser.add_argument("--threshold", type=float, default=float(os.environ.get("THRESHOLD") or 0.93))
    options = parser.parse_args(arguments)

    def job() -> dict[str, Any]:
        return measure(
            options.model, options.test, options.data, options.champion, options.output, options.threshold
        )

    return run_job(container, "message", job)


def measure(
    model: Path, test: Path, data: Path | None, champion: Path, output: Path, threshold: float
) -> dict[str, Any]:
    """Evaluate and write the report; gives the job's short message. Raises ModelError."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = unpacked(model, Path(scratch, "model"))
        classifier, training = Classifier(folder), training_of(folder)
        part = read_folder(data, classifier) if data else part_for(classifier, test)
        document, probabilities = evaluate(classifier, part, threshold, training)
        if champion.exists():
            right = probabilities.argmax(axis=1) == part.targets
            document["champion"] = compare(
                lambda: Classifier(unpacked(champion, Path(scratch, "champion"))), test, data, part, right
            )
        write_report(output, document, part, probabilities, training, test)
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


if __name__ == "__main__":
    sys.exit(main())
