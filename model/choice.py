"""Whether to start from a photo model's features or from nothing: both are tried where that is quick."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from model.dataset.shape import LARGEST, MANY
from model.dataset.store import Part
from model.hyperparameters import Hyperparameters

# Seconds by picture, epoch and pixel of the small network on two cores: MNIST, 16 epochs, takes 480.
SECONDS = 7e-7
LONG = 400.0
# With fewer a class a network from nothing learns little more than chance.
FEW_A_CLASS = 20
GOOD_ENOUGH = 0.995

logger = logging.getLogger("model.train")


class Measured(Protocol):
    """A trained candidate, measured on the same validation pictures as the other."""

    @property
    def comparable_accuracy(self) -> float | None: ...


M = TypeVar("M", bound=Measured)


@dataclass(frozen=True)
class Choice(Generic[M]):
    """Which candidate is taken, and a sentence that says why."""

    taken: M
    reason: str


def choose(
    part: Part,
    hyperparameters: Hyperparameters,
    transfer: Callable[[], M],
    nothing: Callable[[], M],
) -> Choice[M]:
    """Train one, or both and take what does better on validation pictures; equal ones: the quicker, transfer.

    `part`: what would be trained on from nothing.
    """
    seconds = expected_seconds(part, hyperparameters)
    small = max(part.input.width, part.input.height) <= LARGEST
    if len(part) > MANY and small:
        return Choice(
            nothing(), f"Trained from nothing: {len(part):,} small pictures; transfer was not tried"
        )
    borrowed = transfer()
    measured = borrowed.comparable_accuracy
    if len(part) < FEW_A_CLASS * len(part.labels):
        return Choice(
            borrowed, f"Trained from the photo model: fewer than {FEW_A_CLASS} pictures a class are too few "
            "to start from nothing",
        )  # fmt: skip
    if seconds > LONG:
        return Choice(
            borrowed, f"Trained from the photo model; from nothing would take {seconds / 60:.0f} minutes "
            "and was not tried (--backbone none does)",
        )  # fmt: skip
    if measured is not None and measured >= GOOD_ENOUGH:
        return Choice(
            borrowed, f"Trained from the photo model: {measured:.1%} on validation, so nothing else was tried"
        )
    own = nothing()
    theirs = own.comparable_accuracy
    if measured is None or theirs is None:
        return Choice(
            borrowed, "Trained from the photo model: there are no validation pictures to compare by"
        )
    figures = (
        f"{measured:.1%} from the photo model, {theirs:.1%} from nothing on the same validation pictures"
    )
    if theirs > measured:
        return Choice(own, f"Trained from nothing: {figures}")
    return Choice(borrowed, f"Trained from the photo model: {figures}")


def expected_seconds(part: Part, hyperparameters: Hyperparameters) -> float:
    """How long the small network would train on two cores."""
    epochs = hyperparameters.epochs_for(len(part))
    return len(part) * epochs * part.input.width * part.input.height * SECONDS
