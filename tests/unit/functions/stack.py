"""moto's services as the record-keeping functions find them: the Images table, two buckets, a topic."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from functools import cache
from typing import Any

import boto3

from loupe_core.claims import Claimant
from loupe_core.contract import ImageReference, image_id
from loupe_core.items import from_item, to_item
from loupe_core.record_fields import Claim
from loupe_core.records import ImagesTable
from loupe_core.requests import Request
from tests.unit.functions.handlers import load_handler

BUCKET = "my-uploads"
DIGIT = "uploads/digit-3.png"
EXECUTION = "arn:aws:states:us-east-1:111122223333:execution:loupe-classify-image:"
STARTED_AT = "2026-11-12T00:00:01.000Z"
CLAIMED_AT = datetime(2026, 11, 12, 0, 0, 2, tzinfo=UTC)
TOMBSTONE = {"status": "DELETED", "executionArn": "deleted", "sequencer": "~" * 64, "deletedAt": "then"}


# Making a client takes longer than a whole test. moto answers those that were made under it before, too.
@cache
def _client(service: str) -> Any:
    client: Any = boto3.client  # typed for names that are written out only
    return client(service, region_name="us-east-1")


@cache
def _app(function: str, review_threshold: str) -> Any:
    return load_handler(function)


def app(function: str) -> Any:
    """The function's module, loaded once for each of its environments."""
    return _app(function, os.environ.get("REVIEW_THRESHOLD", ""))


class RecordsStack:
    """The services, empty but for one picture."""

    def __init__(self) -> None:
        self.dynamodb = _client("dynamodb")
        self.dynamodb.create_table(
            TableName="images",
            KeySchema=[{"AttributeName": "imageId", "KeyType": "HASH"}],
            AttributeDefinitions=[
                {"AttributeName": "imageId", "AttributeType": "S"},
                {"AttributeName": "pending", "AttributeType": "S"},
                {"AttributeName": "leaseUntil", "AttributeType": "S"},
            ],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "pending-leaseUntil-index",
                    "KeySchema": [
                        {"AttributeName": "pending", "KeyType": "HASH"},
                        {"AttributeName": "leaseUntil", "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        self.s3 = _client("s3")
        for bucket in (BUCKET, "my-processed"):
            self.s3.create_bucket(Bucket=bucket)
        self.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        self.version = self.s3.put_object(Bucket=BUCKET, Key=DIGIT, Body=b"picture")["VersionId"]
        self.s3.put_object(Bucket=BUCKET, Key="uploads/cats/", Body=b"")
        sns, sqs = _client("sns"), _client("sqs")
        self.topic = sns.create_topic(Name="notifications")["TopicArn"]
        self._sqs, self._queue = sqs, sqs.create_queue(QueueName="inbox")["QueueUrl"]
        asked = {"QueueUrl": self._queue, "AttributeNames": ["QueueArn"]}
        queue_arn = sqs.get_queue_attributes(**asked)["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=queue_arn)

    def environ(self) -> dict[str, str]:
        """What the template puts into the functions' environments."""
        return {
            "IMAGES_TABLE": "images",
            "PROCESSED_BUCKET": "my-processed",
            "NOTIFICATIONS_TOPIC": self.topic,
        }

    def claim(self, key: str = DIGIT, name: str = "one", now: datetime = CLAIMED_AT) -> Claim:
        """A picture claimed by the execution of that name, for S3's event."""
        request = Request(BUCKET, key, "v1", "617f08299329d189".ljust(64, "0"), manual=False)
        claimant = Claimant(EXECUTION + name, STARTED_AT)
        table = ImagesTable("images", self.dynamodb)
        return table.claim(request, claimant, 0.93, now, lambda arn: False)

    def bury(self, key: str) -> None:
        """What the API leaves of a deleted picture."""
        self.put({"imageId": image_id(ImageReference(BUCKET, key), "images"), **TOMBSTONE})

    def put(self, record: dict[str, Any]) -> None:
        self.dynamodb.put_item(TableName="images", Item=to_item(record))

    def record(self, key: str = DIGIT) -> dict[str, Any] | None:
        found = self.dynamodb.get_item(
            TableName="images", Key=to_item({"imageId": image_id(ImageReference(BUCKET, key), "images")})
        )
        return from_item(found["Item"]) if "Item" in found else None

    def records(self) -> list[dict[str, Any]]:
        return [from_item(item) for item in self.dynamodb.scan(TableName="images")["Items"]]

    def messages(self) -> list[dict[str, Any]]:
        """What SNS has delivered, oldest first."""
        found = self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(message["Body"]) for message in found]
