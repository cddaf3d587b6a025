"""Classify Image Data, with the model inside: the contract of functions/classify_image_data, no endpoint."""

import os
from typing import Any

from loupe_container.own_model import OwnModel
from loupe_container.settings import ModelSettings
from loupe_core.contract import ClassifyRequest, contract
from loupe_core.inference import TOP, bounded, ranked_predictions
from loupe_core.observability import observed

model = OwnModel(ModelSettings.from_environ(os.environ)).warm()


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """The contract with the model's answer, and beside it the best five predictions."""
    request = ClassifyRequest.parse(event)
    inferences = model.infer(request.model_input)
    ranked = ranked_predictions(inferences)
    return {
        **contract(request.image, request.image_data, bounded(inferences, ranked)),
        "predictions": [prediction.as_json() for prediction in ranked[:TOP]],
    }
