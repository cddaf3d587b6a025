"""A picture that waits for a person ends once, whatever fails, dies, is stopped or overtaken meanwhile."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from loupe_core.errors import RecordsUnavailableError
from loupe_core.records import NOTIFY_LEASE
from loupe_review.errors import ReviewOverError
from loupe_review.review import Review
from tests.workflow.interpreter import ServiceError
from tests.workflow.review_world import EXECUTION, SURE, ReviewWorld, assert_ended_once, notified
from tests.workflow.world import MANUAL, KilledError, event, raised


def test_a_stopped_execution_fails_the_picture_once() -> None:
    world = ReviewWorld()
    review = world.wait_for_review()
    assert world.review(review, world.stop).status == "ABORTED"
    world.sweep_reviews(1)
    assert world.record()["status"] == "IN_REVIEW", "whoever stopped it may redrive it"
    world.sweep_reviews()
    world.sweep_reviews()
    world.sweep()
    assert_ended_once(world, "FAILED")
    assert world.record()["error"]["name"] == "ExecutionAborted"
    # Redriven afterwards it changes nothing.
    world.review(review)
    assert_ended_once(world, "FAILED")


def test_a_stop_that_the_schedule_missed_ends_the_picture_when_it_is_overdue() -> None:
    world = ReviewWorld()
    review = world.wait_for_review()
    world.review(review, world.stop)
    for hours in (1, 60):
        world.now = world.now.replace(minute=57) + timedelta(hours=hours)
        world.sweep_reviews()
        assert world.record()["status"] == "IN_REVIEW", "somebody may still answer"
    world.now = world.now.replace(minute=57) + world.timeout
    world.sweep_reviews()
    assert_ended_once(world, "FAILED")
    assert world.record()["error"]["name"] == "ExecutionAborted"


def test_a_stop_that_the_schedule_missed_is_found_behind_all_that_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("loupe_review.sweeping.MAX_COUNTED", 1)
    world = ReviewWorld()
    first = world.wait_for_review()
    world.classify(event(key="uploads/another.png"), "two")
    world.drain_streams()
    front, behind = world.reviews.queue("WAITING", 10)
    assert front == first
    world.review(behind, world.stop)
    world.now = world.now.replace(minute=57) + world.timeout + timedelta(hours=1)
    world.sweep_reviews()
    ended = {each["imageId"]: each["status"] for each in world.records()}
    assert ended == {front.image_id: "IN_REVIEW", behind.image_id: "FAILED"}


def test_decisions_that_nobody_can_be_woken_for_keep_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as one run of the schedule takes fail each time, and come first."""
    monkeypatch.setattr("loupe_review.ringing.MAX_RUNG", 2)
    world = ReviewWorld(bell_down=True)
    for name in ("one", "two", "three"):
        world.classify(event(key=f"uploads/{name}.png"), name)
        world.drain_streams()
    for review in list(world.reviews.all()):
        world.answer(review)
        world.leave_token(review.review_id, review.review_id)
        world.later(seconds=30)
    first, second, last = world.reviews.queue("DECIDED", 10)
    world.deaf = {first.review_id, second.review_id}
    world.bell_down = False

    for _ in range(40):
        with suppress(RecordsUnavailableError):
            world.ringer.ring_again()

    assert set(world.rung) == {last.review_id}


def test_a_redriven_execution_waits_with_a_new_token() -> None:
    world = ReviewWorld()
    review = world.wait_for_review()
    tokens = []

    def note() -> None:
        (item,) = world._client.scan(TableName="TokensTable")["Items"]
        tokens.append(item["taskToken"]["S"])

    def stopped() -> None:
        note()
        world.stop()

    world.review(review, stopped)

    def answered() -> None:
        note()
        world.answer(review)

    arn = f"{EXECUTION}:{review.review_id}"
    world.endings.pop(arn)
    world.sweep_reviews()
    world.started[review.review_id] |= {"redriven": True}
    world.review(review, lambda: None, answered)
    assert_ended_once(world, "CLASSIFIED")
    assert len(tokens) == 2


def test_an_execution_that_died_with_an_answer_is_concluded_by_the_sweep() -> None:
    world = ReviewWorld()
    review = world.wait_for_review()

    def answered_and_stopped() -> None:
        world.answer(review, "1")
        world.stop()

    world.review(review, answered_and_stopped)
    world.sweep_reviews()
    assert_ended_once(world, "CLASSIFIED")
    assert world.record()["label"] == "1"


@pytest.mark.parametrize("waits", [False, True], ids=["answered", "unanswered"])
@pytest.mark.parametrize("error", ["Lambda.Unknown", "AccessDeniedError"])
def test_what_cannot_be_concluded_is_concluded_by_the_sweep(error: str, waits: bool) -> None:
    world = ReviewWorld()
    review = world.wait_for_review()
    world.faults["Escalate Review" if waits else "Conclude Review"] = raised(error, "boom")
    ending = world.review(review, *([] if waits else [lambda: world.answer(review)]))
    assert ending.status == "FAILED"
    world.faults.clear()
    world.sweep_reviews()
    assert_ended_once(world, "FAILED" if waits else "CLASSIFIED")


