"""Confidences as the pictures' records keep them, of an endpoint that captures nothing (a serverless one)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from loupe.training.captures import Captured, Inference

# What a model has answered for; the other statuses have no confidence, or none yet.
ANSWERED = ("CLASSIFIED", "REJECTED", "IN_REVIEW")
INDEX = "status-createdAt-index"


def read_records(table: Any, since: datetime | None = None) -> Captured:
    """Inferences of the Images table's pictures that were announced since then, in order of time.

    A record keeps the last answer about its picture, so a picture that was classified twice counts once. The
    label of a picture that a person decided is the model's best prediction.
    """
    captured = Captured([])
    for record in _records(table, since):
        inference = _inference(record)
        if inference is None:
            captured.unreadable += 1
        else:
            captured.inferences.append(inference)
    captured.inferences.sort()
    return captured


def _records(table: Any, since: datetime | None) -> Iterator[Mapping[str, Any]]:
    for status in ANSWERED:
        condition, values = "#status = :status", {":status": status}
        if since is not None:
            condition += " AND createdAt >= :since"
            values[":since"] = since.isoformat(timespec="seconds").replace("+00:00", "Z")
        request: dict[str, Any] = {
            "IndexName": INDEX,
            "KeyConditionExpression": condition,
            "ExpressionAttributeNames": {"#status": "status"},
            "ExpressionAttributeValues": values,
            "ScanIndexForward": False,
        }
        while True:
            page = table.query(**request)
            yield from page["Items"]
            if "LastEvaluatedKey" not in page:
                break
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def _inference(record: Mapping[str, Any]) -> Inference | None:
    best: Any = next(iter(record.get("predictions") or []), {})
    score = best.get("score", record.get("confidence"))
    label = best.get("label", record.get("label"))
    if not isinstance(score, Decimal) or not isinstance(label, str):
        return None
    at = datetime.fromisoformat(str(record["createdAt"]))
    return Inference(at, float(score), label, str(record.get("model") or ""), str(record["imageId"]))
