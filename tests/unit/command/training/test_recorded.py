"""Confidences from the pictures' records, where an endpoint captures nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import boto3
import pytest
from moto import mock_aws

from loupe.training.recorded import read_records

ATTRIBUTES = ("imageId", "status", "createdAt")


@pytest.fixture
def table() -> Iterator[Any]:
    with mock_aws():
        found = boto3.resource("dynamodb", region_name="us-east-1").create_table(
            TableName="images",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": each, "AttributeType": "S"} for each in ATTRIBUTES],
            KeySchema=[{"AttributeName": "imageId", "KeyType": "HASH"}],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "status-createdAt-index",
                    "KeySchema": [
                        {"AttributeName": "status", "KeyType": "HASH"},
                        {"AttributeName": "createdAt", "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
        )
        yield found


def record(image: str, status: str, at: str, score: str | None = "0.9") -> dict[str, Any]:
    predictions = [] if score is None else [{"label": "cat", "score": Decimal(score)}]
    return {"imageId": image, "status": status, "createdAt": at, "predictions": predictions}


def test_what_a_model_answered_for_counts_in_order_of_time(table: Any) -> None:
    table.put_item(Item=record("b", "REJECTED", "2026-11-28T10:00:00Z", "0.4"))
    table.put_item(Item=record("a", "CLASSIFIED", "2026-11-28T09:00:00Z"))
    table.put_item(Item=record("c", "IN_REVIEW", "2026-11-28T11:00:00Z", "0.7"))
    table.put_item(Item=record("d", "FAILED", "2026-11-28T11:00:00Z"))
    table.put_item(Item=record("e", "CLASSIFIED", "2026-11-28T11:30:00Z", None))

    read = read_records(table)

    assert [(each.event, each.confidence, each.label) for each in read.inferences] == [
        ("a", 0.9, "cat"),
        ("b", 0.4, "cat"),
        ("c", 0.7, "cat"),
    ]
    assert read.unreadable == 1


def test_what_is_older_is_left_out(table: Any) -> None:
    table.put_item(Item=record("old", "CLASSIFIED", "2026-11-20T09:00:00Z"))
    table.put_item(Item=record("new", "CLASSIFIED", "2026-11-28T09:00:00Z"))

    read = read_records(table, datetime(2026, 11, 27, tzinfo=UTC))

    assert [each.event for each in read.inferences] == ["new"]
