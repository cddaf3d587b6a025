"""Groups: anybody may look where ReadAccess is open, who is signed in may create, who owns may delete."""

from http import HTTPStatus
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body

from loupe_api import models
from loupe_api.requests import signed_in
from loupe_api.routes.answers import SIGNED_IN, answers
from loupe_api.routes.parameters import DEFAULT_PAGE, GroupId, IdempotencyKey, Limit, NextToken
from loupe_api.routes.router import ListedRouter, new_router
from loupe_api.services import Services


def group_routes(services: Services) -> ListedRouter:
    """The routes under /groups that are about groups themselves."""
    router = new_router()

    @router.get(
        "/groups",
        summary="List groups, newest first",
        tags=["groups"],
        operation_id="listGroups",
        responses=answers(200, "A page of groups, newest first.", models.GroupPage, 400, 401),
    )
    def list_groups(limit: Limit = DEFAULT_PAGE, next_token: NextToken = None) -> models.GroupPage:
        return services.gallery.groups(limit, next_token)

    @router.post(
        "/groups",
        summary="Create a group",
        tags=["groups"],
        operation_id="createGroup",
        security=SIGNED_IN,
        status_code=HTTPStatus.CREATED,
        responses=answers(201, "The new group.", models.GroupCreated, 400, 401, 409, 415),
    )
    def create_group(
        group: Annotated[models.NewGroup, Body()], key: IdempotencyKey = None
    ) -> models.GroupCreated:
        owner = signed_in(router.current_event.raw_event)
        return models.GroupCreated(new_item=services.gallery.create_group(group, owner, key))

    @router.patch(
        "/groups/<groupId>",
        summary="Change a group's name, description, visibility or owner's name",
        tags=["groups"],
        operation_id="changeGroup",
        security=SIGNED_IN,
        responses=answers(200, "The group.", models.GroupChanged, 400, 401, 403, 404, 415),
    )
    def change_group(group_id: GroupId, group: Annotated[models.ChangedGroup, Body()]) -> models.GroupChanged:
        owner = signed_in(router.current_event.raw_event)
        return models.GroupChanged(result=services.gallery.change_group(group_id, group, owner))

    @router.get(
        "/groups/<groupId>",
        summary="Show a group",
        tags=["groups"],
        operation_id="getGroup",
        responses=answers(200, "The group.", models.GroupResult, 401, 404),
    )
    def get_group(group_id: GroupId) -> models.GroupResult:
        return services.gallery.group(group_id)

    @router.delete(
        "/groups/<groupId>",
        summary="Delete a group with its images",
        tags=["groups"],
        operation_id="deleteGroup",
        security=SIGNED_IN,
        status_code=HTTPStatus.NO_CONTENT,
        responses=answers(204, "Deleted.", None, 401, 403, 404),
    )
    def delete_group(group_id: GroupId) -> Response[None]:
        owner = signed_in(router.current_event.raw_event)
        services.gallery.delete_group(group_id, owner)
        return Response(HTTPStatus.NO_CONTENT)

    return router
