"""Who is faster: people, time, a newer version, a deletion, whoever stops the execution. Each ends once."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from loupe.starters import DIGITS_FOLDER
from loupe_core.errors import LoupeError
from loupe_review.errors import ReviewOverError, ReviewTakenError
from loupe_review.review import DECIDED, SUPERSEDED, TIMED_OUT, Review
from loupe_review.serving import ASKED_EVERY
from tests.integration.command.test_command import lines, loupe
from tests.integration.review.conftest import UNSURE, Reviewing
from tests.polling import wait_for

# Two minutes of grace for whoever stopped an execution, and the schedule's next run.
pytestmark = pytest.mark.timeout(900)
ROOT = Path(__file__).parents[3]
Stays = Callable[[Callable[[], Any]], None]


def assert_ended_once(reviewing: Reviewing, key: str, status: str, stays: Stays) -> dict[str, Any]:
    """The record is final, and one message went out about the picture; nothing comes after it."""
    record = reviewing.finished(key)
    assert record["status"] == status
    reviewing.only_message(key, 60)
    stays(lambda: len(reviewing.messages(key)) == 1)
    return record


def test_of_two_answers_in_the_same_instant_one_counts(reviewing: Reviewing, stays: Stays) -> None:
    key, review = reviewing.waiting()
    start = threading.Barrier(2)
    said: dict[str, Any] = {}

    def answer(reviewer: str, label: str) -> None:
        start.wait(30)
        try:
            said[reviewer] = reviewing.answer(review, label, reviewer)
        except LoupeError as error:
            said[reviewer] = error

    people = [threading.Thread(target=answer, args=each) for each in (("ann", "9"), ("bob", "4"))]
    for each in people:
        each.start()
    for each in people:
        each.join(60)

    lost = [each for each in said.values() if isinstance(each, Exception)]
    (won,) = [name for name, each in said.items() if isinstance(each, Review)]
    assert [type(each) for each in lost] == [ReviewOverError]
    record = assert_ended_once(reviewing, key, "CLASSIFIED", stays)
    assert (record["label"], record["labelledBy"]) == ({"ann": "9", "bob": "4"}[won], "person")
    assert [each.reviewer for each in reviewing.concluded(review).answers] == [won]


def test_a_picture_that_somebody_has_is_nobody_elses(reviewing: Reviewing) -> None:
    _, review = reviewing.waiting()
    reviewing.desk.lease(review.review_id, "ann")
    with pytest.raises(ReviewTakenError):
        reviewing.answer(review, "4", "bob")
    # Ann's browser loads the page anew, or her session ends and she signs in again: it is hers still.
    assert reviewing.desk.lease(review.review_id, "ann").reviewer == "ann"
    assert reviewing.answer(review).status == DECIDED
    reviewing.concluded(review)


def test_a_label_that_no_model_knows_any_more_is_a_persons_to_give(
    reviewing: Reviewing, stays: Stays
) -> None:
    key, review = reviewing.waiting()
    reviewing.answer(review, "a label of the model before")
    record = assert_ended_once(reviewing, key, "CLASSIFIED", stays)
    assert record["label"] == "a label of the model before"


@pytest.fixture
def without_nine(reviewing: Reviewing, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Brings another model into service, to which no picture is a 9; gives its name."""
    folder = shutil.copytree(ROOT / DIGITS_FOLDER, tmp_path / "model")
    spec = folder / "model.json"
    document = json.loads(spec.read_text("utf-8"))
    document["labels"] = ["nine" if label == "9" else label for label in document["labels"]]
    spec.write_text(json.dumps({**document, "name": "without-nine"}), "utf-8")

    def deploy() -> str:
        done = loupe(reviewing.stack, "model", "deploy", str(folder), "--json", seconds=300)
        assert done.returncode == 0, done.stderr
        return str(lines(done)[-1]["model"])

    yield deploy
    assert loupe(reviewing.stack, "rollback", "--json", seconds=300).returncode == 0


def test_a_label_that_is_removed_from_the_model_meanwhile_may_still_be_given(
    reviewing: Reviewing, without_nine: Callable[[], str], stays: Stays
) -> None:
    key, review = reviewing.waiting()
    assert "9" in labels_of(review)
    opened = time.monotonic()

    second = without_nine()
    # Which model guessed is asked of SageMaker so seldom.
    wait_for(lambda: time.monotonic() > opened + ASKED_EVERY.total_seconds(), "another question", 60)
    other_key, other = reviewing.waiting("another-nine.png")
    assert "9" not in labels_of(other)
    assert "nine" in labels_of(other)
    assert (review.model == other.model, other.model) == (False, second)

    reviewing.answer(review, "9")
    reviewing.answer(other, "nine")
    record = assert_ended_once(reviewing, key, "CLASSIFIED", stays)
    assert (record["label"], record["labelledBy"]) == ("9", "person")
    assert assert_ended_once(reviewing, other_key, "CLASSIFIED", stays)["label"] == "nine"
    # Each answer counts for the model whose guess it was.
    assert [reviewing.concluded(each).model for each in (review, other)] == [review.model, second]


