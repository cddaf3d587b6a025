"""The Groups and Images tables. ClientError becomes the API's own errors here, once."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from loupe_api.errors import NotFoundError, NotOwnerError, TooManyRequestsError
from loupe_api.records import Count, GroupRecord, ImageRecord, Page, Reader, latest_to_begin
from loupe_api.searching import Wanted
from loupe_core.contract import ImageReference, image_id
from loupe_core.record_fields import pending_mark
from loupe_core.removal import NO_VERSION

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

IMAGES_INDEX = "groupId-createdAt-index"
STATUS_INDEX = "status-createdAt-index"
GROUPS_INDEX = "listing-createdAt-index"
GROUPS_KEY = ("listing", "createdAt", "id")
THROTTLED = {"ProvisionedThroughputExceededException", "RequestLimitExceeded", "ThrottlingException"}
# No event of S3 has a later sequencer (they are hexadecimal), and no execution this ARN:
# whatever the workflow still wants to write to a deleted image, its conditions refuse.
LAST_SEQUENCER = "~" * 64
NO_EXECUTION = "deleted"
# The partition of all groups that are listed, and the id of the item that says how far groups of an earlier
# release have been put into it.
PUBLIC, LISTING = "public", "listing"
# A partition for each owner's groups that are not public.
LINK, OWN = "link", "own:"
FORMER_AT_ONCE = 100
# One reads up to a megabyte, which is some five hundred images.
MAX_COUNTING_READS = 5
# A filter can empty whole pages; so many are read for one answer.
MAX_READS = 20

_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize


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
            "ExpressionAttributeValues": _item({":listing": listing}),
            "ScanIndexForward": False,
        }
        items, next_key = _collect(self._client.query, request, limit, start, GROUPS_KEY)
        return Page([_group(item) for item in items], next_key)

    def _list_former(self) -> None:
        """Put groups of an earlier release into the index: some at each call, each once (decision 91)."""
        if self._all_listed:
            return
        with _translated():
            progress = _plain(
                self._client.get_item(TableName=self._name, Key=_item({"id": LISTING})).get("Item", {})
            )
            self._all_listed = progress.get("done") is True
            if self._all_listed:
                return
            after = progress.get("position")
            start: dict[str, Any] = {"ExclusiveStartKey": _item({"id": after})} if after else {}
            answer = self._client.scan(
                TableName=self._name,
                FilterExpression="attribute_exists(ownerId) AND attribute_not_exists(listing)",
                Limit=FORMER_AT_ONCE,
                **start,
            )
            for item in answer["Items"]:
                self._list(item["id"])
            position = answer.get("LastEvaluatedKey")
            told = {"position": _plain(position)["id"]} if position else {"done": True}
            self._client.put_item(TableName=self._name, Item=_item({"id": LISTING, **told}))

    def _list(self, group_id: Any) -> None:
        try:
            self._client.update_item(
                TableName=self._name,
                Key={"id": group_id},
                UpdateExpression="SET listing = :listing",
                ConditionExpression="attribute_exists(id) AND attribute_not_exists(deletedAt)",
                ExpressionAttributeValues=_item({":listing": PUBLIC}),
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            # Deleted meanwhile.
            return

    def get(self, group_id: str) -> GroupRecord | None:
        with _translated():
            answer = self._client.get_item(
                TableName=self._name, Key=_item({"id": group_id}), ConsistentRead=True
            )
        return _group(_plain(answer["Item"])) if "Item" in answer else None

    def create(self, group: GroupRecord) -> bool:
        """Put the group in; False where its id is taken."""
        item = {
            "id": group.id,
            "name": group.name,
            "description": group.description,
            "ownerId": group.owner_id,
            "createdAt": group.created_at,
            "visibility": group.visibility,
            "listing": _listing(group.visibility, group.owner_id),
        }
        try:
            with _translated():
                self._client.put_item(
                    TableName=self._name, Item=_item(item), ConditionExpression="attribute_not_exists(id)"
                )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def change(self, group_id: str, owner_id: str, values: Mapping[str, str]) -> GroupRecord:
        """Change a name, description or visibility. Raises NotFoundError or NotOwnerError."""
        if "visibility" in values:
            values = {**values, "listing": _listing(values["visibility"], owner_id)}
        try:
            with _translated():
                answer = self._client.update_item(
                    TableName=self._name,
                    Key=_item({"id": group_id}),
                    UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in values),
                    ConditionExpression="ownerId = :owner AND attribute_not_exists(deletedAt)",
                    ExpressionAttributeNames={f"#{name}": name for name in values},
                    ExpressionAttributeValues=_item(
                        {":owner": owner_id, **{f":{name}": value for name, value in values.items()}}
                    ),
                    ReturnValues="ALL_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ClientError as error:
            raise _refused(error, "group", "change") from error
        return _group(_plain(answer["Attributes"]))

    def mark_deleted(self, group_id: str, owner_id: str, now: str) -> None:
        """Hide the group and let no image in any more. Raises NotFoundError or NotOwnerError."""
        try:
            with _translated():
                self._client.update_item(
                    TableName=self._name,
                    Key=_item({"id": group_id}),
                    UpdateExpression="SET deletedAt = :now REMOVE listing",
                    ConditionExpression="ownerId = :owner",
                    ExpressionAttributeValues=_item({":now": now, ":owner": owner_id}),
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ClientError as error:
            raise _refused(error, "group") from error

    def remove(self, group_id: str) -> None:
        with _translated():
            self._client.delete_item(TableName=self._name, Key=_item({"id": group_id}))


class ImageTable:
    """The images' records, which the workflow writes too."""

    def __init__(self, client: "DynamoDBClient", name: str, groups_table: str) -> None:
        self._client = client
        self._name = name
        self._groups = groups_table

    def page(
        self, group_id: str, limit: int, start: Mapping[str, str] | None, reader: Reader, now: datetime
    ) -> Page[ImageRecord]:
        """Up to `limit` of the group's images, newest first, that this reader may see now."""
        request = {**self._seen_by(group_id, reader, now), "ScanIndexForward": False}
        attributes = ("groupId", "createdAt", "imageId")
        items, next_key = _collect(self._client.query, request, limit, start, attributes)
        return Page([_image(item) for item in items], next_key)

    def all_of_group(self, group_id: str, limit: int) -> list[ImageRecord]:
        """Up to `limit` of the group's images, whoever may see them."""
        request: dict[str, Any] = {
            "TableName": self._name,
            "IndexName": IMAGES_INDEX,
            "KeyConditionExpression": "groupId = :group",
            "ExpressionAttributeValues": _item({":group": group_id}),
        }
        key = ("groupId", "createdAt", "imageId")
        return [_image(item) for item in _collect(self._client.query, request, limit, None, key)[0]]

    def of_status(
        self, status: str, wanted: Wanted, limit: int, start: Mapping[str, str] | None
    ) -> Page[ImageRecord]:
        """The next `limit` records of this status within the wanted time, whoever may see them: one read."""
        request: dict[str, Any] = {
            "TableName": self._name,
            "IndexName": STATUS_INDEX,
            "KeyConditionExpression": "#status = :status AND createdAt BETWEEN :since AND :before",
            "ExpressionAttributeNames": {"#status": "status"},
            "ExpressionAttributeValues": _item(
                {":status": status, ":since": wanted.since, ":before": wanted.before}
            ),
            "ScanIndexForward": not wanted.newest_first,
            "Limit": limit,
        }
        if start:
            request["ExclusiveStartKey"] = _item({**start, "status": status})
        with _translated():
            answer = self._client.query(**request)
        position = answer.get("LastEvaluatedKey")
        records = [_image(_plain(item)) for item in answer["Items"]]
        return Page(
            records, {name: str(value) for name, value in _plain(position).items()} if position else None
        )

    def count(self, group_id: str, reader: Reader, now: datetime) -> Count:
        """How many of the group's images this reader may see now; some thousands are counted."""
        request = {**self._seen_by(group_id, reader, now), "Select": "COUNT"}
        count, position = 0, None
        for _ in range(MAX_COUNTING_READS):
            start: dict[str, Any] = {"ExclusiveStartKey": position} if position else {}
            with _translated():
                answer = self._client.query(**request, **start)
            count, position = count + answer["Count"], answer.get("LastEvaluatedKey")
            if not position:
                break
        return Count(count, complete=not position)

    def _seen_by(self, group_id: str, reader: Reader, now: datetime) -> dict[str, Any]:
        """A query for a group's images, without uploads that never came but for their owner and operators."""
        arrived, values = "attribute_not_exists(expiresAt) OR expiresAt > ", {":group": group_id}
        bounds: dict[str, object] = {":begin": int(latest_to_begin(now).timestamp())}
        shown = f"{arrived}:begin"
        if reader.operator:
            bounds, shown = {":now": int(now.timestamp())}, f"{arrived}:now"
        elif reader.sub is not None:
            bounds |= {":now": int(now.timestamp()), ":owner": reader.sub}
            shown += " OR (ownerId = :owner AND expiresAt > :now)"
        return {
            "TableName": self._name,
            "IndexName": IMAGES_INDEX,
            "KeyConditionExpression": "groupId = :group",
            "FilterExpression": shown,
            "ExpressionAttributeValues": _item({**values, **bounds}),
        }

    def new_id(self, bucket: str, key: str) -> str:
        """The id that the workflow gives the picture of this key, too."""
        return image_id(ImageReference(bucket, key), self._name)

    def get(self, image_id: str) -> ImageRecord | None:
        with _translated():
            answer = self._client.get_item(
                TableName=self._name, Key=_item({"imageId": image_id}), ConsistentRead=True
            )
        return _image(_plain(answer["Item"])) if "Item" in answer else None

    def create(self, image: ImageRecord) -> bool:
        """Put the placeholder in if its group is there; False where its id is taken. Raises NotFoundError
        where the group is not there, or no more.
        """
        group_there: Any = {
            "TableName": self._groups,
            "Key": _item({"id": image.group_id}),
            # Groups of an earlier release say nothing: they are public.
            "ConditionExpression": "attribute_exists(id) AND attribute_not_exists(deletedAt) AND "
            "(attribute_not_exists(#v) OR #v IN (:public, :link) OR ownerId = :owner)",
            "ExpressionAttributeNames": {"#v": "visibility"},
            "ExpressionAttributeValues": _item({":public": PUBLIC, ":link": LINK, ":owner": image.owner_id}),
        }
        placeholder: Any = {
            "TableName": self._name,
            "Item": _item(image.attributes),
            "ConditionExpression": "attribute_not_exists(imageId)",
        }
        try:
            with _translated():
                self._client.transact_write_items(
                    TransactItems=[{"ConditionCheck": group_there}, {"Put": placeholder}]
                )
        except self._client.exceptions.TransactionCanceledException as error:
            reasons = error.response.get("CancellationReasons", [])
            if reasons and reasons[0].get("Code") == "ConditionalCheckFailed":
                raise NotFoundError("There is no such group.") from error
            if len(reasons) > 1 and reasons[1].get("Code") == "ConditionalCheckFailed":
                return False
            raise TooManyRequestsError from error
        return True

    def retitle(self, image_id: str, owner_id: str, title: str) -> ImageRecord:
        """Give the image another title, or none. Raises NotFoundError or NotOwnerError."""
        try:
            with _translated():
                answer = self._client.update_item(
                    TableName=self._name,
                    Key=_item({"imageId": image_id}),
                    # One that somebody gave outlives the label.
                    UpdateExpression="SET title = :title REMOVE autoTitle",
                    ConditionExpression="ownerId = :owner",
                    ExpressionAttributeValues=_item({":owner": owner_id, ":title": title}),
                    ReturnValues="ALL_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ClientError as error:
            raise _refused(error, "image", "change") from error
        return _image(_plain(answer["Attributes"]))

    def bury(
        self,
        image: ImageRecord,
        owner_id: str | None,
        expires_at: int,
        now: str,
        removed_by: datetime | None = None,
    ) -> None:
        """Replace the record by a tombstone that the workflow's conditions cannot pass and the TTL removes.

        `owner_id` is who must own it, None for anybody (a group's owner deletes what others put into it).
        Where `forget_removal` is not called before `removed_by`, finalize_images removes the picture.
        """
        tombstone = {
            "imageId": image.image_id,
            "status": "DELETED",
            "executionArn": NO_EXECUTION,
            "sequencer": LAST_SEQUENCER,
            "deletedAt": now,
            "expiresAt": expires_at,
        }
        if removed_by is not None:
            tombstone |= {"bucket": image.bucket, "key": image.key, "removals": _removals(image)}
            tombstone |= pending_mark(image.image_id, removed_by)
        request: dict[str, Any] = {"TableName": self._name, "Item": _item(tombstone)}
        if owner_id is not None:
            request["ConditionExpression"] = "ownerId = :owner"
            request["ExpressionAttributeValues"] = _item({":owner": owner_id})
            request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        try:
            with _translated():
                self._client.put_item(**request)
        except ClientError as error:
            raise _refused(error, "image") from error

    def forget_removal(self, image: ImageRecord) -> None:
        """A tombstone's picture is removed. Where more of it has come since, that stays to be removed."""
        with suppress(self._client.exceptions.ConditionalCheckFailedException), _translated():
            self._client.update_item(
                TableName=self._name,
                Key=_item({"imageId": image.image_id}),
                ConditionExpression="#status = :deleted AND removals = :removals",
                UpdateExpression="REMOVE removals, pending, leaseUntil",
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues=_item({":deleted": "DELETED", ":removals": _removals(image)}),
            )


def _removals(image: ImageRecord) -> set[str]:
    """As records of the core say which versions of a deleted picture are still to be removed."""
    return {image.text("versionId") or NO_VERSION}


def _collect(
    read: Any, request: dict[str, Any], limit: int, start: Mapping[str, str] | None, key: tuple[str, ...]
) -> tuple[list[dict[str, Any]], dict[str, str] | None]:
    """Read until `limit` items have passed the filter, and where to go on."""
    items: list[dict[str, Any]] = []
    position: Any = _item(start) if start else None
    for _ in range(MAX_READS):
        with _translated():
            answer = read(**request, Limit=limit, **({"ExclusiveStartKey": position} if position else {}))
        items += [_plain(item) for item in answer["Items"]]
        position = answer.get("LastEvaluatedKey")
        if len(items) >= limit or not position:
            break
    if len(items) > limit:
        return items[:limit], {name: items[limit - 1][name] for name in key}
    return items, {name: str(_deserialize(position[name])) for name in key} if position else None


def _refused(error: ClientError, what: str, doing: str = "delete") -> Exception:
    """Why a write that only the owner may do did not pass."""
    if error.response.get("Error", {}).get("Code") != "ConditionalCheckFailedException":
        return error
    old: Any = error.response.get("Item")
    hidden = old and _plain(old).get("visibility") not in (None, PUBLIC, LINK)
    if not old or hidden or _plain(old).get("status") == "DELETED" or "deletedAt" in old:
        return NotFoundError(f"There is no such {what}.")
    return NotOwnerError(f"Only its owner may {doing} this {what}.")


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in THROTTLED:
            raise TooManyRequestsError from error
        raise


def _group(item: Mapping[str, Any]) -> GroupRecord:
    return GroupRecord(
        id=str(item["id"]),
        name=str(item.get("name", "")),
        description=str(item.get("description", "")),
        owner_id=str(item.get("ownerId", "")),
        created_at=str(item.get("createdAt", "")),
        visibility=str(item.get("visibility", PUBLIC)),
        deleted="deletedAt" in item,
    )


def _listing(visibility: str, owner_id: str) -> str:
    """The partition of the index that lists a group."""
    return PUBLIC if visibility == PUBLIC else f"{OWN}{owner_id}"


def _image(item: Mapping[str, Any]) -> ImageRecord:
    return ImageRecord(
        image_id=str(item["imageId"]),
        bucket=str(item.get("bucket", "")),
        key=str(item.get("key", "")),
        status=str(item.get("status", "")),
        created_at=str(item.get("createdAt", "")),
        attributes=item,
    )


def _item(attributes: Mapping[str, object]) -> dict[str, Any]:
    return {name: _serialize(value) for name, value in attributes.items()}


def _plain(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _numbers(_deserialize(value)) for name, value in item.items()}


def _numbers(value: Any) -> Any:
    """DynamoDB's decimals as JSON's numbers, at any depth."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, list):
        return [_numbers(each) for each in value]
    if isinstance(value, dict):
        return {name: _numbers(each) for name, each in value.items()}
    return value
