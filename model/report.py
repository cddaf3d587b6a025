"""What an evaluation leaves: figures, pictures, a line a picture, and what decides if the model goes live.

summary.json, which the workflow reads, is small whatever the number of classes:

    {"accuracy", "count",            on the held-out pictures
     "accuracyLow", "accuracyHigh",  its 95 % interval, cross-validation counted in
     "accuracyToJudge",              what to compare with the accuracy that is asked for: the accuracy where
                                     ENOUGH pictures were held out, with cross-validation where those are
                                     enough, else the interval's upper end: few pictures refuse no model
     "championAccuracy",             the live model on the same pictures; null where it could not be compared
     "notWorse",                     false only where the new model is worse than chance explains
     "perClass": {label: recall}, the MAX_CLASSES worst, "classes": how many there are,
     "remarks": [sentences for people]}
"""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from model.dataset.reading import ORIGINALS
from model.dataset.store import Part
from model.labels import suspects
from model.smoke_test import write_smoke_test

MISTAKES = 24
SHOWN_SUSPECTS = 20
# 256 KiB travel between two states, and the rest of an execution's data is to have room.
MAX_CLASSES = 100
# With fewer an accuracy is uncertain by fourteen percent and more.
ENOUGH = 50
MAX_LABEL_LENGTH = 100

Floats = npt.NDArray[np.float64]


def write_report(
    folder: Path,
    document: dict[str, Any],
    part: Part,
    probabilities: Floats,
    training: dict[str, Any],
    test: Path,
) -> None:
    """All files but the job's message."""
    # matplotlib takes a second to import, which who only measures need not wait for.
    from model import charts

    threshold = document["threshold"]
    folder.mkdir(parents=True, exist_ok=True)
    found = _suspects(part, probabilities, training)
    document["suspects"] = found[:SHOWN_SUSPECTS]
    text = json.dumps(document, indent=2, ensure_ascii=False)
    (folder / "evaluation.json").write_text(text + "\n", "utf-8")
    (folder / "summary.json").write_text(json.dumps(summary(document), ensure_ascii=False), "utf-8")
    write_smoke_test(folder, part, probabilities, test / ORIGINALS)
    _write_predictions(folder / "predictions.csv", document, part, probabilities)
    _write_suspects(folder / "suspects.csv", found)
    charts.draw_confusion(folder / "confusion_matrix", np.array(document["confusionMatrix"]), part.labels)
    charts.draw_calibration(folder / "calibration", document["calibration"], threshold)
    charts.draw_coverage(folder / "coverage", document["coverage"], document["suggestions"], threshold)
    wrong = np.flatnonzero(probabilities.argmax(axis=1) != part.targets)
    surest = wrong[np.argsort(-probabilities[wrong].max(axis=1))][:MISTAKES]
    charts.draw_mistakes(folder / "mistakes", part, probabilities, surest, len(wrong))


def summary(document: dict[str, Any]) -> dict[str, Any]:
    """What the workflow reads."""
    recalls = [
        (item["recall"], item["label"][:MAX_LABEL_LENGTH])
        for item in document["perClass"]
        if item["recall"] is not None
    ]
    shown = recalls if len(recalls) <= MAX_CLASSES else sorted(recalls)[:MAX_CLASSES]
    champion = document.get("champion") or {}
    return {
        "accuracy": document["accuracy"],
        "count": document["count"],
        "accuracyLow": document["interval"]["low"],
        "accuracyHigh": document["interval"]["high"],
        "accuracyToJudge": accuracy_to_judge(document),
        "championAccuracy": champion.get("accuracy"),
        "notWorse": champion.get("notWorse", True),
        "classes": len(recalls),
        "perClass": {label: recall for recall, label in shown},
        "remarks": document["remarks"][:10],
    }


def accuracy_to_judge(document: dict[str, Any]) -> float:
    """The accuracy that decides whether a model is good enough; see the top."""
    interval = document["interval"]
    if document["count"] >= ENOUGH:
        return float(document["accuracy"])
    return float(interval["accuracy"] if interval["count"] >= ENOUGH else interval["high"])


def _write_predictions(path: Path, document: dict[str, Any], part: Part, probabilities: Floats) -> None:
    threshold = document["threshold"]["value"]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("file", "truth", "said", "confidence", "right", "accepted"))
        for name, target, row in zip(part.names, part.targets.tolist(), probabilities, strict=True):
            said = int(row.argmax())
            flags = ("yes" if flag else "no" for flag in (said == target, row[said] >= threshold))
            writer.writerow((name, part.labels[target], part.labels[said], f"{row[said]:.6f}", *flags))


def _suspects(part: Part, probabilities: Floats, training: dict[str, Any]) -> list[dict[str, Any]]:
    """Of the test pictures and, where training found labels to be wrong, of its own; the surest first."""
    found = [each.to_dict() for each in suspects(probabilities, part.targets, part.names, part.labels)]
    found = [*training.get("suspects", ()), *found]
    return sorted(found, key=lambda each: -float(each["confidence"]))


def _write_suspects(path: Path, found: list[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ("file", "label", "said", "confidence"))
        writer.writeheader()
        writer.writerows(found)
