"""Every reading route once more, for who is signed in: what looks different to its owner and to operators,
and all that there is to read where the stack's ReadAccess is signed-in.

API Gateway verifies a token or takes none, by the route: so these stand beside the open ones.
"""

from loupe_api import models
from loupe_api.records import Reader
from loupe_api.requests import reader
from loupe_api.routes.answers import SIGNED_IN, answers
from loupe_api.routes.parameters import DEFAULT_PAGE, GroupId, ImageId, Limit, NextToken
from loupe_api.routes.router import ListedRouter, new_router
from loupe_api.services import Services


def signed_in_routes(services: Services) -> ListedRouter:
    """The routes under /signed-in."""
    router = new_router()

    @router.get(
        "/signed-in/groups",
        summary="List groups, newest first, with one's own that are not public",
        tags=["groups"],
        operation_id="listGroupsSignedIn",
        security=SIGNED_IN,
        responses=answers(200, "A page of groups, newest first.", models.GroupPage, 400, 401),
    )
    def list_groups_signed_in(limit: Limit = DEFAULT_PAGE, next_token: NextToken = None) -> models.GroupPage:
        return services.gallery.groups(limit, next_token, _reader())

    @router.get(
        "/signed-in/groups/<groupId>",
        summary="Show a group, and how many images one sees in it",
        tags=["groups"],
        operation_id="getGroupSignedIn",
        security=SIGNED_IN,
        responses=answers(200, "The group.", models.GroupResult, 401, 404),
    )
    def get_group_signed_in(group_id: GroupId) -> models.GroupResult:
        return services.gallery.group(group_id, _reader())

    @router.get(
        "/signed-in/groups/<groupId>/images",
        summary="List a group's images, newest first, one's own with their originals",
        tags=["images"],
        operation_id="listImagesSignedIn",
        security=SIGNED_IN,
        responses=answers(200, "A page of images.", models.ImagePage, 400, 401, 404),
    )
    def list_images_signed_in(
        group_id: GroupId, limit: Limit = DEFAULT_PAGE, next_token: NextToken = None
    ) -> models.ImagePage:
        return services.gallery.images(group_id, limit, next_token, _reader())

    @router.get(
        "/signed-in/images/<imageId>",
        summary="Show an image, one's own with its original",
        tags=["images"],
        operation_id="getImageSignedIn",
        security=SIGNED_IN,
        responses=answers(200, "The image.", models.ImageResult, 401, 404),
    )
    def get_image_signed_in(image_id: ImageId) -> models.ImageResult:
        return models.ImageResult(result=services.gallery.image(image_id, _reader()))

    @router.get(
        "/signed-in/images/<imageId>/history",
        summary="Show the workflow's states for an image, signed in",
        tags=["images"],
        operation_id="getImageHistorySignedIn",
        security=SIGNED_IN,
        responses=answers(200, "The states, in order.", models.History, 401, 404),
    )
    def get_history_signed_in(image_id: ImageId) -> models.History:
        return services.gallery.history(image_id, _reader())

    def _reader() -> Reader:
        return reader(router.current_event.raw_event)

    return router
