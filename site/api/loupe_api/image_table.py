"""The Images table, which the workflow writes too."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from loupe_api.errors import NotFoundError, TooManyRequestsError
from loupe_api.records import Count, ImageRecord, Page, Reader, latest_to_begin
from loupe_api.searching import Wanted
from loupe_api.table_access import LINK, PUBLIC, collected, refused, translated
from loupe_core.contract import ImageReference, image_id
from loupe_core.items import from_item, to_item
from loupe_core.record_fields import pending_mark
from loupe_core.removal import NO_VERSION

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

IMAGES_INDEX = "groupId-createdAt-index"
IMAGES_KEY = ("groupId", "createdAt", "imageId")
STATUS_INDEX = "status-createdAt-index"
# No event of S3 has a later sequencer (they are hexadecimal), and no execution this ARN:
# whatever the workflow still wants to write to a deleted image, its conditions refuse.
LAST_SEQUENCER = "~" * 64
NO_EXECUTION = "deleted"
# One reads up to a megabyte, which is some five hundred images.
MAX_COUNTING_READS = 5


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
        items, next_key = collected(self._client.query, request, limit, start, IMAGES_KEY)
        return Page([_image(item) for item in items], next_key)

    def all_of_group(self, group_id: str, limit: int) -> list[ImageRecord]:
        """Up to `limit` of the group's images, whoever may see them."""
        request: dict[str, Any] = {
            "TableName": self._name,
            "IndexName": IMAGES_INDEX,
            "KeyConditionExpression": "groupId = :group",
            "ExpressionAttributeValues": to_item({":group": group_id}),
        }
        found, _ = collected(self._client.query, request, limit, None, IMAGES_KEY)
        return [_image(item) for item in found]

    def of_status(
        self, status: str, wanted: Wanted, limit: int, start: Mapping[str, str] | None
    ) -> Page[ImageRecord]:
        """The next `limit` records of this status within the wanted time, whoever may see them: one read."""
        request: dict[str, Any] = {
            "TableName": self._name,
            "IndexName": STATUS_INDEX,
            "KeyConditionExpression": "#status = :status AND createdAt BETWEEN :since AND :before",
            "ExpressionAttributeNames": {"#status": "status"},
            "ExpressionAttributeValues": to_item(
                {":status": status, ":since": wanted.since, ":before": wanted.before}
            ),
            "ScanIndexForward": not wanted.newest_first,
            "Limit": limit,
        }
        if start:
            request["ExclusiveStartKey"] = to_item({**start, "status": status})
        with translated():
            answer = self._client.query(**request)
        position = answer.get("LastEvaluatedKey")
        records = [_image(from_item(item)) for item in answer["Items"]]
        return Page(
            records, {name: str(value) for name, value in from_item(position).items()} if position else None
        )

    def count(self, group_id: str, reader: Reader, now: datetime) -> Count:
        """How many of the group's images this reader may see now; some thousands are counted."""
        request = {**self._seen_by(group_id, reader, now), "Select": "COUNT"}
        count, position = 0, None
        for _ in range(MAX_COUNTING_READS):
            start: dict[str, Any] = {"ExclusiveStartKey": position} if position else {}
            with translated():
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
            "ExpressionAttributeValues": to_item({**values, **bounds}),
        }

    def new_id(self, bucket: str, key: str) -> str:
        """The id that the workflow gives the picture of this key, too."""
        return image_id(ImageReference(bucket, key), self._name)

    def get(self, image_id: str) -> ImageRecord | None:
        with translated():
            answer = self._client.get_item(
                TableName=self._name, Key=to_item({"imageId": image_id}), ConsistentRead=True
            )
        return _image(from_item(answer["Item"])) if "Item" in answer else None

    def create(self, image: ImageRecord) -> bool:
        """Put the placeholder in if its group is there; False where its id is taken. Raises NotFoundError
        where the group is not there, or no more.
        """
        group_there: Any = {
            "TableName": self._groups,
            "Key": to_item({"id": image.group_id}),
            # Groups of an earlier release say nothing: they are public.
            "ConditionExpression": "attribute_exists(id) AND attribute_not_exists(deletedAt) AND "
            "(attribute_not_exists(#v) OR #v IN (:public, :link) OR ownerId = :owner)",
            "ExpressionAttributeNames": {"#v": "visibility"},
            "ExpressionAttributeValues": to_item(
                {":public": PUBLIC, ":link": LINK, ":owner": image.owner_id}
            ),
        }
        placeholder: Any = {
            "TableName": self._name,
            "Item": to_item(image.attributes),
            "ConditionExpression": "attribute_not_exists(imageId)",
        }
        try:
            with translated():
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
            with translated():
                answer = self._client.update_item(
                    TableName=self._name,
                    Key=to_item({"imageId": image_id}),
                    # One that somebody gave outlives the label.
                    UpdateExpression="SET title = :title REMOVE autoTitle",
                    ConditionExpression="ownerId = :owner",
                    ExpressionAttributeValues=to_item({":owner": owner_id, ":title": title}),
                    ReturnValues="ALL_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ClientError as error:
            raise refused(error, "image", "change") from error
        return _image(from_item(answer["Attributes"]))

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
        request: dict[str, Any] = {"TableName": self._name, "Item": to_item(tombstone)}
        if owner_id is not None:
            request["ConditionExpression"] = "ownerId = :owner"
            request["ExpressionAttributeValues"] = to_item({":owner": owner_id})
            request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        try:
            with translated():
                self._client.put_item(**request)
        except ClientError as error:
            raise refused(error, "image") from error

    def forget_removal(self, image: ImageRecord) -> None:
        """A tombstone's picture is removed. Where more of it has come since, that stays to be removed."""
        with suppress(self._client.exceptions.ConditionalCheckFailedException), translated():
            self._client.update_item(
                TableName=self._name,
                Key=to_item({"imageId": image.image_id}),
                ConditionExpression="#status = :deleted AND removals = :removals",
                UpdateExpression="REMOVE removals, pending, leaseUntil",
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues=to_item({":deleted": "DELETED", ":removals": _removals(image)}),
            )


def _removals(image: ImageRecord) -> set[str]:
    """As records of the core say which versions of a deleted picture are still to be removed."""
    return {image.text("versionId") or NO_VERSION}


def _image(item: Mapping[str, Any]) -> ImageRecord:
    return ImageRecord(
        image_id=str(item["imageId"]),
        bucket=str(item.get("bucket", "")),
        key=str(item.get("key", "")),
        status=str(item.get("status", "")),
        created_at=str(item.get("createdAt", "")),
        attributes=item,
    )
