"""Pictures that are recorded already, for a run after a new model."""

from collections.abc import Iterator
from typing import Any

import boto3
from botocore.config import Config

from loupe_batch.items import Item
from loupe_core.dynamodb import named_errors
from loupe_core.items import from_item, to_item
from loupe_core.records import TABLE

# What a model decided: neither what a person did, nor what is deleted, failed or in somebody's hands.
CONDITION = (
    "#status IN (:classified, :rejected) AND (attribute_not_exists(labelledBy) OR labelledBy <> :person) "
    "AND (attribute_not_exists(model) OR model <> :model)"
)
VALUES = {":classified": "CLASSIFIED", ":rejected": "REJECTED", ":person": "person"}
FIELDS = ("bucket", "key", "versionId", "status", "label", "confidence")


class RecordedPictures:
    """The Images table, read from one end to the other."""

    def __init__(self, table: str, client: Any = None) -> None:
        self._table = table
        self._client: Any = client or boto3.client(
            "dynamodb",
            config=Config(
                connect_timeout=3, read_timeout=20, retries={"total_max_attempts": 6, "mode": "standard"}
            ),
        )

    def older_than(self, model: str) -> Iterator[Item]:
        """What another model than this one classified or refused, with what it said.

        Raises AccessDeniedError, RecordsUnavailableError.
        """
        names = {f"#{name}": name for name in FIELDS}
        scan = {
            "TableName": self._table,
            "FilterExpression": CONDITION,
            "ProjectionExpression": ", ".join(names),
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": to_item({**VALUES, ":model": model}),
        }
        with named_errors("dynamodb:Scan", TABLE):
            for page in self._client.get_paginator("scan").paginate(**scan):
                yield from map(_item, page["Items"])


def _item(found: dict[str, Any]) -> Item:
    record = from_item(found)
    former = {
        name: record[name] for name in ("status", "label", "confidence") if record.get(name) is not None
    }
    return Item(record["bucket"], record["key"], record.get("versionId") or "", former=former)
