"""Fit a network with PyTorch: the small one from nothing, or all of an EfficientNet."""

import os

# Threads that wait asleep: a spinning one would take the processor from what it waits for.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# What cuBLAS asks of those who want the same result twice.
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")

import logging
import threading
from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from model.augment import augmentation_for
from model.calibration import calibrate
from model.dataset.store import Part, pixels_as
from model.efficientnet import EfficientNetClassifier, is_efficientnet, normalised_as_pretrained
from model.errors import BackboneError
from model.export import export_onnx
from model.fitted import Fitted, held_out_figures, label_findings
from model.hyperparameters import Hyperparameters
from model.inference import cpu_count
from model.network import SmallNetwork
from model.training import Trainer

logger = logging.getLogger("model.train")


def fit_network(
    checkpoints: Path,
    hyperparameters: Hyperparameters,
    backbone: Path,
    part: Part,
    validation: Part,
    stopping: threading.Event,
) -> Fitted:
    """`backbone`: a folder with an EfficientNet's weights, or nothing. Raises BackboneError."""
    torch.manual_seed(hyperparameters.seed)
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.set_num_threads(cpu_count())
    network, start = None, "nothing"
    if is_efficientnet(backbone):
        shape = normalised_as_pretrained(backbone, part.input)
        part, validation = replace(part, input=shape), replace(validation, input=shape)
        network, start = EfficientNetClassifier(backbone, len(part.labels)), "efficientnet"
    elif backbone.is_dir() and any(backbone.iterdir()):
        raise BackboneError(
            "the channel backbone holds neither model.onnx with model.json nor an EfficientNet's config.json"
        )
    network = network or small_network(part, hyperparameters)
    augmentation = augmentation_for(hyperparameters.augmentation, hyperparameters.flip, part.input.channels)
    trainer = Trainer(network, part, validation, hyperparameters, augmentation, checkpoints)
    weights = sum(value.numel() for value in network.parameters())
    logger.info("pictures=%d classes=%d weights=%d", len(part), len(part.labels), weights)
    best = trainer.fit(stopping.is_set)
    network.load_state_dict(best.state)
    logits = trainer.logits(network, validation)
    calibration = calibrate(logits, validation.targets, len(part.labels))
    answers = calibration.log_probabilities(logits)
    noise = label_findings(answers, validation.targets, validation.names, part.labels)
    if noise.share is not None:
        # Few of the wrong labels are in the validation part: the others stand out where they were trained on.
        seen = calibration.log_probabilities(trainer.logits(network, part))
        noise = label_findings(answers, validation.targets, part.names, part.labels, (seen, part.targets))
    return Fitted(
        start=start,
        part=part,
        shape=part.input,
        calibration=calibration,
        write=lambda folder: export_onnx(
            network.cpu(), part.input, calibration.temperature, folder, calibration.spread
        ),
        figures=held_out_figures(answers, validation.targets, cross_validated=False)
        | {"trainedOn": len(part)},
        comparable=(answers, validation.targets),
        check=(pixels_as(part.input, validation, slice(0, 20)), answers[:20]),
        noise=noise,
        epoch=best.epoch,
    )


def small_network(part: Part, hyperparameters: Hyperparameters) -> nn.Module:
    """From nothing, for the prepared pictures."""
    shape = part.input
    return SmallNetwork(
        shape.channels,
        shape.height,
        shape.width,
        len(part.labels),
        hyperparameters.width,
        hyperparameters.dropout,
    )
