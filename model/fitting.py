"""Fit a classifier to prepared data, from a backbone or from nothing, and write what model.serve serves."""

import logging
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from model.choice import Choice, choose
from model.container import Container
from model.dataset.store import Part, pixels_as
from model.fitted import Fitted, held_out_figures, label_findings, publish
from model.head import fit_head
from model.hyperparameters import Hyperparameters
from model.labels import said_of_weights
from model.onnx_backbone import OnnxBackbone
from model.spec import MODEL_FILE

if TYPE_CHECKING:
    from model.head import FittedHead

logger = logging.getLogger("model.train")


@dataclass(frozen=True)
class Parts:
    """What is trained on, and what its progress is measured by."""

    train: Part
    validation: Part


def fit(
    container: Container,
    hyperparameters: Hyperparameters,
    parts: Parts,
    transfer: Parts | None,
    stopping: threading.Event,
) -> None:
    """Train, calibrate and export. `transfer` holds the pictures as the backbone takes them, where the
    start is to be chosen. Raises ModelError.
    """
    backbone = container.channel("backbone")
    if hyperparameters.class_weights == "auto":
        remark = said_of_weights(parts.train.targets, parts.train.labels)
        if remark:
            logger.info("%s", remark)
    if (backbone / MODEL_FILE).is_file() and (hyperparameters.backbone != "auto" or transfer):
        fitted = _with_backbone(container, hyperparameters, backbone, parts, transfer, stopping)
    elif hyperparameters.backbone == "auto":
        fitted = _from_nothing(container, hyperparameters, _no(backbone), parts, stopping)
        fitted = fitted.because("the pictures are grey")
    else:
        # An EfficientNet's weights, or nothing.
        fitted = _from_nothing(container, hyperparameters, backbone, parts, stopping)
    publish(container.model, hyperparameters, fitted)


def fit_last_layer(hyperparameters: Hyperparameters, folder: Path, parts: Parts) -> Fitted:
    """A new last layer on an ONNX classifier's features."""
    train, validation = parts.train, parts.validation
    backbone = OnnxBackbone(folder, train.input)
    features, unseen = backbone.features(train), backbone.features(validation)
    logger.info("pictures=%d classes=%d features=%d", len(train), len(train.labels), features.shape[1])
    found = fit_head(
        features,
        train.targets,
        len(train.labels),
        (unseen, validation.targets),
        hyperparameters.class_weights == "auto",
        hyperparameters.seed,
    )
    folded = _folded(found, validation)
    names = [*train.names, *validation.names] if folded else list(validation.names)
    answers = found.calibration.log_probabilities(found.logits)
    served = found.calibration.log_probabilities(found.head.logits(unseen[:20]))
    return Fitted(
        start="transfer",
        part=train,
        shape=backbone.input,
        calibration=found.calibration,
        write=lambda folder: backbone.write(found.head, found.calibration, folder),
        figures=held_out_figures(answers, found.targets, cross_validated=folded)
        | {"strength": found.strength, "trainedOn": len(train) + folded * len(validation)},
        comparable=_on_validation(found, answers, train, validation),
        check=(pixels_as(backbone.input, validation, slice(0, 20)), served),
        remarks=_remarks(hyperparameters, train),
        noise=label_findings(
            answers, found.targets, [names[place] for place in found.held_out], train.labels
        ),
    )


def _with_backbone(
    container: Container,
    hyperparameters: Hyperparameters,
    backbone: Path,
    parts: Parts,
    transfer: Parts | None,
    stopping: threading.Event,
) -> Fitted:
    if hyperparameters.backbone != "auto" or transfer is None:
        return fit_last_layer(hyperparameters, backbone, parts)

    def from_nothing() -> Fitted:
        return _from_nothing(container, hyperparameters, _no(backbone), parts, stopping)

    choice: Choice[Fitted] = choose(
        parts.train,
        hyperparameters,
        lambda: fit_last_layer(hyperparameters, backbone, transfer),
        from_nothing,
    )
    logger.info("%s", choice.reason)
    return choice.taken.because(choice.reason)


def _no(backbone: Path) -> Path:
    """A channel that is not there."""
    return backbone.with_name("none")


def _from_nothing(
    container: Container,
    hyperparameters: Hyperparameters,
    backbone: Path,
    parts: Parts,
    stopping: threading.Event,
) -> Fitted:
    # Imported late: PyTorch takes seconds to load, and a new last layer does without it.
    from model.network_fitting import fit_network

    fitted = fit_network(
        container.checkpoints, hyperparameters, backbone, parts.train, parts.validation, stopping
    )
    hardly = hyperparameters.said_of_steps(len(parts.train))
    said = (*fitted.remarks, *_remarks(hyperparameters, parts.train), *((hardly,) if hardly else ()))
    return replace(fitted, remarks=said)


def _remarks(hyperparameters: Hyperparameters, train: Part) -> tuple[str, ...]:
    said = said_of_weights(train.targets, train.labels)
    return (said,) if said and hyperparameters.class_weights == "auto" else ()


def _folded(found: "FittedHead", validation: Part) -> bool:
    """Whether all pictures were answered out of fold, not those of validation alone."""
    return len(found.held_out) != len(validation) or not np.array_equal(found.targets, validation.targets)


def _on_validation(
    found: "FittedHead", answers: np.ndarray, train: Part, validation: Part
) -> tuple[np.ndarray, np.ndarray]:
    """Answers to validation pictures alone, as the other start has them too."""
    if not _folded(found, validation):
        return answers, found.targets
    chosen = found.held_out >= len(train)
    return answers[chosen], found.targets[chosen]
