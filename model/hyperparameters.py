"""A training job's hyperparameters: SageMaker gives strings, training takes these."""

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from model.errors import HyperparameterError

# Enough for MNIST to pass 99.5 %; small datasets see each picture more often, up to MAX_EPOCHS times.
PICTURES_SEEN = 900_000
MAX_EPOCHS = 60
# With fewer the averaged weights are mostly those that training began with. Of 30 digits: 40 % right after 12
# steps, whatever was added; 67 % after 30, and 80 % with 20 pictures more (docs/review.md).
FEW_STEPS = 30


@dataclass(frozen=True)
class Hyperparameters:
    """All of them, with their defaults. 0 epochs: as many as suit the number of pictures."""

    name: str = "classifier"
    epochs: int = 0
    batch_size: int = 128
    learning_rate: float = 0.004
    weight_decay: float = 0.02
    label_smoothing: float = 0.05
    dropout: float = 0.3
    width: int = 48
    patience: int = 8
    augmentation: str = "auto"
    flip: str = "auto"
    class_weights: str = "auto"
    backbone: str = "given"
    seed: int = 7

    @classmethod
    def parse(cls, given: Mapping[str, str]) -> "Hyperparameters":
        """Raises HyperparameterError, which names the wrong one. SageMaker's own (sagemaker_…) pass."""
        known = {field.name: field for field in fields(cls)}
        values: dict[str, Any] = {}
        for name, text in given.items():
            if name.startswith("sagemaker_"):
                continue
            if name not in known:
                near = difflib.get_close_matches(name, known, 1)
                hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
                raise HyperparameterError(name, f"is not known; {hint}")
            values[name] = _convert(name, text.strip().strip('"'), type(known[name].default))
        return cls(**values)

    def epochs_for(self, pictures: int) -> int:
        """How many epochs to train on that many pictures."""
        return self.epochs or max(3, min(MAX_EPOCHS, round(PICTURES_SEEN / max(1, pictures))))

    def steps_for(self, pictures: int) -> int:
        """How many batches to train on in all."""
        batch = min(self.batch_size, pictures)
        return self.epochs_for(pictures) * max(1, pictures // max(1, batch))

    def said_of_steps(self, pictures: int) -> str | None:
        """A sentence about a network from nothing that hardly trains, or None."""
        steps = self.steps_for(pictures)
        if steps >= FEW_STEPS:
            return None
        return (
            f"Only {steps} steps of training: how well the model does is mostly chance. Leave --epochs "
            "to the number of pictures, or give more"
        )


_RANGES: dict[str, tuple[float, float]] = {
    "epochs": (0, 10_000),
    "batch_size": (2, 8192),
    "learning_rate": (1e-7, 10),
    "weight_decay": (0, 1),
    "label_smoothing": (0, 0.5),
    "dropout": (0, 0.9),
    "width": (4, 256),
    "patience": (0, 10_000),
    "seed": (0, 2**31 - 1),
}
_CHOICES = {
    "augmentation": ("auto", "none", "light", "photo"),
    "flip": ("auto", "yes", "no"),
    "class_weights": ("auto", "none"),
    # given: what the channel backbone holds; auto: that or from nothing, whichever does better.
    "backbone": ("given", "auto"),
}


def _convert(name: str, text: str, kind: type) -> Any:
    if name in _CHOICES:
        if text not in _CHOICES[name]:
            raise HyperparameterError(name, f"must be one of {', '.join(_CHOICES[name])}, not {text!r}")
        return text
    if kind is str:
        if not text:
            raise HyperparameterError(name, "must not be empty")
        return text
    try:
        value = kind(text)
    except ValueError:
        raise HyperparameterError(
            name, f"must be a {'whole ' if kind is int else ''}number, not {text!r}"
        ) from None
    low, high = _RANGES[name]
    if not math.isfinite(value) or not low <= value <= high:
        raise HyperparameterError(name, f"must be from {low:g} to {high:g}, not {text}")
    return value
