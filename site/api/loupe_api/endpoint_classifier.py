"""The workflow's own way from a picture to predictions, in one call: normalise, infer, rank."""

from loupe_api.settings import ApiSettings
from loupe_core.endpoint import ClassificationEndpoint
from loupe_core.errors import EndpointRejectedError, LoupeError
from loupe_core.inference import Prediction, ranked_predictions
from loupe_imaging.normalise import model_input
from loupe_imaging.picture import read_picture


class EndpointClassifier:
    """Classifies on the SageMaker endpoint."""

    def __init__(self, settings: ApiSettings, endpoint: ClassificationEndpoint | None = None) -> None:
        self._labels = settings.labels
        self._endpoint = endpoint or ClassificationEndpoint(
            settings.endpoint_name, settings.endpoint_timeout_seconds, diagnose=_plain_refusal
        )

    def __call__(self, picture: bytes) -> list[Prediction]:
        """All predictions, best first. Raises loupe_core's errors."""
        answer = self._endpoint.infer(model_input(read_picture(picture)))
        return ranked_predictions(answer, self._labels)


def _plain_refusal(endpoint_name: str) -> LoupeError:
    """Callers need not know why an endpoint cannot be called, so the SageMaker SDK is not loaded."""
    return EndpointRejectedError(f"The endpoint {endpoint_name} cannot be called.")