def labels_of(review: Review) -> list[str]:
    return [str(each["label"]) for each in review.predictions]


def test_a_newer_version_supersedes_the_review_and_is_reviewed_itself(
    reviewing: Reviewing, stays: Stays
) -> None:
    key, first = reviewing.waiting()
    reviewing.s3.put_object(Bucket=reviewing.bucket, Key=key, Body=reviewing.picture(UNSURE))

    assert reviewing.concluded(first).decision.outcome == SUPERSEDED  # type: ignore[union-attr]
    second = reviewing.review_of(key, besides=first.review_id)
    with pytest.raises(ReviewOverError):
        reviewing.answer(first)
    reviewing.answer(second, "4")
    record = assert_ended_once(reviewing, key, "CLASSIFIED", stays)
    assert (record["label"], record["reviewId"]) == ("4", second.review_id)
    assert json.loads(reviewing.ended(reviewing.execution(first))["output"])["status"] == "SUPERSEDED"


def test_a_picture_that_is_deleted_waits_for_nobody(reviewing: Reviewing, stays: Stays) -> None:
    key, review = reviewing.waiting()
    reviewing.delete(key)
    assert reviewing.concluded(review).decision.outcome == SUPERSEDED  # type: ignore[union-attr]
    with pytest.raises(ReviewOverError):
        reviewing.answer(review)
    stays(lambda: reviewing.messages(key) == [] and reviewing.record(key)["status"] == "DELETED")


def test_a_deletion_after_the_answer_leaves_no_label(reviewing: Reviewing, stays: Stays) -> None:
    key, review = reviewing.waiting()
    reviewing.answer(review)
    reviewing.delete(key)
    reviewing.concluded(review)
    stays(lambda: reviewing.messages(key) == [] and reviewing.record(key)["status"] == "DELETED")


def test_an_execution_that_was_stopped_ends_the_picture_as_failed(reviewing: Reviewing, stays: Stays) -> None:
    key, review = reviewing.waiting()
    reviewing.states.stop_execution(executionArn=reviewing.execution(review))

    # Two minutes in which it could be redriven, and the schedule's next run.
    record = assert_ended_once(reviewing, key, "FAILED", stays)
    assert record["error"]["name"] == "ExecutionAborted"
    with pytest.raises(ReviewOverError):
        reviewing.answer(review)


def test_an_answer_to_an_execution_that_was_stopped_counts(reviewing: Reviewing, stays: Stays) -> None:
    key, review = reviewing.waiting()
    reviewing.states.stop_execution(executionArn=reviewing.execution(review))
    reviewing.answer(review, "4")
    record = assert_ended_once(reviewing, key, "CLASSIFIED", stays)
    assert (record["label"], record["labelledBy"]) == ("4", "person")


def test_an_execution_that_is_redriven_waits_with_a_new_token(reviewing: Reviewing, stays: Stays) -> None:
    key, review = reviewing.waiting()
    before = reviewing.token(review)
    arn = reviewing.execution(review)
    reviewing.states.stop_execution(executionArn=arn)
    reviewing.ended(arn)
    reviewing.states.redrive_execution(executionArn=arn)
    wait_for(lambda: reviewing.token(review) != before, f"a new token of {review.review_id}", 120)

    reviewing.answer(review, "4")
    record = assert_ended_once(reviewing, key, "CLASSIFIED", stays)
    assert record["label"] == "4"
    assert reviewing.ended(arn)["status"] == "SUCCEEDED"


def test_an_answer_after_the_timeout_comes_too_late(reviewing: Reviewing, stays: Stays) -> None:
    key, review = reviewing.timing_out()
    reviewing.concluded(review)
    with pytest.raises(ReviewOverError):
        reviewing.answer(review)
    record = assert_ended_once(reviewing, key, "REJECTED", stays)
    assert record["error"]["name"] == "ReviewTimedOutError"
    assert reviewing.reviews.get(review.review_id).decision.outcome == TIMED_OUT  # type: ignore[union-attr]


def test_an_answer_beside_the_timeout_counts_or_is_refused_and_nothing_between(
    reviewing: Reviewing, stays: Stays
) -> None:
    key, review = reviewing.timing_out(seconds=6)
    counted = True
    try:
        reviewing.answer(review, "4")
    except ReviewOverError:
        counted = False
    record = assert_ended_once(reviewing, key, "CLASSIFIED" if counted else "REJECTED", stays)
    assert record.get("label") == ("4" if counted else record["predictions"][0]["label"])
