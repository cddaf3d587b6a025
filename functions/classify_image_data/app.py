"""Classify Image Data: send the model input to the endpoint and say what the answer means."""

import os
from typing import Any

from loupe_core.contract import ClassifyRequest, contract
from loupe_core.endpoint import ClassificationEndpoint
from loupe_core.inference import TOP, bounded, ranked_predictions
from loupe_core.observability import observed
from loupe_core.settings import ClassifySettings

settings = ClassifySettings.from_environ(os.environ)
endpoint = ClassificationEndpoint(settings.endpoint_name, settings.endpoint_timeout_seconds)


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """The contract with the model's answer, and beside it the best five predictions."""
    request = ClassifyRequest.parse(event)
    inferences = endpoint.infer(request.model_input)
    ranked = ranked_predictions(inferences, settings.labels)
    return {
        **contract(request.image, request.image_data, bounded(inferences, ranked)),
        "predictions": [prediction.as_json() for prediction in ranked[:TOP]],
    }
