"""The predictions table. One item a picture, that is a key in a bucket; the newest upload's prediction.

predictionId  S  key: the first 32 hex digits of SHA-256 of bucket/key, as in the main stack's records
status        S  CLASSIFIED, FAILED (the picture cannot be classified: `error`), DELETED (kept for a while)
className     S  the best label; sparse key of className-classifiedAt-index
confidence    N  of it, 0 to 1
predictions   L  the best five, {label, score}
bucket, key, versionId, model, classifiedAt, sequencer, error {name, cause}, expiresAt
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import boto3
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from loupe_core.errors import AccessDeniedError, LoupeError, StorageUnavailableError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

CLASS_INDEX = "className-classifiedAt-index"
STATUS_INDEX = "status-classifiedAt-index"
# A deleted prediction must not come back when S3 repeats its event: its place is kept until no event can be
# under way any more.
TOMBSTONE_SECONDS = 14 * 24 * 3600
# New, a later upload than the one recorded, or one more try at what could not be classified.
_NEWER = (
    "attribute_not_exists(predictionId) OR sequencer < :sequencer"
    " OR (sequencer = :sequencer AND #s = :failed)"
)
Item = dict[str, Any]

_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize


@dataclass(frozen=True)
class Page:
    """Some items, and where the next ones begin: None at the end."""

    items: list[Item]
    last: Mapping[str, str] | None


class PredictionsTable:
    """Predictions in DynamoDB."""

    def __init__(self, name: str, client: "DynamoDBClient | None" = None) -> None:
        self._name = name
        self._client: Any = client or boto3.client(
            "dynamodb",
            config=Config(
                connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 4, "mode": "standard"}
            ),
        )

    def put(self, item: Item) -> bool:
        """Write a prediction, unless a later upload of the picture, or this one, has been recorded."""
        values = {":sequencer": item["sequencer"], ":failed": "FAILED"}
        with _named_errors("dynamodb:PutItem"):
            try:
                self._client.put_item(
                    TableName=self._name,
                    Item=_plain(item),
                    ConditionExpression=_NEWER,
                    ExpressionAttributeNames={"#s": "status"},
                    ExpressionAttributeValues=_plain(values),
                )
            except self._client.exceptions.ConditionalCheckFailedException:
                return False
        return True

    def get(self, prediction_id: str) -> Item | None:
        """A prediction, None where there is none (any more)."""
        with _named_errors("dynamodb:GetItem"):
            answer = self._client.get_item(
                TableName=self._name, Key=_plain({"predictionId": prediction_id}), ConsistentRead=True
            )
        item = _native(answer.get("Item", {}))
        return item if item and item["status"] != "DELETED" else None

    def of_class(self, name: str, limit: int, start: Mapping[str, str] | None) -> Page:
        """Predictions of one class, the newest first."""
        return self._query(CLASS_INDEX, "className", name, limit, start)

    def of_status(self, status: str, limit: int, start: Mapping[str, str] | None) -> Page:
        """Predictions that are CLASSIFIED, or FAILED, the newest first."""
        return self._query(STATUS_INDEX, "status", status, limit, start)

    def delete(self, prediction_id: str) -> bool:
        """Delete a prediction; False where there is none. Its sequencer stays for a while."""
        values = {":deleted": "DELETED", ":expires": int(time.time()) + TOMBSTONE_SECONDS}
        with _named_errors("dynamodb:UpdateItem"):
            try:
                self._client.update_item(
                    TableName=self._name,
                    Key=_plain({"predictionId": prediction_id}),
                    ConditionExpression="attribute_exists(predictionId) AND #s <> :deleted",
                    UpdateExpression="SET #s = :deleted, expiresAt = :expires "
                    "REMOVE className, confidence, predictions, #e, #b, #k, versionId, model, classifiedAt",
                    ExpressionAttributeNames={"#s": "status", "#e": "error", "#b": "bucket", "#k": "key"},
                    ExpressionAttributeValues=_plain(values),
                )
            except self._client.exceptions.ConditionalCheckFailedException:
                return False
        return True

    def _query(
        self, index: str, attribute: str, value: str, limit: int, start: Mapping[str, str] | None
    ) -> Page:
        place = {"ExclusiveStartKey": _plain({**start, attribute: value})} if start else {}
        with _named_errors("dynamodb:Query"):
            answer = self._client.query(
                TableName=self._name,
                IndexName=index,
                KeyConditionExpression="#a = :value",
                ExpressionAttributeNames={"#a": attribute},
                ExpressionAttributeValues=_plain({":value": value}),
                ScanIndexForward=False,
                Limit=limit,
                **place,
            )
        last = _native(answer.get("LastEvaluatedKey", {}))
        last.pop(attribute, None)
        return Page([_native(item) for item in answer["Items"]], last or None)


def _plain(item: Mapping[str, object]) -> dict[str, Any]:
    """An item in DynamoDB's typed form; its numbers as decimals, which is what they are there."""
    return {name: _serialize(_decimal(value)) for name, value in item.items()}


def _native(item: Mapping[str, Any]) -> Item:
    return {name: _deserialize(value) for name, value in item.items()}


def _decimal(value: object) -> object:
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, dict):
        return {name: _decimal(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_decimal(each) for each in value]
    return value


@contextmanager
def _named_errors(action: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        raise _from_client_error(error, action) from error
    except BotoCoreError as error:
        raise StorageUnavailableError(f"DynamoDB failed ({type(error).__name__}).") from error


def _from_client_error(error: ClientError, action: str) -> LoupeError:
    code = str(error.response.get("Error", {}).get("Code", ""))
    if code.startswith("AccessDenied"):
        return AccessDeniedError(f"AWS refused {action} on the predictions table.")
    return StorageUnavailableError(f"DynamoDB answered {code} to {action}.")
