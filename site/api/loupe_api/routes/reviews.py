"""Reviews: for reviewers alone. Corrections: for a picture's owner, too."""

from http import HTTPStatus
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Path

from loupe_api import models
from loupe_api.errors import NotFoundError, NotReviewerError
from loupe_api.requests import REVIEWERS, is_reviewer, signed_in
from loupe_api.reviewing import Reviewing
from loupe_api.routes.answers import SIGNED_IN, answers
from loupe_api.routes.parameters import ImageId
from loupe_api.routes.router import ListedRouter, new_router
from loupe_api.services import Services

NOT_DEPLOYED = (
    "Nobody reviews here: the review stack is not deployed. loupe up --only review adds it on a local cloud, "
    "make deploy STACKS=review on AWS."
)
ReviewId = Annotated[str, Path(alias="reviewId", description="A review's id.", max_length=100)]


def review_routes(services: Services) -> ListedRouter:
    """The routes under /reviews, and POST /images/{imageId}/label."""
    router = new_router()

    def reviewer() -> str:
        return _reviewer(router)

    def reviewing() -> Reviewing:
        return _reviewing(services)

    @router.get(
        "/reviews",
        summary="Show how many pictures wait for a person, and the labels to choose from",
        tags=["reviews"],
        operation_id="getReviews",
        security=SIGNED_IN,
        responses=answers(200, "How many wait.", models.ReviewSummary, 401, 403, 404),
    )
    def get_reviews() -> models.ReviewSummary:
        reviewer()
        return reviewing().summary()

    @router.post(
        "/reviews/next",
        summary="Lease the next picture for five minutes",
        tags=["reviews"],
        operation_id="nextReview",
        security=SIGNED_IN,
        responses=answers(200, "A picture, or null.", models.ReviewNext, 400, 401, 403, 404, 415),
    )
    def next_review(request: Annotated[models.NextReview, Body()]) -> models.ReviewNext:
        sub = reviewer()
        return reviewing().next(request, sub)

    @router.post(
        "/reviews/<reviewId>/lease",
        summary="Keep a picture for five more minutes",
        tags=["reviews"],
        operation_id="leaseReview",
        security=SIGNED_IN,
        responses=answers(200, "Until when.", models.ReviewLeased, 400, 401, 403, 404, 409),
    )
    def lease_review(review_id: ReviewId) -> models.ReviewLeased:
        sub = reviewer()
        return reviewing().lease(review_id, sub)

    @router.post(
        "/reviews/<reviewId>/answer",
        summary="Answer",
        tags=["reviews"],
        operation_id="answerReview",
        security=SIGNED_IN,
        responses=answers(200, "The model's guess.", models.ReviewAnswered, 400, 401, 403, 404, 409, 415),
    )
    def answer_review(
        review_id: ReviewId, answer: Annotated[models.NewAnswer, Body()]
    ) -> models.ReviewAnswered:
        sub = reviewer()
        return reviewing().answer(review_id, answer, sub)

    @router.post(
        "/reviews/<reviewId>/skip",
        summary="Leave a picture to others",
        tags=["reviews"],
        operation_id="skipReview",
        security=SIGNED_IN,
        status_code=HTTPStatus.NO_CONTENT,
        responses=answers(204, "Skipped.", None, 400, 401, 403, 404, 409),
    )
    def skip_review(review_id: ReviewId) -> Response[None]:
        sub = reviewer()
        reviewing().skip(review_id, sub)
        return Response(HTTPStatus.NO_CONTENT)

    @router.post(
        "/reviews/<reviewId>/undo",
        summary="Take an answer back within ten seconds",
        tags=["reviews"],
        operation_id="undoReview",
        security=SIGNED_IN,
        responses=answers(200, "The picture again.", models.ReviewResult, 400, 401, 403, 404, 409),
    )
    def undo_review(review_id: ReviewId) -> models.ReviewResult:
        sub = reviewer()
        return reviewing().undo(review_id, sub)

    @router.post(
        "/images/<imageId>/label",
        summary="Correct an image's label",
        tags=["reviews"],
        operation_id="labelImage",
        security=SIGNED_IN,
        status_code=HTTPStatus.NO_CONTENT,
        responses=answers(204, "Corrected.", None, 400, 401, 403, 404, 409, 415),
    )
    def label_image(image_id: ImageId, answer: Annotated[models.NewAnswer, Body()]) -> Response[None]:
        sub = signed_in(router.current_event.raw_event)
        if not is_reviewer(router.current_event.raw_event):
            services.gallery.require_owner(image_id, sub)
        reviewing().correct(image_id, answer, sub)
        return Response(HTTPStatus.NO_CONTENT)

    return router


def _reviewer(router: ListedRouter) -> str:
    sub = signed_in(router.current_event.raw_event)
    if not is_reviewer(router.current_event.raw_event):
        raise NotReviewerError(f"Only members of the group {REVIEWERS} may do this.")
    return sub


def _reviewing(services: Services) -> Reviewing:
    found = services.reviewing
    if found is None:
        raise NotFoundError(NOT_DEPLOYED)
    return found
