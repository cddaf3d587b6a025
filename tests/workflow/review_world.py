"""The services around review_image: its functions as they are, on moto's DynamoDB, beside classify_image's.

Streams are delivered when `drain_streams` is called, as changes since the last call. An execution that waits
runs the next of `waits`, in which a test lets people and others act; then it goes on if it was rung.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from loupe_core.errors import RecordsUnavailableError
from loupe_core.items import from_item, to_item
from loupe_core.outcomes import Failure
from loupe_review.concluding import Concluder
from loupe_review.desk import Desk
from loupe_review.errors import UnchangedError
from loupe_review.images import ReviewedImages
from loupe_review.opening import Opener
from loupe_review.review import CONCLUDED, Review
from loupe_review.ringing import Ringer, TokensTable
from loupe_review.settings import ConcludeSettings, OpenSettings
from loupe_review.states import ReviewExecutions
from loupe_review.sweeping import Sweeper
from loupe_review.table import ReviewsTable
from tests.workflow.definitions import load
from tests.workflow.interpreter import Ending, Execution, ServiceError
from tests.workflow.world import KilledError, World, index

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:loupe-review-review-image"
EXECUTION = MACHINE.replace(":stateMachine:", ":execution:")
UNSURE = [{"label": "7", "score": 0.61}, {"label": "1", "score": 0.3}]
SURE = [{"label": "7", "score": 0.97}, {"label": "1", "score": 0.02}]
Act = Callable[[], object]


@dataclass
class ReviewWorld(World):
    """The core's services and those of the review stack. `required`, `audit_share` and `timeout` are the
    stack's parameters; `bell_down` breaks SendTaskSuccess, `model` is what the
    endpoint serves.
    """

    predictions: list[dict[str, Any]] = field(default_factory=lambda: UNSURE)
    review_threshold: float | None = 0.5
    required: int = 1
    audit_share: float = 0.0
    timeout: timedelta = timedelta(hours=72)
    digest_minutes: int = 60
    bell_down: bool = False
    # Tokens that Step Functions takes at no time.
    deaf: set[str] = field(default_factory=set)
    model: str = "digits-1"
    waits: list[Act] = field(default_factory=list)
    undoing: list[Act] = field(default_factory=list)
    started: dict[str, Any] = field(default_factory=dict)
    rung: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, attributes in (
            (
                "ReviewsTable",
                ("reviewId", "queue", "order", "imageId", "createdAt", "decidedOn", "decidedAt"),
            ),
            ("TokensTable", ("reviewId",)),
        ):
            indexes = [
                index("queue", "order"),
                index("imageId", "createdAt"),
                index("decidedOn", "decidedAt"),
            ]
            self._client.create_table(
                TableName=name,
                KeySchema=[{"AttributeName": "reviewId", "KeyType": "HASH"}],
                AttributeDefinitions=[
                    {"AttributeName": attribute, "AttributeType": "S"} for attribute in attributes
                ],
                **({"GlobalSecondaryIndexes": indexes} if len(attributes) > 1 else {}),
                BillingMode="PAY_PER_REQUEST",
            )
        clock = self.clock
        self.images = ReviewedImages("ImagesTable", self._client)
        self.reviews = ReviewsTable("ReviewsTable", self._client)
        self.desk = Desk(self.reviews, clock)
        opening = OpenSettings(
            "ReviewsTable",
            "ImagesTable",
            MACHINE,
            self.required,
            self.audit_share,
            self.timeout,
            "loupe-classifier",
            (),
        )
        self.opener = Opener(opening, self.reviews, self, lambda: self.model, clock)
        self.ringer = Ringer(self.reviews, TokensTable("TokensTable", self._client), self, clock)
        concluding = ConcludeSettings(
            "ReviewsTable",
            "ImagesTable",
            "ProcessedBucket",
            "topic",
            MACHINE,
            self.timeout,
            self.digest_minutes,
            "https://pictures.example.com",
        )
        self.concluder = Concluder(concluding, self.reviews, self.images, clock)
        self.sweeper = Sweeper(self.concluder, ReviewExecutions(MACHINE, self._client), self, self, clock)
        self._images_seen: dict[str, Any] = {}
        self._reviews_seen: dict[str, Any] = {}

    def clock(self) -> datetime:
        """The moment, and a millisecond later the next time."""
        self.now += timedelta(milliseconds=1)
        return self.now

    def later(self, **amount: float) -> None:
        self.now += timedelta(**amount)

    # Streams.

    def drain_streams(self) -> None:
        """Deliver what has changed in both tables since the last time."""
        for change in self._changes("ImagesTable", "imageId", self._images_seen):
            self.opener.on_change(change)
        for change in self._changes("ReviewsTable", "reviewId", self._reviews_seen):
            new = from_item(change["dynamodb"].get("NewImage") or {})
            if new.get("queue") == "DECIDED":
                self.ringer.ring(new["reviewId"], new["imageId"])

    def _changes(self, table: str, key: str, seen: dict[str, Any]) -> Iterable[Any]:
        items = {each[key]["S"]: each for each in self._client.scan(TableName=table)["Items"]}
        changes = [
            {"dynamodb": {"NewImage": items.get(name), "OldImage": seen.get(name)}}
            for name in {**items, **seen}
            if items.get(name) != seen.get(name)
        ]
        seen.clear()
        seen.update(items)
        return changes

    # Step Functions, as the functions use it.

    def start(self, name: str, execution_input: Mapping[str, object]) -> None:
        self.started.setdefault(name, json.loads(json.dumps(execution_input)))

    def ring(self, token: str) -> bool:
        if self.bell_down or token in self.deaf:
            raise RecordsUnavailableError("Step Functions answered ThrottlingException.")
        self.rung.append(token)
        return True

    def ended(self, machine_arn: str, since: datetime, until: datetime) -> list[dict[str, Any]]:
        return [
            {
                "executionArn": arn,
                "status": ending.status,
                "error": ending.error or None,
                "cause": ending.cause or None,
            }
            for arn, ending in self.endings.items()
            if arn.startswith(EXECUTION)
            and ending.status in ("FAILED", "ABORTED", "TIMED_OUT")
            and since <= self.stopped_at[arn] <= until
        ]

    # What a test does.

    def wait_for_review(self, *, audited: bool = False) -> Review:
        """Classify a picture of which the model is unsure, and give its review, whose execution is about to
        start.
        """
        self.classify({"image_data": "", "s3_bucket": "uploads", "s3_key": "uploads/seven.png"}, "one")
        self.drain_streams()
        (review,) = list(self.reviews.all())
        assert review.review_id in self.started
        return review

    def review(self, review: Review, *waits: Act, aborted: str = "ABORTED") -> Ending:
        """Runs (or redrives) review_image to its end; each wait for an answer runs the next of `waits`."""
        arn = f"{EXECUTION}:{review.review_id}"
        self.waits = list(waits)
        self.running.add(arn)
        try:
            given = self.started[review.review_id]
            ending = Execution(load("review_image"), self._serve, arn, self.now).run(given)
        except KilledError:
            ending = Ending(aborted)
        self.running.discard(arn)
        self.endings[arn], self.stopped_at[arn] = ending, self.now
        self.drain_streams()
        return ending

    def leave_token(self, review_id: str, token: str) -> None:
        item = {"reviewId": review_id, "taskToken": token}
        self._client.put_item(TableName="TokensTable", Item=to_item(item))

    def stop(self) -> None:
        """StopExecution."""
        raise KilledError

    def answer(
        self, review: Review, label: str = "7", reviewer: str = "ann", choice: str = "LABEL"
    ) -> Review:
        return self.desk.answer(review.review_id, reviewer, choice, label if choice == "LABEL" else "")

    def conclude_again(self, review: Review) -> None:
        """Step Functions calls Conclude Review once more, and notifies people of what it gives."""
        try:
            made = self.concluder.conclude(review.review_id)
        except UnchangedError:
            return
        self.publish(made["notification"])

    def sweep_reviews(self, minutes: float = 3) -> None:
        self.now += timedelta(minutes=minutes)
        self.sweeper.sweep()

    # What the states call.

    def _serve(self, state: str, arguments: Any) -> Any:
        if state == "Wait For Answer":
            self.calls.append(state)
            if state in self.faults:
                raise self.faults[state]
            return self._wait(arguments)
        if state == "Conclude Review":
            # The Wait state before.
            if self.undoing:
                self.undoing.pop(0)()
            self.now += timedelta(seconds=11)
        if state == "Mark Notified":
            return self._marked(state, arguments)
        return super()._serve(state, arguments)

    def _marked(self, state: str, arguments: Any) -> Any:
        self._enter(state)
        try:
            self._client.update_item(**arguments)
        except self._client.exceptions.ConditionalCheckFailedException as error:
            raise ServiceError("DynamoDb.ConditionalCheckFailedException", str(error)) from error
        return {}

    def _wait(self, arguments: Any) -> Any:
        self._client.update_item(**arguments)
        token = arguments["ExpressionAttributeValues"][":token"]["S"]
        if self.waits:
            self.waits.pop(0)()
        self.drain_streams()
        if token in self.rung:
            return {}
        self.now += timedelta(seconds=45)
        if not self.bell_down:
            self.ringer.ring_again()
        if token in self.rung:
            return {}
        self.now += self.timeout
        raise ServiceError("States.Timeout", "")

    def _function(self, state: str, payload: Any) -> Any:
        if state == "Conclude Review":
            return self.concluder.conclude(payload["reviewId"], Failure.parse(payload["error"]))
        if state == "Escalate Review":
            return self.concluder.escalate(payload["reviewId"])
        return super()._function(state, payload)


def notified(world: ReviewWorld) -> list[str]:
    """Subjects of what people were notified of about pictures, digests and reminders left out."""
    return [each["Subject"] for each in world.messages if "claimId" in each.get("MessageAttributes", {})]


def assert_ended_once(world: ReviewWorld, status: str) -> None:
    assert world.record()["status"] == status
    assert len(notified(world)) == 1
    assert not world.pending
    assert [each.status for each in world.reviews.all()] == [CONCLUDED]
