"""Many pictures, five reviewers at the HTTP API, each call of the stacks throttled, failing, killed in turn.

LOUPE_REVIEW_PICTURES says how many pictures; by default so many that every fault meets some. With two hundred
and faults that outlast all retries tests/workflow/test_many_reviewers.py holds the same.
"""

from __future__ import annotations

import json
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from loupe_core.outcomes import BELOW_THRESHOLD
from loupe_review.review import CONCLUDED
from tests.integration.api.conftest import LiveApi, People
from tests.integration.api.web import Answer, request
from tests.integration.review.conftest import UNSURE, Reviewing
from tests.integration.workflow.conftest import FINAL
from tests.integration.workflow.faults import ERROR, KILL, THROTTLE, Faults, Place
from tests.polling import wait_for

PICTURES = int(os.environ.get("LOUPE_REVIEW_PICTURES", "40"))
REVIEWERS = 5
SIGNED_IN_SECONDS = 7200
# Long enough that something meets each fault, short enough that AWS's own retries would outlast it.
FAULT_SECONDS = float(os.environ.get("LOUPE_REVIEW_FAULT_SECONDS", "8"))
# So often somebody asks again, with half a second between.
MAX_ATTEMPTS = 240
# Once all faults are over. Two cores that others use as well take a second or two a picture.
END_SECONDS = 900 + 4 * PICTURES
# A picture's way to its review; where one of these dies as often as it is tried, it ends as FAILED.
ON_THE_WAY = (
    "claim-image",
    "serialize-image-data",
    "classify-image-data",
    "annotate-image",
    "filter-inference-data",
    "record-outcome",
)
# What goes on from there. All that escalate_review is for comes days later: tests/workflow kills that.
AFTERWARDS = (
    "finalize-images",
    "review-open-reviews",
    "review-ring-reviews",
    "review-conclude-review",
    "review-sweep-reviews",
    "site-api",
)
# In every event, whatever it is, as JSON.
ANYTHING = '"'
DIED = "Runtime.ExitError"
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
        Place("Mark as notified", "dynamodb", ("UpdateItem", images, "notifiedAt")),
        Place("Leave a token", "dynamodb", ("UpdateItem", reviewing.tokens_table)),
        Place("Read a token", "dynamodb", ("GetItem", reviewing.tokens_table)),
        Place("Start review_image", "states", ("StartExecution", "review-image")),
        Place("Wake an execution", "states", ("SendTaskSuccess",)),
        Place("Conclude Review", "lambda", ("conclude-review",)),
        Place("Notify Outcome", "sns", ("Publish",)),
    ]
    met = [(place, kind) for place in calls for kind in (THROTTLE, ERROR)]
    return [*met, *((Place(name, "lambda", (name,)), KILL) for name in (*ON_THE_WAY, *AFTERWARDS))]


@dataclass
class Held:
    """Who had which picture from when to when, as they saw it, and all that the API has said to them."""

    spans: list[tuple[str, str, float, float]] = field(default_factory=list)
    answered: dict[str, str] = field(default_factory=dict)
    said: set[bytes] = field(default_factory=set)
    statuses: Counter[int] = field(default_factory=Counter)
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


@dataclass
class Person:
    """One reviewer: takes the next picture, looks at it, keeps it, answers. What fails they repeat."""

    name: str
    token: str
    api: LiveApi
    held: Held
    done: threading.Event
    marker: str
    others: list[str] = field(default_factory=list)

    def work(self) -> None:
        """Until all is done."""
        chance = random.Random(self.name)
        while not self.done.is_set():
            given = self.ask("/reviews/next", {"without": self.others[-20:]}).body["result"]
            if given is None or self.marker not in given["fileName"]:
                self.others += [] if given is None else [given["reviewId"]]
                self.done.wait(0.5)
                continue
            since, path = time.time(), f"/reviews/{given['reviewId']}"
            self.done.wait(chance.uniform(0, 0.4))
            label = chance.choice(("9", "4"))
            self.ask(f"{path}/lease")
            answer = self.ask(f"{path}/answer", {"choice": "LABEL", "label": label, "seconds": 1})
            with self.held.lock:
                self.held.spans.append((given["reviewId"], self.name, since, time.time()))
                if answer.status == 200:
                    self.held.answered[given["imageId"]] = label

    def ask(self, path: str, body: Any = None) -> Answer:
        """What the API says in the end, whatever fails on the way; 409 is an answer, too."""
        headers = {"Authorization": f"Bearer {self.token}"}
        headers |= {} if body is None else {"Content-Type": "application/json"}
        for _ in range(MAX_ATTEMPTS):
            try:
                answer = request(
                    "POST",
                    f"{self.api.base}{path}",
                    None if body is None else json.dumps(body).encode(),
                    headers,
                )
            except OSError:
                time.sleep(0.5)
                continue
            with self.held.lock:
                self.held.said.add(answer.content)
                self.held.statuses[answer.status] += 1
            if answer.status in (200, 409):
                return answer
            assert answer.status >= 500 or answer.status == 429, (answer.status, answer.content)
            # Not the event: whoever has a picture answers it before they go home.
            time.sleep(0.5)
        raise AssertionError(f"{path} failed {MAX_ATTEMPTS} times")


