"""Predictions: a picture or its URL in, the five best labels out; nothing is kept."""

from typing import Any

from pydantic import ValidationError

from loupe_api.errors import BadRequestError, SignInRequiredError
from loupe_api.models import MAX_URL, Classification, PredictUrl
from loupe_api.requests import body_bytes, is_json, signed_in
from loupe_api.routes.answers import SIGNED_IN, answers
from loupe_api.routes.router import ListedRouter, new_router
from loupe_api.services import Services

_PICTURE = {"schema": {"type": "string", "format": "binary", "minLength": 1}}
_URL_SCHEMA = {
    "type": "object",
    "properties": {"url": {"type": "string", "minLength": 1, "maxLength": MAX_URL}},
    "required": ["url"],
    "additionalProperties": False,
}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "A picture, by whichever content type but JSON's, or the public http(s) URL of one.",
        # Generators of clients know no image/jpeg.
        "content": {
            "application/json": {"schema": _URL_SCHEMA},
            "application/octet-stream": _PICTURE,
        },
    }
}


def prediction_routes(services: Services) -> ListedRouter:
    """POST /predict and POST /predict_with_auth."""
    router = new_router()
    answered = answers(200, "The five best labels.", Classification, 400, 401, 413, 415, 502, 503)

    @router.post(
        "/predict",
        summary="Classify a picture",
        description="Open or closed as the stack's parameter PredictAccess says.",
        tags=["predictions"],
        operation_id="predict",
        responses=answered,
        openapi_extensions=_BODY,
    )
    def predict() -> Classification:
        event = router.current_event.raw_event
        if not services.predict_open:
            raise SignInRequiredError("Sign in and use /predict_with_auth.")
        return _classified(services, event)

    @router.post(
        "/predict_with_auth",
        summary="Classify a picture, signed in",
        tags=["predictions"],
        operation_id="predictWithAuth",
        security=SIGNED_IN,
        responses=answered,
        openapi_extensions=_BODY,
    )
    def predict_with_auth() -> Classification:
        event = router.current_event.raw_event
        signed_in(event)
        return _classified(services, event)

    return router


def _classified(services: Services, event: dict[str, Any]) -> Classification:
    content = body_bytes(event)
    if not content:
        raise BadRequestError("body: required.")
    if not is_json(event):
        return services.predictor.picture(content)
    try:
        request = PredictUrl.model_validate_json(content)
    except ValidationError as error:
        raise BadRequestError('body: it must be a picture or {"url": "https://…"}.') from error
    return services.predictor.url(request.url)
