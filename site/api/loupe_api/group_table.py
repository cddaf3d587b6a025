"""The Groups table."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from loupe_api.records import GroupRecord, Page
from loupe_api.table_access import PUBLIC, collected, refused, translated
from loupe_core.items import from_item, to_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

GROUPS_INDEX = "listing-createdAt-index"
GROUPS_KEY = ("listing", "createdAt", "id")
# The id of the item that says how far groups of an earlier release have been put into the list of all.
LISTING = "listing"
# A partition for each owner's groups that are not public.
OWN = "own:"
FORMER_AT_ONCE = 100


class GroupTable:
    """The groups."""

    def __init__(self, client: "DynamoDBClient", name: str) -> None:
        self._client = client
        self._name = name
        self._all_listed = False

    def page(
        self, limit: int, start: Mapping[str, str] | None, owner_id: str | None = None
    ) -> Page[GroupRecord]:
        """Up to `limit` of the public groups, or of those of this owner that are not public; newest first."""
        listing = PUBLIC if owner_id is None else f"{OWN}{owner_id}"
        if start is None:
            self._list_former()
        else:
            start = {**start, "listing": listing}
        request: dict[str, Any] = {
            "TableName": self._name,
            "IndexName": GROUPS_INDEX,
            "KeyConditionExpression": "listing = :listing",
            "FilterExpression": "attribute_not_exists(deletedAt)",
            "ExpressionAttributeValues": to_item({":listing": listing}),
            "ScanIndexForward": False,
        }
        items, next_key = collected(self._client.query, request, limit, start, GROUPS_KEY)
        return Page([_group(item) for item in items], next_key)

    def _list_former(self) -> None:
        """Put groups of an earlier release into the index: some at each call, each once (decision 91)."""
        if self._all_listed:
            return
        with translated():
            progress = from_item(
                self._client.get_item(TableName=self._name, Key=to_item({"id": LISTING})).get("Item", {})
            )
            self._all_listed = progress.get("done") is True
            if self._all_listed:
                return
            after = progress.get("position")
            start: dict[str, Any] = {"ExclusiveStartKey": to_item({"id": after})} if after else {}
            answer = self._client.scan(
                TableName=self._name,
                FilterExpression="attribute_exists(ownerId) AND attribute_not_exists(listing)",
                Limit=FORMER_AT_ONCE,
                **start,
            )
            for item in answer["Items"]:
                self._list(item["id"])
            position = answer.get("LastEvaluatedKey")
            told = {"position": from_item(position)["id"]} if position else {"done": True}
            self._client.put_item(TableName=self._name, Item=to_item({"id": LISTING, **told}))

    def _list(self, group_id: Any) -> None:
        try:
            self._client.update_item(
                TableName=self._name,
                Key={"id": group_id},
                UpdateExpression="SET listing = :listing",
                ConditionExpression="attribute_exists(id) AND attribute_not_exists(deletedAt)",
                ExpressionAttributeValues=to_item({":listing": PUBLIC}),
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            # Deleted meanwhile.
            return

    def get(self, group_id: str) -> GroupRecord | None:
        with translated():
            answer = self._client.get_item(
                TableName=self._name, Key=to_item({"id": group_id}), ConsistentRead=True
            )
        return _group(from_item(answer["Item"])) if "Item" in answer else None

    def create(self, group: GroupRecord) -> bool:
        """Put the group in; False where its id is taken."""
        item = {
            "id": group.id,
            "name": group.name,
            "description": group.description,
            "ownerId": group.owner_id,
            "createdAt": group.created_at,
            "visibility": group.visibility,
            "ownerName": group.owner_name,
            "listing": _listing(group.visibility, group.owner_id),
        }
        try:
            with translated():
                self._client.put_item(
                    TableName=self._name, Item=to_item(item), ConditionExpression="attribute_not_exists(id)"
                )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def change(self, group_id: str, owner_id: str, values: Mapping[str, str]) -> GroupRecord:
        """Change a name, description, visibility or `ownerName`. Raises NotFoundError or NotOwnerError."""
        if "visibility" in values:
            values = {**values, "listing": _listing(values["visibility"], owner_id)}
        try:
            with translated():
                answer = self._client.update_item(
                    TableName=self._name,
                    Key=to_item({"id": group_id}),
                    UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in values),
                    ConditionExpression="ownerId = :owner AND attribute_not_exists(deletedAt)",
                    ExpressionAttributeNames={f"#{name}": name for name in values},
                    ExpressionAttributeValues=to_item(
                        {":owner": owner_id, **{f":{name}": value for name, value in values.items()}}
                    ),
                    ReturnValues="ALL_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ClientError as error:
            raise refused(error, "group", "change") from error
        return _group(from_item(answer["Attributes"]))

    def mark_deleted(self, group_id: str, owner_id: str, now: str) -> None:
        """Hide the group and let no image in any more. Raises NotFoundError or NotOwnerError."""
        try:
            with translated():
                self._client.update_item(
                    TableName=self._name,
                    Key=to_item({"id": group_id}),
                    UpdateExpression="SET deletedAt = :now REMOVE listing",
                    ConditionExpression="ownerId = :owner",
                    ExpressionAttributeValues=to_item({":now": now, ":owner": owner_id}),
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ClientError as error:
            raise refused(error, "group") from error

    def remove(self, group_id: str) -> None:
        with translated():
            self._client.delete_item(TableName=self._name, Key=to_item({"id": group_id}))


def _group(item: Mapping[str, Any]) -> GroupRecord:
    return GroupRecord(
        id=str(item["id"]),
        name=str(item.get("name", "")),
        description=str(item.get("description", "")),
        owner_id=str(item.get("ownerId", "")),
        created_at=str(item.get("createdAt", "")),
        visibility=str(item.get("visibility", PUBLIC)),
        owner_name=str(item.get("ownerName", "")),
        deleted="deletedAt" in item,
    )


def _listing(visibility: str, owner_id: str) -> str:
    """The partition of the index that lists a group."""
    return PUBLIC if visibility == PUBLIC else f"{OWN}{owner_id}"
