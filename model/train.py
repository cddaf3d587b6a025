"""Train a classifier: SageMaker's training contract.

    python -m model.train

in   input/data/train, input/data/validation   what model.prepare wrote
     input/data/backbone (optional)            a pretrained model to start from (see model.backbone)
     input/config/hyperparameters.json         see model.hyperparameters
     checkpoints/                              gone on from when there is one of this very job
out  model/model.onnx, model/model.json        what model.serve serves; output/failure when it fails
log  epoch=3 loss=0.0123 accuracy=0.9876 validation_loss=0.0456 …   one line an epoch
"""

import os

# Threads that wait asleep: a spinning one would take the processor from what it waits for.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# What cuBLAS asks of those who want the same result twice.
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")

import logging
import signal
import sys
import threading
from typing import Any

import numpy as np
import torch

from model.augment import augmentation_for
from model.calibration import expected_calibration_error, fit_temperature, softmax
from model.container import Container, container_here, run_job
from model.dataset.store import Part, read_part
from model.errors import DatasetError
from model.export import export_onnx
from model.hyperparameters import Hyperparameters
from model.inference import Classifier, cpu_count
from model.network import SmallNetwork
from model.spec import SPEC_FILE, ModelSpec, OutputSpec
from model.training import Trainer

logger = logging.getLogger("model.train")


def train(container: Container, stopping: threading.Event) -> None:
    """Train, calibrate and export. Raises ModelError."""
    hyperparameters = Hyperparameters.parse(container.hyperparameters())
    part = read_part(container.channel("train"))
    validation = read_part(container.channel("validation"))
    if part.labels != validation.labels or part.input != validation.input:
        raise DatasetError(
            "the channels train and validation are of different datasets; prepare them together"
        )
    torch.manual_seed(hyperparameters.seed)
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.set_num_threads(cpu_count())
    shape = part.input
    network = SmallNetwork(
        shape.channels,
        shape.height,
        shape.width,
        len(part.labels),
        hyperparameters.width,
        hyperparameters.dropout,
    )
    augmentation = augmentation_for(hyperparameters.augmentation, hyperparameters.flip, shape.channels)
    trainer = Trainer(network, part, validation, hyperparameters, augmentation, container.checkpoints)
    weights = sum(value.numel() for value in network.parameters())
    logger.info("pictures=%d classes=%d weights=%d", len(part), len(part.labels), weights)
    best = trainer.fit(stopping.is_set)
    network.load_state_dict(best.state)
    logits = trainer.logits(network, validation)
    temperature = fit_temperature(logits, validation.targets)
    spec = ModelSpec(hyperparameters.name, shape, OutputSpec("logits"), part.labels)
    export_onnx(network.cpu(), shape, temperature, container.model)
    about: dict[str, Any] = {
        "validationAccuracy": round(best.accuracy, 5),
        "calibrationError": round(
            expected_calibration_error(softmax(logits / temperature), validation.targets), 5
        ),
        "temperature": temperature,
        "epoch": best.epoch,
        "trainedOn": len(part),
        "seed": hyperparameters.seed,
    }
    (container.model / SPEC_FILE).write_text(spec.to_json(about), "utf-8")
    _check_export(container, validation, logits)
    logger.info("best_epoch=%d best_accuracy=%.4f temperature=%.3f", best.epoch, best.accuracy, temperature)


def _check_export(container: Container, validation: Part, logits: np.ndarray[Any, Any]) -> None:
    """The exported model must answer as the trained one did: what is served is what was measured."""
    classifier = Classifier(container.model)
    for index in range(min(20, len(validation))):
        served = classifier.scores_of_pixels(validation.pictures[index])
        if served.argmax() != logits[index].argmax() and np.ptp(np.sort(logits[index])[-2:]) > 0.01:
            raise RuntimeError(f"the exported model answers differently on {validation.names[index]}")


def main() -> int:
    """Train; SIGTERM (StopTrainingJob, a spot interruption) ends it with the best model so far."""
    container = container_here()
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    return run_job(container, "failure", lambda: train(container, stopping))


if __name__ == "__main__":
    sys.exit(main())
