"""Fit a classifier to prepared data, calibrate it, and write what model.serve serves."""

import os

# Threads that wait asleep: a spinning one would take the processor from what it waits for.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# What cuBLAS asks of those who want the same result twice.
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")

import logging
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from model.augment import augmentation_for
from model.calibration import Floats, expected_calibration_error, fit_temperature, softmax
from model.container import Container
from model.dataset.store import Part
from model.efficientnet import EfficientNetClassifier, is_efficientnet, normalised_as_pretrained
from model.errors import BackboneError
from model.export import export_onnx
from model.hyperparameters import Hyperparameters
from model.inference import Classifier, cpu_count
from model.network import SmallNetwork
from model.onnx_backbone import OnnxBackbone, train_head
from model.spec import MODEL_FILE, SPEC_FILE, InputSpec, ModelSpec, OutputSpec
from model.training import Trainer

logger = logging.getLogger("model.train")


def fit(
    container: Container,
    hyperparameters: Hyperparameters,
    part: Part,
    validation: Part,
    stopping: threading.Event,
) -> None:
    """Train, calibrate and export. Raises ModelError."""
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
