"""What must hold for a picture to enter a group or to leave one, as DynamoDB's transactions say it.

A group's deletion marks its record first (`GroupTable.mark_deleted`): from then on no picture enters or
leaves, and what stands in it stays there while it is removed.
"""

from typing import Any

from loupe_api.errors import ConflictError, NotFoundError, TooManyRequestsError
from loupe_api.records import ImageRecord
from loupe_api.table_access import LINK, PUBLIC
from loupe_core.items import to_item

FAILED, CONFLICT = "ConditionalCheckFailed", "TransactionConflict"


def group_takes(groups_table: str, group_id: str | None, owner_id: str | None) -> dict[str, Any]:
    """The group is there, and its visibility lets this person put a picture in."""
    return {
        "ConditionCheck": {
            "TableName": groups_table,
            "Key": to_item({"id": group_id}),
            # Groups of an earlier release say nothing: they are public.
            "ConditionExpression": "attribute_exists(id) AND attribute_not_exists(deletedAt) AND "
            "(attribute_not_exists(#v) OR #v IN (:public, :link) OR ownerId = :owner)",
            "ExpressionAttributeNames": {"#v": "visibility"},
            "ExpressionAttributeValues": to_item({":public": PUBLIC, ":link": LINK, ":owner": owner_id}),
        }
    }


def group_lets_go(groups_table: str, group_id: str | None) -> dict[str, Any]:
    """The group is not being deleted. Of one that is gone already, nothing is removed any more."""
    return {
        "ConditionCheck": {
            "TableName": groups_table,
            "Key": to_item({"id": group_id}),
            "ConditionExpression": "attribute_not_exists(deletedAt)",
        }
    }


def moved(images_table: str, image: ImageRecord, group_id: str, title: str | None) -> dict[str, Any]:
    """The picture's record in its new group, with another title where there is one; while it is as it was
    read. Its key and all that was made of it stay where they are.
    """
    values = {":owner": image.owner_id, ":former": image.group_id, ":group": group_id}
    update = "SET groupId = :group"
    if title is not None:
        # As `retitle` does.
        update += ", title = :title REMOVE autoTitle"
        values[":title"] = title
    return {
        "Update": {
            "TableName": images_table,
            "Key": to_item({"imageId": image.image_id}),
            "UpdateExpression": update,
            "ConditionExpression": "ownerId = :owner AND groupId = :former",
            "ExpressionAttributeValues": to_item(values),
        }
    }


def require_groups(reasons: list[str]) -> None:
    """Raises why a move was cancelled: NotFoundError where the group does not take it, ConflictError where
    the former one is being deleted, TooManyRequestsError where no condition failed.
    """
    if reasons[:1] == [FAILED]:
        raise NotFoundError("There is no such group.")
    if reasons[1:2] == [FAILED]:
        raise ConflictError("This image's group is being deleted.")
    if FAILED not in reasons:
        raise TooManyRequestsError


def cancellation(error: Any) -> list[str]:
    """The codes of a TransactionCanceledException, one an action."""
    return [str(reason.get("Code")) for reason in error.response.get("CancellationReasons", [])]