@pytest.fixture
def people(reviewing: Reviewing) -> Iterator[People]:
    made = People(reviewing.stack)
    yield made
    made.remove()


@pytest.mark.timeout(3600)
def test_each_picture_ends_once_whatever_fails(reviewing: Reviewing, people: People) -> None:
    faults, held, done = Faults(reviewing), Held(), threading.Event()
    marker = f"many-{random.randrange(10**6)}"
    api, reviewers = LiveApi(reviewing.stack), []
    for _ in range(REVIEWERS):
        made = people.new()
        claims = {"cognito:groups": ["reviewers"], "exp": int(time.time()) + SIGNED_IN_SECONDS}
        token = people.forger(made.token).signed(**claims)
        reviewers.append(Person(made.subject, token, api, held, done, marker))
    with ThreadPoolExecutor(REVIEWERS) as pool:
        at_work = [pool.submit(each.work) for each in reviewers]
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

            left = set(ids)

            def at_an_end() -> bool:
                left.difference_update([each for each in left if over(reviewing, each, ids[each])])
                return not left or any(each.done() for each in at_work)

            wait_for(at_an_end, "all reviews", END_SECONDS, 2)
        finally:
            done.set()
        for each in at_work:
            each.result(120)
    # Who was killed while they notified holds the picture for six minutes; then the schedule goes on.
    records = {image: reviewing.finished(key, 900) for image, key in ids.items()}
    ends = Counter(str(each["status"]) for each in records.values())
    print(
        len(keys), "pictures:", dict(ends), "by status; the API's answers:", dict(held.statuses), flush=True
    )

    assert held.overlapping() == []
    for image, record in records.items():
        if record["status"] == "FAILED":
            # What was to classify it, or to record that a person decides, died as often as it was tried: of
            # the latter the record says what the execution ended with.
            assert record["error"]["name"] in (DIED, BELOW_THRESHOLD), record
            assert image not in held.answered
        else:
            assert (record["status"], record["labelledBy"]) == ("CLASSIFIED", "person"), record
            assert record["label"] == held.answered[image]
        reviewing.only_message(ids[image], 120)
    print(len(records), "messages", flush=True)
    assert ends["FAILED"] <= PICTURES * len(ON_THE_WAY) // len(places(reviewing)) + len(ON_THE_WAY)
    assert_no_token_is_anywhere(reviewing, held.said)


def over(reviewing: Reviewing, image: str, key: str) -> bool:
    """Whether all is decided about the picture; of one that failed before it came to people, nothing is."""
    found = reviewing.reviews.of_image(image)
    if found:
        return all(each.status == CONCLUDED for each in found)
    return reviewing.record(key).get("status") in FINAL


@contextmanager
def _fault(faults: Faults, place: Place, kind: str) -> Iterator[None]:
    if kind == KILL:
        with faults.on(place, kind, ANYTHING, []):
            yield
        return
    with faults.put({"service": place.service, "kind": kind, "containing": list(place.containing)}):
        yield


def assert_no_token_is_anywhere(reviewing: Reviewing, said: Iterable[bytes]) -> None:
    """No token is in a log, an answer of the API, a message, a record or a review."""
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
    found += ["an answer" for answer in said for token in tokens if token.encode() in answer]
    for message in reviewing.stack.inbox.messages():
        found += [message.subject for token in tokens if token in message.body]
    for name in ("ReviewsTableName", "ImagesTableName"):
        for item in reviewing.stack.cloud.table(reviewing.stack.outputs[name]).scan()["Items"]:
            found += [name for token in tokens if token in str(item)]
    assert lines > 0
    assert found == []
