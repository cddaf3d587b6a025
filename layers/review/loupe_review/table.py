"""The Reviews table. Every write is on the condition that nobody wrote since; boto3's errors end here."""

import random
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from loupe_core.claims import parse_time
from loupe_core.dynamodb import ConditionFailedError, named_errors
from loupe_core.errors import RecordsUnavailableError
from loupe_core.items import from_item, to_item
from loupe_review.errors import ReviewNotFoundError
from loupe_review.review import DECIDED, WAITING, Review

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

QUEUE_INDEX = "queue-order-index"
IMAGE_INDEX = "imageId-createdAt-index"
DECIDED_INDEX = "decidedOn-decidedAt-index"
# Items that are no reviews.
LABELS, DIGEST, RETRAINING = "#labels", "#digest", "#retraining"
MAX_ATTEMPTS = 8
MAX_LOOKED_THROUGH = 20_000
TABLE = "Reviews"
CONFIG = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 3, "mode": "standard"})


class ReviewsTable:
    """The Reviews table. Every method raises AccessDeniedError or RecordsUnavailableError where DynamoDB
    fails.
    """

    def __init__(self, name: str, client: "DynamoDBClient | None" = None) -> None:
        self._name = name
        self._client: Any = client or boto3.client("dynamodb", config=CONFIG)

    def get(self, review_id: str) -> Review:
        """The review as it is now. Raises ReviewNotFoundError."""
        item = self._item(review_id)
        if item is None or "imageId" not in item:
            raise ReviewNotFoundError(f"There is no review {review_id}.")
        return Review.parse(item)

    def create(self, review: Review) -> bool:
        """Put it in; False where it is there already."""
        return self._put(review.to_attributes(), "attribute_not_exists(reviewId)")

    def change(self, review_id: str, rule: Callable[[Review], Review]) -> Review:
        """Apply a rule to the review as it is, again where somebody else was faster; gives the new one.

        Raises what the rule raises, and ReviewNotFoundError.
        """
        for _ in range(MAX_ATTEMPTS):
            seen = self.get(review_id)
            new = rule(seen)
            if new is seen:
                return seen
            if self._put(new.to_attributes(), "revision = :seen", {":seen": seen.revision}):
                return new
        raise RecordsUnavailableError(f"The review {review_id} is changed by others all the time.")

    def queue(self, status: str, limit: int, at_once: int | None = None) -> Iterator[Review]:
        """Up to `limit` reviews in this status (WAITING or DECIDED), in their order. Not quite up to date.

        `at_once` are read by a query, for who may need no more than those.
        """
        request: dict[str, Any] = {
            "TableName": self._name,
            "IndexName": QUEUE_INDEX,
            "KeyConditionExpression": "queue = :status",
            "ExpressionAttributeValues": to_item({":status": status}),
            "Limit": at_once or limit,
        }
        left = limit
        while left > 0:
            with named_errors("dynamodb:Query", TABLE):
                answer = self._client.query(**request)
            for item in answer["Items"][:left]:
                yield Review.parse(from_item(item))
            left -= len(answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def late(self, decided_before: str, limit: int) -> list[Review]:
        """Up to `limit` reviews that were decided until then and not concluded, by chance: those at which
        their conclusion fails each time keep no others.
        """
        found = [
            each
            for each in self.queue(DECIDED, MAX_LOOKED_THROUGH)
            if each.decision is not None and each.decision.at <= decided_before
        ]
        return random.sample(found, min(limit, len(found)))

    def count_waiting(self) -> int:
        """How many wait."""
        request: dict[str, Any] = {
            "TableName": self._name,
            "IndexName": QUEUE_INDEX,
            "KeyConditionExpression": "queue = :status",
            "ExpressionAttributeValues": to_item({":status": WAITING}),
            "Select": "COUNT",
        }
        counted = 0
        while True:
            with named_errors("dynamodb:Query", TABLE):
                answer = self._client.query(**request)
            counted += int(answer["Count"])
            if "LastEvaluatedKey" not in answer:
                return counted
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def of_image(self, image_id: str) -> list[Review]:
        """All reviews and corrections of a picture, the oldest first. Not quite up to date."""
        with named_errors("dynamodb:Query", TABLE):
            answer = self._client.query(
                TableName=self._name,
                IndexName=IMAGE_INDEX,
                KeyConditionExpression="imageId = :image",
                ExpressionAttributeValues=to_item({":image": image_id}),
            )
        return [Review.parse(from_item(item)) for item in answer["Items"]]

    def decided(self, since: str, until: str) -> Iterator[Review]:
        """Reviews and corrections decided after `since` and up to `until`, in order of time.

        A query a day. Not quite up to date.
        """
        for day in days(since, until):
            request: dict[str, Any] = {
                "TableName": self._name,
                "IndexName": DECIDED_INDEX,
                "KeyConditionExpression": "decidedOn = :day AND decidedAt BETWEEN :since AND :until",
                "ExpressionAttributeValues": to_item({":day": day, ":since": since, ":until": until}),
            }
            while True:
                with named_errors("dynamodb:Query", TABLE):
                    answer = self._client.query(**request)
                found = (Review.parse(from_item(item)) for item in answer["Items"])
                yield from (each for each in found if each.decision is not None and each.decision.at > since)
                if "LastEvaluatedKey" not in answer:
                    break
                request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def all(self) -> Iterator[Review]:
        """Every review and correction, in no order."""
        request: dict[str, Any] = {"TableName": self._name}
        while True:
            with named_errors("dynamodb:Scan", TABLE):
                answer = self._client.scan(**request)
            for item in answer["Items"]:
                if "imageId" in item:
                    yield Review.parse(from_item(item))
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def labels(self) -> list[str]:
        """All labels that models and people have given so far."""
        return sorted((self._item(LABELS) or {}).get("labels") or ())

    def add_labels(self, labels: set[str]) -> None:
        if not labels:
            return
        with named_errors("dynamodb:UpdateItem", TABLE):
            self._client.update_item(
                TableName=self._name,
                Key=to_item({"reviewId": LABELS}),
                UpdateExpression="ADD labels :labels",
                ExpressionAttributeValues={":labels": {"SS": sorted(labels)}},
            )

    def digest_sent_at(self) -> str:
        """When reviewers were last written to, "" for never."""
        return str((self._item(DIGEST) or {}).get("sentAt") or "")

    def claim_digest(self, now: str, before: str) -> bool:
        """Say that reviewers are written to now; False where somebody else did since `before`."""
        item = {"reviewId": DIGEST, "sentAt": now}
        if before:
            return self._put(item, "sentAt = :before", {":before": before})
        return self._put(item, "attribute_not_exists(reviewId) OR sentAt = :none", {":none": ""})

    def return_digest(self, now: str, before: str) -> None:
        """Take that back, so that the next run writes."""
        self._put({"reviewId": DIGEST, "sentAt": before}, "sentAt = :now", {":now": now})

    def retraining(self) -> dict[str, Any]:
        """What is known of the last training that answers started, {} where there was none."""
        found = self._item(RETRAINING) or {}
        found.pop("reviewId", None)
        return {**found, "revision": int(found["revision"])} if found else {}

    def write_retraining(self, retraining: dict[str, Any], seen: int) -> bool:
        """Replace it; False where somebody else did since its revision was `seen`, 0 for none."""
        item = {"reviewId": RETRAINING, **retraining}
        if seen:
            return self._put(item, "revision = :seen", {":seen": seen})
        return self._put(item, "attribute_not_exists(reviewId)")

    def _item(self, review_id: str) -> dict[str, Any] | None:
        with named_errors("dynamodb:GetItem", TABLE):
            answer = self._client.get_item(
                TableName=self._name, Key=to_item({"reviewId": review_id}), ConsistentRead=True
            )
        return from_item(answer["Item"]) if "Item" in answer else None

    def _put(self, item: dict[str, Any], condition: str, values: dict[str, Any] | None = None) -> bool:
        bound = {"ExpressionAttributeValues": to_item(values)} if values else {}
        try:
            with named_errors("dynamodb:PutItem", TABLE):
                self._client.put_item(
                    TableName=self._name, Item=to_item(item), ConditionExpression=condition, **bound
                )
        except ConditionFailedError:
            return False
        return True


def days(since: str, until: str) -> Iterator[str]:
    """The days from one moment to another, both with theirs, as the index names them."""
    day, last = parse_time(since).date(), parse_time(until).date()
    while day <= last:
        yield day.isoformat()
        day += timedelta(days=1)
