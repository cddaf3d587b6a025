"""The live model, for whoever may look at pictures."""

from loupe_api.about_model import ModelResult
from loupe_api.requests import signed_in
from loupe_api.routes.answers import SIGNED_IN, answers
from loupe_api.routes.router import ListedRouter, new_router
from loupe_api.services import Services


def model_routes(services: Services) -> ListedRouter:
    """GET /model, and the same for who is signed in."""
    router = new_router()

    @router.get(
        "/model",
        summary="Show what the live model is and knows",
        description="404 where no endpoint serves a model, or a function classifies in its place.",
        tags=["model"],
        operation_id="getModel",
        responses=answers(200, "The model.", ModelResult, 401, 404),
    )
    def get_model() -> ModelResult:
        return ModelResult(result=services.live_model.show())

    @router.get(
        "/signed-in/model",
        summary="Show what the live model is and knows, signed in",
        tags=["model"],
        operation_id="getModelSignedIn",
        security=SIGNED_IN,
        responses=answers(200, "The model.", ModelResult, 401, 404),
    )
    def get_model_signed_in() -> ModelResult:
        signed_in(router.current_event.raw_event)
        return ModelResult(result=services.live_model.show())

    return router
