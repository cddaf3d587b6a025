"""A trained classifier before it is written: how it does, what to say of it, and how it is published."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from model.calibration import Calibration, expected_calibration_error, softmax
from model.dataset.store import Part
from model.hyperparameters import Hyperparameters
from model.inference import Classifier
from model.intervals import wilson
from model.labels import Suspect, noise_share, suspects
from model.spec import SPEC_FILE, InputSpec, ModelSpec, OutputSpec

TRAINING_FILE = "training.json"
# What rounding may change: labels whose logits lie closer than this.
CLOSE = 0.01

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class LabelFindings:
    """The share of labels that look wrong, None where nothing says so, and the pictures to look at first."""

    share: float | None = None
    suspects: tuple[Suspect, ...] = ()


@dataclass(frozen=True)
class Fitted:
    """What training made. `comparable` and `check` are answers as log probabilities: to validation pictures
    with their targets, and to a few pictures (pixels first) that the written model must give again.
    """

    start: str
    part: Part
    shape: InputSpec
    calibration: Calibration
    write: Callable[[Path], object]
    figures: dict[str, Any]
    comparable: tuple[Floats, Integers]
    check: tuple[Any, Floats]
    remarks: tuple[str, ...] = ()
    noise: LabelFindings = field(default_factory=LabelFindings)
    epoch: int = 0

    @property
    def comparable_accuracy(self) -> float | None:
        answers, targets = self.comparable
        return float((answers.argmax(1) == targets).mean()) if len(targets) else None

    def because(self, reason: str) -> "Fitted":
        """The same, with the reason why it was started so."""
        return replace(self, remarks=(reason, *self.remarks))


def held_out_figures(answers: Floats, targets: Integers, cross_validated: bool) -> dict[str, Any]:
    """Accuracy on pictures that the answering model had not seen, its interval, the calibration's error."""
    count = len(targets)
    if not count:
        return {"heldOut": {"count": 0, "right": 0, "crossValidated": cross_validated}}
    right = int((answers.argmax(1) == targets).sum())
    low, high = wilson(right, count)
    return {
        "validationAccuracy": round(right / count, 5),
        "calibrationError": round(expected_calibration_error(softmax(answers), targets), 5),
        "heldOut": {
            "count": count,
            "right": right,
            "low": round(low, 5),
            "high": round(high, 5),
            "crossValidated": cross_validated,
        },
    }


def label_findings(
    answers: Floats,
    targets: Integers,
    names: Sequence[str],
    labels: Sequence[str],
    suspected: tuple[Floats, Integers] | None = None,
) -> LabelFindings:
    """What answers to unseen pictures say of their labels. `suspected`: other answers to list suspects from,
    those of `names`.
    """
    if not len(targets):
        return LabelFindings()
    share = noise_share(softmax(answers), targets)
    if share is None:
        return LabelFindings()
    of, truth = suspected or (answers, targets)
    return LabelFindings(share, tuple(suspects(softmax(of), truth, names, labels)))


def publish(folder: Path, hyperparameters: Hyperparameters, fitted: Fitted) -> None:
    """Write model.onnx, model.json, training.json; see that the model answers as the trained one did."""
    fitted.write(folder)
    calibration, share = fitted.calibration, fitted.noise.share
    about: dict[str, Any] = {
        **fitted.figures,
        "start": fitted.start,
        "calibrated": calibration.calibrated,
        "temperature": calibration.temperature,
        "spread": calibration.spread,
        "epoch": fitted.epoch,
        "seed": hyperparameters.seed,
    }
    spec = ModelSpec(hyperparameters.name, fitted.shape, OutputSpec("logits"), fitted.part.labels)
    (folder / SPEC_FILE).write_text(spec.to_json(about), "utf-8")
    remarks = [*fitted.remarks, *_said_of(calibration, share)]
    document = {
        **about,
        "remarks": remarks,
        "labelNoise": None if share is None else round(share, 4),
        "suspects": [suspect.to_dict() for suspect in fitted.noise.suspects],
    }
    (folder / TRAINING_FILE).write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", "utf-8")
    _check(folder, fitted)


def _said_of(calibration: Calibration, share: float | None) -> list[str]:
    said = []
    if not calibration.calibrated:
        said.append(
            f"The confidence is not calibrated: {calibration.pictures} pictures that training had not seen "
            "say too little. It is kept low instead; more pictures raise it"
        )
    if share is not None:
        said.append(
            f"{share:.0%} of the surest answers contradict the label: labels are wrong, or pictures of two "
            "classes are alike, and no confidence can be higher than that allows. The suspects are listed"
        )
    return said


def _check(folder: Path, fitted: Fitted) -> None:
    classifier = Classifier(folder)
    for pixels, expected in zip(*fitted.check, strict=True):
        served = classifier.scores_of_pixels(pixels)
        close = np.ptp(np.sort(expected)[-2:]) < CLOSE
        if served.argmax() != expected.argmax() and not close:
            raise RuntimeError("the exported model answers differently from the trained one")
