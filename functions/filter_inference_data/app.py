"""Filter Inference Data: let a classification pass that is confident enough, refuse the rest."""

import os
from typing import Any

from loupe_core.confidence import require_confidence
from loupe_core.contract import FilterRequest
from loupe_core.inference import ranked_predictions
from loupe_core.observability import observed
from loupe_core.settings import FilterSettings

settings = FilterSettings.from_environ(os.environ)


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """The contract as it came, and beside it the label, its confidence and the threshold that it met."""
    request = FilterRequest.parse(event)
    threshold = settings.threshold if request.threshold is None else request.threshold
    best = require_confidence(ranked_predictions(request.inferences, settings.labels), threshold)
    return {
        "statusCode": 200,
        "body": request.body,
        "label": best.label,
        "confidence": best.score,
        "threshold": threshold,
    }
