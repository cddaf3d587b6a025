"""Images: anybody may look at copies where ReadAccess is open, who is signed in may upload, who owns may
change, delete and retry.
"""

from http import HTTPStatus
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body

from loupe_api import models
from loupe_api.requests import signed_in
from loupe_api.routes.answers import SIGNED_IN, answers
from loupe_api.routes.parameters import DEFAULT_PAGE, GroupId, IdempotencyKey, ImageId, Limit, NextToken
from loupe_api.routes.router import ListedRouter, new_router
from loupe_api.services import Services

AS_THE_STACK = models.RetryImage()


def image_routes(services: Services) -> ListedRouter:
    """The routes about images, in their group and on their own."""
    router = new_router()

    @router.get(
        "/groups/<groupId>/images",
        summary="List a group's images, newest first",
        tags=["images"],
        operation_id="listImages",
        responses=answers(200, "A page of images.", models.ImagePage, 400, 401, 404),
    )
    def list_images(
        group_id: GroupId, limit: Limit = DEFAULT_PAGE, next_token: NextToken = None
    ) -> models.ImagePage:
        return services.gallery.images(group_id, limit, next_token)

    @router.post(
        "/groups/<groupId>/images",
        summary="Announce an image and get a presigned POST for it",
        tags=["images"],
        operation_id="createImage",
        security=SIGNED_IN,
        status_code=HTTPStatus.CREATED,
        responses=answers(
            201, "Its record, and where to send it.", models.ImageCreated, 400, 401, 404, 409, 415
        ),
    )
    def create_image(
        group_id: GroupId, image: Annotated[models.NewImage, Body()], key: IdempotencyKey = None
    ) -> models.ImageCreated:
        owner = signed_in(router.current_event.raw_event)
        return services.gallery.create_image(group_id, image, owner, key)

    @router.patch(
        "/images/<imageId>",
        summary="Change an image's title, or move it to another group",
        tags=["images"],
        operation_id="changeImage",
        security=SIGNED_IN,
        responses=answers(200, "The image.", models.ImageResult, 400, 401, 403, 404, 409, 415),
    )
    def change_image(image_id: ImageId, image: Annotated[models.ChangedImage, Body()]) -> models.ImageResult:
        owner = signed_in(router.current_event.raw_event)
        return models.ImageResult(result=services.gallery.change_image(image_id, image, owner))

    @router.get(
        "/images/<imageId>",
        summary="Show an image",
        tags=["images"],
        operation_id="getImage",
        responses=answers(200, "The image.", models.ImageResult, 401, 404),
    )
    def get_image(image_id: ImageId) -> models.ImageResult:
        return models.ImageResult(result=services.gallery.image(image_id))

    @router.delete(
        "/images/<imageId>",
        summary="Delete an image",
        tags=["images"],
        operation_id="deleteImage",
        security=SIGNED_IN,
        status_code=HTTPStatus.NO_CONTENT,
        responses=answers(204, "Deleted.", None, 401, 403, 404),
    )
    def delete_image(image_id: ImageId) -> Response[None]:
        owner = signed_in(router.current_event.raw_event)
        services.gallery.delete_image(image_id, owner)
        return Response(HTTPStatus.NO_CONTENT)

    @router.post(
        "/images/<imageId>/retry",
        summary="Classify an image again",
        tags=["images"],
        operation_id="retryImage",
        security=SIGNED_IN,
        status_code=HTTPStatus.ACCEPTED,
        responses=answers(202, "An execution was started.", None, 400, 401, 403, 404, 409, 415),
    )
    def retry_image(
        image_id: ImageId, how: Annotated[models.RetryImage, Body()] = AS_THE_STACK
    ) -> Response[None]:
        owner = signed_in(router.current_event.raw_event)
        services.gallery.retry_image(image_id, owner, how.threshold)
        return Response(HTTPStatus.ACCEPTED)

    @router.get(
        "/images/<imageId>/history",
        summary="Show the workflow's states for an image",
        tags=["images"],
        operation_id="getImageHistory",
        responses=answers(200, "The states, in order.", models.History, 401, 404),
    )
    def get_history(image_id: ImageId) -> models.History:
        return services.gallery.history(image_id)

    return router
