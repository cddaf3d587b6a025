"""The training loop: one-cycle schedule, averaged weights, early stopping, checkpoints, all by one seed."""

# mypy: disable-error-code="no-any-return"
import logging
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor, nn
from torch.nn import functional

from model.augment import Augmentation
from model.calibration import Floats, negative_log_likelihood
from model.dataset.store import Part
from model.hyperparameters import Hyperparameters
from model.labels import class_weights
from model.network import averaged

CHECKPOINT = "checkpoint.pt"
PRETRAINED_RATE = 0.1
# The share of the epochs after which the one-cycle schedule has come well down.
ANNEALED = 2 / 3
_EVALUATED_AT_ONCE = 500

logger = logging.getLogger("model.train")


@dataclass
class Best:
    """The averaged weights that did best on validation."""

    epoch: int
    accuracy: float
    loss: float
    state: dict[str, Tensor]


class Trainer:
    """Trains a network on a prepared part; `fit` may go on from a checkpoint."""

    def __init__(
        self,
        network: nn.Module,
        train: Part,
        validation: Part,
        hyperparameters: Hyperparameters,
        augmentation: Augmentation,
        checkpoints: Path | None = None,
    ) -> None:
        self.train, self.validation = train, validation
        self.hyperparameters, self.augmentation = hyperparameters, augmentation
        self.epochs = hyperparameters.epochs_for(len(train))
        self.checkpoints = checkpoints
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.network = network.to(self.device, memory_format=torch.channels_last)
        self.average = averaged(self.network)
        batch = min(hyperparameters.batch_size, len(train))
        self.steps = max(1, len(train) // batch)
        self.batch = batch
        groups = _weight_groups(network, hyperparameters)
        self.optimiser = torch.optim.AdamW(groups, weight_decay=hyperparameters.weight_decay)
        # The rise and the fall take two steps each at least: a phase of none would divide by nothing.
        total = max(4, self.epochs * self.steps)
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimiser,
            [group["lr"] for group in groups],
            total_steps=total,
            pct_start=max(0.25, 2 / total),
        )
        self.epoch = 0
        self.best: Best | None = None
        # Reduced precision where the processor computes it, not where it would be emulated.
        self.half = self.device.type == "cuda" or bool(torch.cpu._is_avx512_bf16_supported())
        shape = (1, train.input.channels, 1, 1)
        self._class_weights = self._weights()
        self._mean = torch.tensor(train.input.mean, device=self.device).view(shape)
        self._std = torch.tensor(train.input.std, device=self.device).view(shape)

    def fit(self, stopping: Callable[[], bool] = lambda: False) -> Best:
        """Train to the end, to the last useful epoch, or until `stopping`; gives the best weights."""
        self._resume()
        while self.epoch < self.epochs and not self._patience_is_over():
            started = time.monotonic()
            loss = self._train_epoch(stopping)
            if loss is None:
                break
            self.epoch += 1
            self._validate(loss, time.monotonic() - started)
            self._save()
        if self.best is None:
            self._validate(float("nan"), 0.0)
        assert self.best is not None
        return self.best

    def logits(self, network: nn.Module, part: Part) -> Floats:
        """N x classes, in the order of the part."""
        network.eval()
        answers = []
        with torch.no_grad():
            for start in range(0, len(part), _EVALUATED_AT_ONCE):
                pictures = self._normalised(self._loaded(part, slice(start, start + _EVALUATED_AT_ONCE)))
                answers.append(network(pictures).double().cpu().numpy())
        return np.concatenate(answers)

    def _train_epoch(self, stopping: Callable[[], bool]) -> float | None:
        """One pass over the data; the mean loss, or None if it was stopped."""
        seed = self.hyperparameters.seed * 100_003 + self.epoch
        # Chance depends on the seed and the epoch alone, so a resumed job goes on as it would have.
        torch.manual_seed(seed)
        generator = Generator().manual_seed(seed)
        self.network.train()
        total = torch.zeros((), device=self.device)
        order = torch.randperm(len(self.train), generator=generator)[: self.steps * self.batch]
        for chosen in order.split(self.batch):
            if stopping():
                return None
            index = np.sort(chosen.numpy())
            pictures = self.augmentation(self._loaded(self.train, index), generator)
            targets = torch.from_numpy(self.train.targets[index]).to(self.device)
            with torch.autocast(self.device.type, torch.bfloat16, enabled=self.half):
                logits = self.network(self._normalised(pictures))
            loss = functional.cross_entropy(
                logits.float(),
                targets,
                weight=self._class_weights,
                label_smoothing=self.hyperparameters.label_smoothing,
            )
            self.optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
            self.optimiser.step()
            self.schedule.step()
            self.average.update_parameters(self.network)
            total += loss.detach()
        return float(total) / self.steps

    def _weights(self) -> Tensor | None:
        """Weights by class, where classes are of unequal size and are to weigh alike."""
        if self.hyperparameters.class_weights != "auto":
            return None
        found = class_weights(self.train.targets, len(self.train.labels))
        return None if found is None else torch.tensor(found, dtype=torch.float32, device=self.device)

    def _loaded(self, part: Part, index: Any) -> Tensor:
        """Pictures of a part, N x C x H x W in 0…1."""
        pictures = torch.from_numpy(np.array(part.pictures[index]))
        return pictures.permute(0, 3, 1, 2).float() / 255

    def _normalised(self, pictures: Tensor) -> Tensor:
        ready = pictures.to(self.device, memory_format=torch.channels_last)
        return (ready - self._mean) / self._std

    def _validate(self, loss: float, seconds: float) -> None:
        logits = self.logits(self.average.module, self.validation)
        accuracy = self._accuracy(logits.argmax(1) == self.validation.targets)
        held_out = negative_log_likelihood(logits, self.validation.targets)
        logger.info(
            "epoch=%d loss=%.4f accuracy=%.4f validation_loss=%.4f epochs=%d seconds=%.1f",
            self.epoch, loss, accuracy, held_out, self.epochs, seconds,
        )  # fmt: skip
        if self.best is None or (accuracy, -held_out) > (self.best.accuracy, -self.best.loss):
            state = {name: value.detach().clone() for name, value in self.average.module.state_dict().items()}
            self.best = Best(self.epoch, accuracy, held_out, state)

    def _accuracy(self, right: np.ndarray[Any, Any]) -> float:
        """The share of right answers; the mean over classes where classes are to weigh alike."""
        if self._class_weights is None:
            return float(right.mean())
        targets = self.validation.targets
        return float(np.mean([right[targets == target].mean() for target in np.unique(targets)]))

    def _patience_is_over(self) -> bool:
        patience = self.hyperparameters.patience
        # While the learning rate is high, few validation pictures tell little; the best comes as it falls.
        if not patience or self.best is None or self.epoch < ANNEALED * self.epochs:
            return False
        over = self.epoch - self.best.epoch >= patience
        if over:
            logger.info("stopping early: no better for %d epochs", patience)
        return over

    def _fingerprint(self) -> dict[str, Any]:
        """What must be the same for a checkpoint to be gone on from."""
        given = asdict(self.hyperparameters)
        return {
            **given,
            "epochs": self.epochs,
            "labels": list(self.train.labels),
            "pictures": len(self.train),
        }

    def _save(self) -> None:
        if self.checkpoints is None:
            return
        self.checkpoints.mkdir(parents=True, exist_ok=True)
        path = self.checkpoints / CHECKPOINT
        unfinished = path.with_name(path.name + ".part")
        state = {
            "fingerprint": self._fingerprint(),
            "epoch": self.epoch,
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "schedule": self.schedule.state_dict(),
            "best": None if self.best is None else asdict(self.best),
        }
        torch.save(state, unfinished)
        # A job may be killed at any time: there is always one whole checkpoint.
        os.replace(unfinished, path)

    def _resume(self) -> None:
        path = None if self.checkpoints is None else self.checkpoints / CHECKPOINT
        if path is None or not path.is_file():
            return
        try:
            state = torch.load(path, map_location=self.device, weights_only=True)
        except Exception as error:  # whatever a damaged file makes torch raise, the answer is to begin anew
            logger.info("the checkpoint cannot be read (%s); beginning anew", type(error).__name__)
            return
        if state["fingerprint"] != self._fingerprint():
            logger.info("the checkpoint is of another job; beginning anew")
            return
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.schedule.load_state_dict(state["schedule"])
        self.epoch = state["epoch"]
        self.best = None if state["best"] is None else Best(**state["best"])
        logger.info("resumed after epoch %d of %d", self.epoch, self.epochs)


def _weight_groups(network: nn.Module, hyperparameters: Hyperparameters) -> list[dict[str, Any]]:
    """Weights by how they are trained: pretrained ones slowly, scales and offsets without shrinking."""
    pretrained = {id(value) for value in getattr(network, "backbone", nn.Module()).parameters()}
    groups: dict[tuple[bool, bool], list[Tensor]] = {}
    for value in network.parameters():
        if value.requires_grad:
            groups.setdefault((id(value) in pretrained, value.ndim > 1), []).append(value)
    rate = hyperparameters.learning_rate
    return [
        {
            "params": values,
            "lr": rate * PRETRAINED_RATE if slow else rate,
            "weight_decay": hyperparameters.weight_decay if shrinks else 0.0,
        }
        for (slow, shrinks), values in groups.items()
    ]
