"""Train a classifier: SageMaker's training contract.

    python -m model.train

in   input/data/train, input/data/validation   what model.prepare wrote
     input/data/backbone (optional)            weights to start from: an ONNX classifier with its model.json
                                               (model.onnx_backbone), or an EfficientNet (model.efficientnet)
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
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from model.augment import augmentation_for
from model.calibration import Floats, expected_calibration_error, fit_temperature, softmax
from model.container import Container, container_here, run_job
from model.dataset.store import Part, read_part
from model.efficientnet import EfficientNetClassifier, is_efficientnet, normalised_as_pretrained
from model.errors import BackboneError, DatasetError
from model.export import export_onnx
from model.hyperparameters import Hyperparameters
from model.inference import Classifier, cpu_count
from model.network import SmallNetwork
from model.onnx_backbone import OnnxBackbone, train_head
from model.spec import MODEL_FILE, SPEC_FILE, InputSpec, ModelSpec, OutputSpec
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
    backbone = container.channel("backbone")
    if (backbone / MODEL_FILE).is_file():
        train_last_layer(container, hyperparameters, backbone, part, validation)
    else:
        train_network(container, hyperparameters, backbone, part, validation, stopping)


def train_network(
    container: Container,
    hyperparameters: Hyperparameters,
    backbone: Path,
    part: Part,
    validation: Part,
    stopping: threading.Event,
) -> None:
    """The small network from scratch, or all of an EfficientNet."""
    shape, network = part.input, None
    if is_efficientnet(backbone):
        shape = normalised_as_pretrained(backbone, shape)
        part, validation = replace(part, input=shape), replace(validation, input=shape)
        network = EfficientNetClassifier(backbone, len(part.labels))
    elif backbone.is_dir() and any(backbone.iterdir()):
        raise BackboneError(
            "the channel backbone holds neither model.onnx with model.json nor an EfficientNet's config.json"
        )
    network = network or small_network(part, hyperparameters)
    augmentation = augmentation_for(hyperparameters.augmentation, hyperparameters.flip, shape.channels)
    trainer = Trainer(network, part, validation, hyperparameters, augmentation, container.checkpoints)
    weights = sum(value.numel() for value in network.parameters())
    logger.info("pictures=%d classes=%d weights=%d", len(part), len(part.labels), weights)
    best = trainer.fit(stopping.is_set)
    network.load_state_dict(best.state)
    logits = trainer.logits(network, validation)
    temperature = fit_temperature(logits, validation.targets)
    export_onnx(network.cpu(), shape, temperature, container.model)
    publish(
        container, hyperparameters, shape, part, validation, logits / temperature, temperature, best.epoch
    )


def train_last_layer(
    container: Container, hyperparameters: Hyperparameters, folder: Path, part: Part, validation: Part
) -> None:
    """A new last layer on an ONNX classifier's features."""
    backbone = OnnxBackbone(folder, part.input)
    features, targets = backbone.features(part), part.targets
    if augmentation_for(hyperparameters.augmentation, hyperparameters.flip, part.input.channels).flip:
        features = np.concatenate([features, backbone.features(part, mirrored=True)])
        targets = np.concatenate([targets, targets])
    logger.info("pictures=%d classes=%d features=%d", len(part), len(part.labels), features.shape[1])
    held_out = (backbone.features(validation), validation.targets)
    head = train_head((features, targets), held_out, len(part.labels), hyperparameters.seed)
    temperature = fit_temperature(head.logits, validation.targets)
    backbone.write(head, temperature, container.model)
    logits = head.logits / temperature
    publish(container, hyperparameters, backbone.input, part, validation, logits, temperature, 0)


def small_network(part: Part, hyperparameters: Hyperparameters) -> nn.Module:
    """From scratch, for the prepared pictures."""
    shape = part.input
    return SmallNetwork(
        shape.channels,
        shape.height,
        shape.width,
        len(part.labels),
        hyperparameters.width,
        hyperparameters.dropout,
    )


def publish(
    container: Container,
    hyperparameters: Hyperparameters,
    shape: InputSpec,
    part: Part,
    validation: Part,
    logits: Floats,
    temperature: float,
    epoch: int,
) -> None:
    """Write model.json, and see that the exported model answers as the trained one did (`logits`)."""
    accuracy = float((logits.argmax(1) == validation.targets).mean())
    about: dict[str, Any] = {
        "validationAccuracy": round(accuracy, 5),
        "calibrationError": round(expected_calibration_error(softmax(logits), validation.targets), 5),
        "temperature": temperature,
        "epoch": epoch,
        "trainedOn": len(part),
        "seed": hyperparameters.seed,
    }
    spec = ModelSpec(hyperparameters.name, shape, OutputSpec("logits"), part.labels)
    (container.model / SPEC_FILE).write_text(spec.to_json(about), "utf-8")
    classifier = Classifier(container.model)
    for index in range(min(20, len(validation))):
        served = classifier.scores_of_pixels(validation.pictures[index])
        close = np.ptp(np.sort(logits[index])[-2:]) < 0.01
        if served.argmax() != logits[index].argmax() and not close:
            raise RuntimeError(f"the exported model answers differently on {validation.names[index]}")
    logger.info("best_epoch=%d best_accuracy=%.4f temperature=%.3f", epoch, accuracy, temperature)


def main() -> int:
    """Train; SIGTERM (StopTrainingJob, a spot interruption) ends it with the best model so far."""
    container = container_here()
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    return run_job(container, "failure", lambda: train(container, stopping))


if __name__ == "__main__":
    sys.exit(main())
