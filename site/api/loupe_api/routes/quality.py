"""How good the model is out there, for reviewers and operators."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from loupe_api.errors import NotFoundError
from loupe_api.quality_models import QualityResult
from loupe_api.requests import require_reviewer_or_operator
from loupe_api.routes.answers import SIGNED_IN, answers
from loupe_api.routes.reviews import NOT_DEPLOYED
from loupe_api.routes.router import ListedRouter, new_router
from loupe_api.services import Services

DEFAULT_DAYS, MAX_DAYS = 30, 90
Days = Annotated[int, Query(ge=1, le=MAX_DAYS, description="How many days back.")]


def quality_routes(services: Services) -> ListedRouter:
    """GET /review/quality."""
    router = new_router()

    @router.get(
        "/review/quality",
        summary="Show how good the model is out there, by what people answered",
        description="For reviewers and operators. Errors are of audits alone, pictures chosen by chance.",
        tags=["reviews"],
        operation_id="getQuality",
        security=SIGNED_IN,
        responses=answers(200, "The figures.", QualityResult, 400, 401, 403, 404),
    )
    def get_quality(days: Days = DEFAULT_DAYS) -> QualityResult:
        require_reviewer_or_operator(router.current_event.raw_event)
        found = services.quality
        if found is None:
            raise NotFoundError(NOT_DEPLOYED)
        return QualityResult(result=found.of(days))

    return router
