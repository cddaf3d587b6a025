"""The workflow's own way from a picture to predictions, in one call: normalise, infer, rank."""

from collections.abc import Sequence
from typing import Protocol

from loupe_core.errors import EndpointRejectedError, LoupeError
from loupe_core.inference import Prediction, ranked_predictions
from loupe_imaging.normalise import model_input
from loupe_imaging.picture import read_picture


class Model(Protocol):
    """An endpoint, or the function in its place."""

    def infer(self, picture: bytes) -> object: ...


class PictureClassifier:
    """Classifies on a model; `labels` name what answers with bare scores."""

    def __init__(self, model: Model, labels: Sequence[str] = ()) -> None:
        self._model, self._labels = model, labels

    def __call__(self, picture: bytes) -> list[Prediction]:
        """All predictions, best first. Raises loupe_core's errors."""
        return ranked_predictions(self._model.infer(model_input(read_picture(picture))), self._labels)


def plain_refusal(endpoint_name: str) -> LoupeError:
    """Callers need not know why an endpoint cannot be called, so the SageMaker SDK is not loaded."""
    return EndpointRejectedError(f"The endpoint {endpoint_name} cannot be called.")