def test_where_no_token_can_be_left_the_picture_fails_by_that_name() -> None:
    world = ReviewWorld()
    review = world.wait_for_review()
    world.faults["Wait For Answer"] = ServiceError("DynamoDb.DynamoDbException", "not authorized")
    world.review(review)
    assert_ended_once(world, "FAILED")
    assert world.record()["error"]["name"] == "DynamoDb.DynamoDbException"


def test_what_could_not_be_notified_stays_pending_and_is_notified_by_the_core() -> None:
    world = ReviewWorld()
    review = world.wait_for_review()

    def answered() -> None:
        world.answer(review)
        world.sns_down = True

    assert world.review(review, answered).status == "FAILED"
    assert world.pending
    world.sns_down = False
    world.sweep_reviews()
    world.sweep(10)
    assert_ended_once(world, "CLASSIFIED")


def test_a_conclusion_whose_answer_was_lost_is_notified_once() -> None:
    world = ReviewWorld()
    review = world.wait_for_review()
    conclude = world.concluder.conclude

    def twice(*arguments: Any) -> dict[str, Any]:
        conclude(*arguments)
        return conclude(*arguments)

    object.__setattr__(world.concluder, "conclude", twice)
    world.review(review, lambda: world.answer(review))
    assert_ended_once(world, "CLASSIFIED")


@pytest.mark.parametrize("core_first", [False, True], ids=["by the review stack", "by the core"])
@pytest.mark.parametrize("dies_after", ["record", "review"])
def test_a_conclusion_that_dies_half_way_is_finished(dies_after: str, core_first: bool) -> None:
    world = ReviewWorld()
    review = dying_half_way(world, dies_after)
    if core_first:
        world.sweep(10)
        assert len(notified(world)) == 1
    world.sweep_reviews()
    world.conclude_again(review)
    world.sweep(10)
    assert_ended_once(world, "CLASSIFIED")


@pytest.mark.parametrize("finalizer_dies", [False, True])
def test_a_conclusion_that_is_repeated_while_the_core_notifies_leaves_it_to_that(
    finalizer_dies: bool,
) -> None:
    world = ReviewWorld()
    review = dying_half_way(world, "record")
    publish = world.publish

    def repeated_meanwhile(message: dict[str, Any]) -> None:
        world.publish = publish  # type: ignore[method-assign]
        world.conclude_again(review)
        assert notified(world) == []
        if finalizer_dies:
            raise KilledError
        publish(message)

    world.publish = repeated_meanwhile  # type: ignore[method-assign]
    with suppress(KilledError):
        world.sweep(10)
    world.sweep_reviews()
    world.sweep(10)
    assert_ended_once(world, "CLASSIFIED")


def test_a_conclusion_that_is_repeated_late_has_all_its_time_to_notify() -> None:
    world = ReviewWorld()
    review = dying_half_way(world, "record")
    world.now += NOTIFY_LEASE - timedelta(seconds=1)
    made = world.concluder.conclude(review.review_id)
    world.sweep(2)
    assert notified(world) == [], "Notify Outcome is about to"
    world.publish(made["notification"])
    world.sweep(10)
    assert_ended_once(world, "CLASSIFIED")


def dying_half_way(world: ReviewWorld, dies_after: str) -> Review:
    """A review that somebody answered; its conclusion died after it had written the record or the review."""
    review = world.wait_for_review()
    change = world.reviews.change

    def dies(review_id: str, rule: Any) -> Review:
        if dies_after == "review":
            change(review_id, rule)
        world.reviews.change = change  # type: ignore[method-assign]
        raise RecordsUnavailableError("DynamoDB does not answer.")

    def answered() -> None:
        world.answer(review)
        world.drain_streams()
        world.reviews.change = dies  # type: ignore[method-assign]

    assert world.review(review, answered).status == "FAILED"  # The interpreter retries nothing.
    return review


def test_a_newer_version_supersedes_the_review() -> None:
    world = ReviewWorld()
    world.classify(event(), "one")
    world.drain_streams()
    (review,) = list(world.reviews.all())

    def newer() -> None:
        world.predictions = SURE
        world.version = "v2"
        world.classify(event(version="v2", sequencer="0B"), "two")

    ending = world.review(review, newer)
    assert ending.output["status"] == "SUPERSEDED"
    assert_ended_once(world, "CLASSIFIED")
    assert world.record()["labelledBy"] == "model"
    with pytest.raises(ReviewOverError):
        world.answer(review)


