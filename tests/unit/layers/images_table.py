"""moto's DynamoDB with the Images table, and S3 that only forgets, for what reads and writes records."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any

import boto3

from loupe_core.claims import Claimant
from loupe_core.contract import ImageReference, image_id
from loupe_core.items import from_item, to_item
from loupe_core.record_fields import Claim
from loupe_core.records import PENDING_INDEX, ImagesTable
from loupe_core.requests import Request

PLACE = ImageReference("uploads", "cat.jpg")
IMAGE = image_id(PLACE, "images")
NOW = datetime(2026, 11, 12, 12, 0, tzinfo=UTC)


# What a record says of an outcome where nobody found anything out.
NOTHING_FOUND: dict[str, object] = {
    "label": None,
    "confidence": None,
    "threshold": None,
    "predictions": [],
    "faceDetected": None,
    "faces": [],
    "facesError": None,
}


# Making a client takes longer than a test. moto answers those that were made under it before, too.
@cache
def dynamodb() -> Any:
    make: Any = boto3.client  # typed for names that are written out only
    return make("dynamodb", region_name="us-east-1", aws_access_key_id="t", aws_secret_access_key="t")


class Pictures:
    """S3 that keeps what it was asked to remove."""

    def __init__(self) -> None:
        self.removed: list[ImageReference] = []

    def delete(self, image: ImageReference) -> None:
        self.removed.append(image)


class World:
    """DynamoDB with the Images table, and what is in it."""

    def __init__(self) -> None:
        self.client = dynamodb()
        self.client.create_table(
            TableName="images",
            KeySchema=[{"AttributeName": "imageId", "KeyType": "HASH"}],
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": "S"} for name in ("imageId", "pending", "leaseUntil")
            ],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": PENDING_INDEX,
                    "KeySchema": [
                        {"AttributeName": "pending", "KeyType": "HASH"},
                        {"AttributeName": "leaseUntil", "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        self.table = ImagesTable("images", self.client)

    def put(self, **record: object) -> None:
        self.client.put_item(TableName="images", Item=to_item({"imageId": IMAGE, **record}))

    def record(self) -> dict[str, Any]:
        return from_item(self.client.get_item(TableName="images", Key=to_item({"imageId": IMAGE}))["Item"])

    def claim(self, request: Request, claimant: Claimant, now: datetime = NOW) -> Claim:
        return self.table.claim(request, claimant, 0.93, now, lambda arn: False)

    def is_pending(self) -> bool:
        return "pending" in self.record()
