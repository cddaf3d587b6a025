"""Pictures that wait for people on the deployed stack, and people who answer."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from loupe.stack import physical_ids
from loupe_api.image_table import ImageTable
from loupe_core.claims import iso
from loupe_core.removal import REMOVAL_LEASE
from loupe_review.desk import Desk
from loupe_review.images import ReviewedImages
from loupe_review.review import CONCLUDED, Review, review_id
from loupe_review.table import ReviewsTable
from tests.cloud import DeployedStack, OwnStack
from tests.integration.workflow.conftest import Workflow
from tests.polling import wait_for

UNSURE = "digit-9-unsure.png"
# The model says of the unsure digit something between the two thresholds.
PARAMETERS = {"ReviewThreshold": "0.2", "ReviewDigestMinutes": "0"}


@pytest.fixture(scope="session")
def stack(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DeployedStack]:
    """The core, the review stack, and the site, whose API reviewers use."""
    folder = tmp_path_factory.mktemp("review")
    with OwnStack(request.config.rootpath, folder, ("core", "review", "site"), PARAMETERS) as deployed:
        yield deployed


class Reviewing(Workflow):
    """Short ways to have pictures wait, to answer, and to see what became of them."""

    def __init__(self, stack: DeployedStack) -> None:
        super().__init__(stack)
        dynamodb = stack.client("dynamodb")
        self.reviews = ReviewsTable(stack.outputs["ReviewsTableName"], dynamodb)
        self.images = ReviewedImages(stack.outputs["ImagesTableName"], dynamodb)
        self.desk = Desk(self.reviews, lambda: datetime.now(UTC))
        self.review_machine = stack.outputs["ReviewStateMachineArn"]
        tables = physical_ids(stack.client("cloudformation"), f"{stack.name}-review", "AWS::DynamoDB::Table")
        self.tokens_table = tables["TokensTable"]

    def waiting(self, name: str = "nine.png") -> tuple[str, Review]:
        """A picture that waits for a person, and its review, whose execution has left a token."""
        key = self.put(self.picture(UNSURE), name, prefix="uploads")
        review = self.review_of(key)
        wait_for(lambda: self.token(review), f"a token of {review.review_id}", 120)
        return key, review

    def timing_out(self, seconds: int = 3) -> tuple[str, Review]:
        """A picture whose review has waited for the second time, for all but some seconds.

        The stack's timeout is of days. So the review and its execution, under the name that they have anyway,
        are there before the stack looks for them.
        """
        key, first = self.waiting()
        image = self.image_id(key)
        self.states.stop_execution(executionArn=self.execution(first))
        now = datetime.now(UTC)
        record = self.images.get(image)
        assert record is not None
        table = self.stack.cloud.table(self.stack.outputs["ImagesTableName"])
        review = dataclasses.replace(
            first,
            review_id=review_id(image, f"{first.claim_id}-due"),
            claim_id=f"{first.claim_id}-due",
            escalated=True,
            due_at=iso(now + timedelta(seconds=seconds)),
        )
        assert self.reviews.create(review)
        given = {
            "reviewId": review.review_id,
            "imageId": image,
            "timeoutSeconds": seconds,
            "tokenExpiresAt": str(int(now.timestamp()) + 86_400),
        }
        table.update_item(
            Key={"imageId": image},
            UpdateExpression="SET claimId = :claim",
            ExpressionAttributeValues={":claim": review.claim_id},
        )
        self.states.start_execution(
            stateMachineArn=self.review_machine, name=review.review_id, input=json.dumps(given)
        )
        return key, review

    def review_of(self, key: str, besides: str = "") -> Review:
        """The review of the picture, once it is there; another one than `besides`."""

        def found() -> Review | None:
            reviews = self.reviews.of_image(self.image_id(key))
            return next((each for each in reviews if each.review_id != besides), None)

        made = wait_for(found, f"a review of {key}", 240)
        assert made is not None
        return made

    def token(self, review: Review) -> str:
        item = self.stack.cloud.table(self.tokens_table).get_item(
            Key={"reviewId": review.review_id}, ConsistentRead=True
        )
        return str(item.get("Item", {}).get("taskToken", ""))

    def answer(self, review: Review, label: str = "9", reviewer: str = "ann") -> Review:
        return self.desk.answer(review.review_id, reviewer, "LABEL", label, seconds=2.0)

    def delete(self, key: str) -> None:
        """As the API does: a tombstone in the record's place, then the picture."""
        images = ImageTable(
            self.stack.client("dynamodb"),
            self.stack.outputs["ImagesTableName"],
            self.stack.outputs["GroupsTableName"],
        )
        found = images.get(self.image_id(key))
        assert found is not None
        now = datetime.now(UTC)
        # A picture of the bucket is nobody's, and the API deletes its owner's alone.
        self.stack.cloud.table(self.stack.outputs["ImagesTableName"]).update_item(
            Key={"imageId": found.image_id},
            UpdateExpression="SET ownerId = :owner",
            ExpressionAttributeValues={":owner": "ann"},
        )
        images.bury(found, "ann", int(now.timestamp()) + 86_400, iso(now), now + REMOVAL_LEASE)
        images.forget_removal(found)
        self.s3.delete_object(Bucket=self.bucket, Key=key)

    def execution(self, review: Review) -> str:
        return f"{self.review_machine.replace(':stateMachine:', ':execution:')}:{review.review_id}"

    def concluded(self, review: Review, seconds: float = 300) -> Review:
        """The review, once it is concluded and its execution over."""

        def over() -> Review | None:
            seen = self.reviews.get(review.review_id)
            return seen if seen.status == CONCLUDED else None

        found = wait_for(over, f"the conclusion of {review.review_id}", seconds, 0.5)
        self.ended(self.execution(review), seconds)
        assert found is not None
        return found


@pytest.fixture(scope="session")
def reviewing(stack: DeployedStack) -> Reviewing:
    return Reviewing(stack)


@pytest.fixture
def stays() -> Callable[[Callable[[], Any]], None]:
    """Holds for some seconds: what a late event would change."""

    def holds(claim: Callable[[], Any]) -> None:
        until = time.monotonic() + 5
        while time.monotonic() < until:
            assert claim()
            time.sleep(0.5)

    return holds