def test_a_newer_version_in_the_ten_seconds_after_an_answer_wins() -> None:
    world = ReviewWorld()
    world.classify(event(), "one")
    world.drain_streams()
    (review,) = list(world.reviews.all())
    world.undoing.append(lambda: world.classify(event(version="v2", sequencer="0B"), "two"))
    assert world.review(review, lambda: world.answer(review)).output["status"] == "SUPERSEDED"
    assert world.record()["status"] == "IN_REVIEW"
    assert not notified(world)
    second = next(each for each in world.reviews.all() if each.review_id != review.review_id)
    world.review(second, lambda: world.answer(second, "1"))
    assert (world.record()["status"], len(notified(world))) == ("CLASSIFIED", 1)


def test_a_deletion_ends_the_review_and_notifies_nobody() -> None:
    world = ReviewWorld()
    review = world.wait_for_review()

    def deleted() -> None:
        tombstone = {"status": "DELETED", "executionArn": "deleted", "sequencer": "~" * 64}
        world.put_record({"imageId": world.record()["imageId"], **tombstone})

    assert world.review(review, deleted).output["status"] == "SUPERSEDED"
    assert world.record()["status"] == "DELETED"
    assert not world.messages


def test_a_review_that_is_asked_for_again_gets_a_review_of_its_own() -> None:
    world = ReviewWorld()
    review = world.wait_for_review()
    world.review(review, lambda: world.answer(review, choice="NONE"))
    world.classify(MANUAL, "two")
    world.drain_streams()
    assert world.record()["status"] == "IN_REVIEW"
    assert len(list(world.reviews.all())) == 2
    assert "error" not in world.record()


def test_an_event_of_the_stream_that_comes_twice_opens_one_review() -> None:
    world = ReviewWorld()
    world.wait_for_review()
    world._images_seen.clear()
    world.drain_streams()
    assert len(list(world.reviews.all())) == 1
    assert len(world.started) == 1


def test_an_event_that_comes_twice_about_a_picture_claimed_anew_keeps_the_new_review() -> None:
    world = ReviewWorld()
    former = world.wait_for_review()
    before = dict(world._images_seen)
    world.classify(MANUAL, "two")
    world.drain_streams()
    world._images_seen.clear()
    world._images_seen.update(before)
    world.drain_streams()

    waiting = [each.review_id for each in world.reviews.all() if each.status == "WAITING"]
    (opened,) = [each.review_id for each in world.reviews.all() if each.review_id != former.review_id]
    assert waiting == [opened]


def test_what_the_stream_lost_is_opened_by_the_schedule() -> None:
    world = ReviewWorld()
    world.classify(MANUAL, "one")
    assert [world.opener.consider(record) for record in world.images.in_review()] == [True]
    assert len(world.started) == 1


@pytest.mark.parametrize("score", [0.97, 0.61, 0.3])
def test_without_a_review_threshold_nothing_is_reviewed(score: float) -> None:
    world = ReviewWorld(review_threshold=None, predictions=[{"label": "7", "score": score}])
    world.classify(MANUAL, "one")
    world.drain_streams()
    world.sweep_reviews()
    assert world.record()["status"] == ("CLASSIFIED" if score > 0.93 else "REJECTED")
    assert len(notified(world)) == len(world.messages) == 1
    assert not world.started
    assert not list(world.reviews.all())


def test_people_are_notified_once_though_snss_acknowledgement_is_lost() -> None:
    """finalize_images fails for longer than Lambda tries it; review_image has marked the record itself."""
    world = ReviewWorld(acknowledgements_lost=True)
    review = world.wait_for_review()
    world.review(review, lambda: world.answer(review))
    assert not world.pending
    world.sweep()
    assert_ended_once(world, "CLASSIFIED")
    assert len(notified(world)) == 1


def test_a_record_that_is_anothers_by_now_is_not_marked_as_notified() -> None:
    world = ReviewWorld(acknowledgements_lost=True)
    review = world.wait_for_review()

    def newer() -> None:
        world.put_record({**world.record(), "claimId": "another execution's#2026-11-21T12:00:00.000Z"})

    world.before["Mark Notified"] = newer
    ending = world.review(review, lambda: world.answer(review))
    assert (ending.status, ending.output["status"]) == ("SUCCEEDED", "CLASSIFIED")
    assert world.pending


def test_a_mark_that_cannot_be_made_fails_no_review() -> None:
    denied = ServiceError("DynamoDb.AccessDeniedException", "not authorized to perform dynamodb:UpdateItem")
    world = ReviewWorld(faults={"Mark Notified": denied})
    review = world.wait_for_review()
    ending = world.review(review, lambda: world.answer(review))
    assert (ending.status, ending.output["status"]) == ("SUCCEEDED", "CLASSIFIED")
    world.sweep()
    assert_ended_once(world, "CLASSIFIED")
    assert len(notified(world)) == 1
