"""Many pictures, five reviewers, every call of the deployed stack throttled, failing or killed in turn.

LOUPE_REVIEW_PICTURES says how many pictures; by default so many that every fault meets some. With two hundred
and faults that outlast all retries tests/workflow/test_many_reviewers.py holds the same.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from loupe_core.errors import LoupeError
from loupe_review.desk import Desk
from loupe_review.errors import ReviewOverError, ReviewTakenError
from loupe_review.review import CONCLUDED, DECIDED
from tests.integration.review.conftest import UNSURE, Reviewing
from tests.integration.workflow.faults import ERROR, KILL, THROTTLE, Faults, Place
from tests.polling import wait_for

PICTURES = int(os.environ.get("LOUPE_REVIEW_PICTURES", "40"))
REVIEWERS = ("ann", "bob", "eve", "ida", "tom")
# Long enough that something meets each fault, short enough that AWS's own retries would outlast it.
FAULT_SECONDS = float(os.environ.get("LOUPE_REVIEW_FAULT_SECONDS", "8"))
# A token is long; this much of it is found nowhere by chance.
TOKEN_PART = 40


def places(reviewing: Reviewing) -> list[tuple[Place, str]]:
    """Every call that the review stack makes, and what happens to it."""
    reviews, images = (reviewing.stack.outputs[name] for name in ("ReviewsTableName", "ImagesTableName"))
    calls = [
        Place("Read a review", "dynamodb", ("GetItem", reviews)),
        Place("Write a review", "dynamodb", ("PutItem", reviews)),
        Place("Keep labels", "dynamodb", ("UpdateItem", reviews)),
        Place("Find what waits", "dynamodb", ("Query", reviews)),
        Place("Read the record", "dynamodb", ("GetItem", images)),
        Place("Write the decision", "dynamodb", ("UpdateItem", images, "reviewId")),
        Place("Leave a token", "dynamodb", ("UpdateItem", reviewing.tokens_table)),
        Place("Read a token", "dynamodb", ("GetItem", reviewing.tokens_table)),
        Place("Start review_image", "states", ("StartExecution", "review-image")),
        Place("Wake an execution", "states", ("SendTaskSuccess",)),
        Place("Conclude Review", "lambda", ("conclude-review",)),
        Place("Notify Outcome", "sns", ("Publish",)),
    ]
    met = [(place, kind) for place in calls for kind in (THROTTLE, ERROR)]
    return [*met, (Place("Conclude Review", "lambda", ("review-conclude-review",)), KILL)]


@dataclass
class Held:
    """Who had which picture from when to when, as they saw it."""

    spans: list[tuple[str, str, float, float]] = field(default_factory=list)
    answered: dict[str, str] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def overlapping(self) -> list[tuple[str, str, str]]:
        by_review: dict[str, list[tuple[float, float, str]]] = {}
        for review, person, since, until in self.spans:
            by_review.setdefault(review, []).append((since, until, person))
        found = []
        for review, spans in by_review.items():
            spans.sort()
            for (_, until, first), (since, _, second) in pairwise(spans):
                if first != second and since < until:
                    found.append((review, first, second))
        return found


@pytest.mark.timeout(3600)
def test_each_picture_ends_once_whatever_fails(reviewing: Reviewing) -> None:
    faults, held, done = Faults(reviewing), Held(), threading.Event()
    marker = f"many-{random.randrange(10**6)}"
    with ThreadPoolExecutor(len(REVIEWERS) + 1) as pool:
        people = [pool.submit(review_pictures, reviewing, name, held, done, marker) for name in REVIEWERS]
        keys: list[str] = []
        try:
            for turn, (place, kind) in enumerate(places(reviewing)):
                more = PICTURES * (turn + 1) // len(places(reviewing)) - len(keys)
                with _fault(faults, place, kind):
                    keys += [
                        reviewing.put(reviewing.picture(UNSURE), f"{marker}.png", prefix="uploads")
                        for _ in range(more)
                    ]
                    time.sleep(FAULT_SECONDS)
            ids = {reviewing.image_id(key): key for key in keys}
            wait_for(lambda: all(over(reviewing, image) for image in ids), "all reviews", 1200, 2)
        finally:
            done.set()
        for each in people:
            each.result(120)

    assert held.overlapping() == []
    for image, key in ids.items():
        record = reviewing.finished(key)
        assert (record["status"], record["labelledBy"]) == ("CLASSIFIED", "person"), key
        assert record["label"] == held.answered[image]
        reviewing.only_message(key, 120)
    assert_no_token_is_anywhere(reviewing)


def over(reviewing: Reviewing, image: str) -> bool:
    found = reviewing.reviews.of_image(image)
    return bool(found) and all(each.status == CONCLUDED for each in found)


def review_pictures(reviewing: Reviewing, name: str, held: Held, done: threading.Event, marker: str) -> None:
    """One person at work until all is done: takes the next picture, looks at it, keeps it, answers."""
    chance = random.Random(name)
    others: list[str] = []
    desk = Desk(reviewing.reviews, lambda: datetime.now(UTC))
    while not done.is_set():
        try:
            review = desk.next(name, without=others)
            if review is not None and marker not in review.key:
                others.append(review.review_id)
            if review is None or marker not in review.key:
                done.wait(0.3)
                continue
            since = time.time()
            done.wait(chance.uniform(0, 0.4))
            label = chance.choice(("9", "4"))
            desk.lease(review.review_id, name)
            answered = desk.answer(review.review_id, name, "LABEL", label, seconds=1.0)
            with held.lock:
                held.spans.append((review.review_id, name, since, time.time()))
                if answered.status == DECIDED:
                    held.answered[review.image_id] = label
        except (ReviewOverError, ReviewTakenError):
            continue
        except LoupeError:
            done.wait(0.5)


@contextmanager
def _fault(faults: Faults, place: Place, kind: str) -> Iterator[None]:
    if kind == KILL:
        # Whatever it is called with: every call has the review's id.
        with faults.on(place, kind, "reviewId", []):
            yield
        return
    with faults.put({"service": place.service, "kind": kind, "containing": list(place.containing)}):
        yield


def assert_no_token_is_anywhere(reviewing: Reviewing) -> None:
    """No token is in a log, a message, a record or a review."""
    table = reviewing.stack.cloud.table(reviewing.tokens_table)
    tokens = {str(item["taskToken"])[:TOKEN_PART] for item in table.scan()["Items"]}
    assert len(tokens) > 1
    logs = reviewing.stack.client("logs")
    groups = [
        each["logGroupName"]
        for page in logs.get_paginator("describe_log_groups").paginate()
        for each in page["logGroups"]
    ]
    start = int((datetime.now(UTC) - timedelta(hours=2)).timestamp() * 1000)
    found: list[str] = []
    lines = 0
    for group in groups:
        for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=start):
            for event in page["events"]:
                lines += 1
                found += [group for token in tokens if token in event["message"]]
    for message in reviewing.stack.inbox.messages():
        found += [message.subject for token in tokens if token in message.body]
    for name in ("ReviewsTableName", "ImagesTableName"):
        for item in reviewing.stack.cloud.table(reviewing.stack.outputs[name]).scan()["Items"]:
            found += [name for token in tokens if token in str(item)]
    assert lines > 0
    assert found == []
