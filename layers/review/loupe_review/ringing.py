"""What was decided wakes the execution that waits for it: the token is a doorbell, the review the truth."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

import boto3

from loupe_core.claims import iso
from loupe_core.dynamodb import named_errors
from loupe_core.errors import LoupeError, RecordsUnavailableError
from loupe_core.items import from_item, to_item
from loupe_core.observability import correlate, logger
from loupe_review.table import CONFIG, ReviewsTable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

MAX_RUNG = 200
# The stream rings at once; what is older than this waits in vain for it.
RING_AGAIN_AFTER = timedelta(seconds=20)


class Bell(Protocol):
    """Step Functions, as ringing uses it."""

    def ring(self, token: str) -> bool: ...


class TokensTable:
    """Where the state machine leaves its tokens. Only ring_reviews may read it."""

    def __init__(self, name: str, client: "DynamoDBClient | None" = None) -> None:
        self._name = name
        self._client: Any = client or boto3.client("dynamodb", config=CONFIG)

    def token(self, review_id: str) -> str:
        """The token for which the review's execution waits, "" where none was left yet."""
        with named_errors("dynamodb:GetItem", "tokens"):
            answer = self._client.get_item(
                TableName=self._name, Key=to_item({"reviewId": review_id}), ConsistentRead=True
            )
        return str(from_item(answer.get("Item", {})).get("taskToken", ""))


@dataclass(frozen=True)
class Ringer:
    """Rings for reviews that are decided."""

    reviews: ReviewsTable
    tokens: TokensTable
    bell: Bell
    now: Callable[[], datetime]

    def ring(self, review_id: str, image_id: str) -> bool:
        """Wake the review's execution; False where it does not wait (yet, or any more)."""
        correlate({"imageId": image_id, "executionArn": review_id})
        token = self.tokens.token(review_id)
        return bool(token) and self.bell.ring(token)

    def ring_again(self) -> dict[str, int]:
        """All that is decided and was not concluded. One that fails does not keep the others."""
        rung = failed = 0
        for review in self.reviews.late(iso(self.now() - RING_AGAIN_AFTER), MAX_RUNG):
            try:
                rung += self.ring(review.review_id, review.image_id)
            except LoupeError as error:
                failed += 1
                logger.error(str(error), extra={"error": type(error).__name__})
        if failed:
            raise RecordsUnavailableError(f"{failed} executions could not be woken; {rung} were.")
        return {"rung": rung}
