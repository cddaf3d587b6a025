"""The Images table, which the workflow writes too."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from loupe_api.errors import NotFoundError, TooManyRequestsError
from loupe_api.placing import (
    CONFLICT,
    FAILED,
    cancellation,
    group_lets_go,
    group_takes,
    moved,
    require_groups,
)
from loupe_api.records import Count, ImageRecord, Page, Reader, latest_to_begin
from loupe_api.searching import Wanted
from loupe_api.table_access import collected, refused, translated
from loupe_core.contract import ImageReference, image_id, place_digest
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
# DynamoDB takes so many keys at once, and says which it has not looked at.
MOST_IN_A_BATCH = 100
BATCH_ATTEMPTS = 5
MOVE_ATTEMPTS = 2


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

    def all_of_group(self, group_id: str, limit: int, start: Mapping[str, str] | None) -> Page[ImageRecord]:
        """Up to `limit` of the group's images, whoever may see them, as its index has them: a moment ago."""
        request: dict[str, Any] = {
            "TableName": self._name,
            "IndexName": IMAGES_INDEX,
            "KeyConditionExpression": "groupId = :group",
            "ExpressionAttributeValues": to_item({":group": group_id}),
        }
        found, next_key = collected(self._client.query, request, limit, start, IMAGES_KEY)
        return Page([_image(item) for item in found], next_key)

    def of_keys(self, bucket: str, keys: Sequence[str]) -> list[ImageRecord]:
        """The records that there are of the pictures of these keys, as they are now."""
        places = {image_id(ImageReference(bucket, key), self._name): key for key in keys}
        found = self._records(list(places))
        known = {record.image_id for record in found}
        # Records of the first releases have such an id.
        former = [
            place_digest(ImageReference(bucket, key)) for each, key in places.items() if each not in known
        ]
        return found + self._records(former)

    def _records(self, ids: Sequence[str]) -> list[ImageRecord]:
        """Those that there are of these ids. Raises TooManyRequestsError where DynamoDB gives no more."""
        found: list[ImageRecord] = []
        for first in range(0, len(ids), MOST_IN_A_BATCH):
            keys: Any = [to_item({"imageId": each}) for each in ids[first : first + MOST_IN_A_BATCH]]
            asked: Any = {self._name: {"Keys": keys, "ConsistentRead": True}}
            for _ in range(BATCH_ATTEMPTS):
                with translated():
                    answer = self._client.batch_get_item(RequestItems=asked)
                found += [_image(from_item(item)) for item in answer["Responses"].get(self._name, [])]
                asked = answer.get("UnprocessedKeys")
                if not asked:
                    break
            else:
                raise TooManyRequestsError
        return found

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
        group_there: Any = group_takes(self._groups, image.group_id, image.owner_id)
        placeholder: Any = {
            "TableName": self._name,
            "Item": to_item(image.attributes),
            "ConditionExpression": "attribute_not_exists(imageId)",
        }
        try:
            with translated():
                self._client.transact_write_items(TransactItems=[group_there, {"Put": placeholder}])
        except self._client.exceptions.TransactionCanceledException as error:
            reasons = cancellation(error)
            if reasons[:1] == [FAILED]:
                raise NotFoundError("There is no such group.") from error
            if reasons[1:] == [FAILED]:
                return False
            raise TooManyRequestsError from error
        return True

    def move(self, image: ImageRecord, group_id: str, title: str | None) -> bool:
        """Put the image into another group, and give it another title where there is one. False where its
        record is another than `image` by now; raises what `require_groups` raises.
        """
        actions: Any = [
            group_takes(self._groups, group_id, image.owner_id),
            group_lets_go(self._groups, image.group_id),
            moved(self._name, image, group_id, title),
        ]
        for attempt in range(MOVE_ATTEMPTS):
            try:
                with translated():
                    self._client.transact_write_items(TransactItems=actions)
                return True
            except self._client.exceptions.TransactionCanceledException as error:
                reasons = cancellation(error)
                # Others go into the same group, or the workflow writes to the record.
                if CONFLICT not in reasons or attempt == MOVE_ATTEMPTS - 1:
                    require_groups(reasons)
                    return False
        return False

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
        self, image: ImageRecord, owner_id: str, expires_at: int, now: str, removed_by: datetime
    ) -> None:
        """Replace the record by a tombstone that the workflow's conditions cannot pass and the TTL removes.

        Where `forget_removal` is not called before `removed_by`, finalize_images removes the picture. Raises
        NotFoundError or NotOwnerError.
        """
        try:
            self._put_tombstone(_tombstone(image, expires_at, now, removed_by), "ownerId", owner_id)
        except ClientError as error:
            raise refused(error, "image") from error

    def bury_in_group(
        self, image: ImageRecord, group_id: str, expires_at: int, now: str, removed_by: datetime
    ) -> bool:
        """The same whoever owns it, for whoever deletes its group; False where it does not stand there."""
        try:
            self._put_tombstone(_tombstone(image, expires_at, now, removed_by), "groupId", group_id)
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def _put_tombstone(self, tombstone: Mapping[str, object], name: str, value: str) -> None:
        with translated():
            self._client.put_item(
                TableName=self._name,
                Item=to_item(tombstone),
                ConditionExpression="#name = :value",
                ExpressionAttributeNames={"#name": name},
                ExpressionAttributeValues=to_item({":value": value}),
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )

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


def _tombstone(image: ImageRecord, expires_at: int, now: str, removed_by: datetime) -> dict[str, object]:
    return {
        "imageId": image.image_id,
        "status": "DELETED",
        "executionArn": NO_EXECUTION,
        "sequencer": LAST_SEQUENCER,
        "deletedAt": now,
        "expiresAt": expires_at,
        "bucket": image.bucket,
        "key": image.key,
        "removals": _removals(image),
        **pending_mark(image.image_id, removed_by),
    }


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
