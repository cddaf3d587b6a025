"""A picture that waits for a person: who answers, when, how often, and what becomes of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from loupe_review.errors import ReviewOverError, UndoTooLateError
from tests.workflow.review_world import ReviewWorld, assert_ended_once, notified
from tests.workflow.world import email


def test_a_persons_label_is_recorded_with_the_models_guess_beside_it() -> None:
    world = ReviewWorld()
    review = world.wait_for_review()
    assert world.record()["status"] == "IN_REVIEW"
    assert not world.messages
    ending = world.review(review, lambda: world.answer(review, "1"))
    assert (ending.status, ending.output["status"], ending.output["label"]) == (
        "SUCCEEDED",
        "CLASSIFIED",
        "1",
    )
    assert_ended_once(world, "CLASSIFIED")
    record = world.record()
    assert (record["label"], record["labelledBy"], record["modelLabel"]) == ("1", "person", "7")
    assert notified(world) == ["Loupe: seven.png shows 1 (labelled by a person)"]
    assert "Model's guess: 7" in email(world.messages[0])


def test_an_answered_review_takes_five_billed_transitions() -> None:
    world = ReviewWorld()
    review = world.wait_for_review()
    ending = world.review(review, lambda: world.answer(review))
    assert ending.entered == [
        "Wait For Answer",
        "Wait For Undo",
        "Conclude Review",
        "Notify Outcome",
        "Mark Notified",
    ]


@pytest.mark.parametrize(
    ("choice", "error", "words"),
    [("NONE", "NoLabelFitsError", "no label fits"), ("UNUSABLE", "UnusableImageError", "unusable")],
)
def test_none_of_these_and_unusable_are_refused_for_their_own_reasons(
    choice: str, error: str, words: str
) -> None:
    world = ReviewWorld()
    review = world.wait_for_review()
    ending = world.review(review, lambda: world.answer(review, choice=choice))
    assert ending.output["status"] == "REJECTED"
    assert_ended_once(world, "REJECTED")
    assert world.record()["error"]["name"] == error
    assert notified(world) == [f"Loupe: seven.png was refused, {words}"]


def test_a_label_that_the_model_no_longer_has_is_taken() -> None:
    world = ReviewWorld()
    review = world.wait_for_review()
    world.review(review, lambda: world.answer(review, "a label of long ago"))
    assert world.record()["label"] == "a label of long ago"
    assert "a label of long ago" in world.reviews.labels()


def test_nobody_in_time_is_reminded_once_and_then_the_picture_is_refused() -> None:
    world = ReviewWorld()
    review = world.wait_for_review()
    ending = world.review(review)
    assert ending.entered.count("Wait For Answer") == 2
    assert world.messages[0]["Subject"] == "Loupe: a picture still waits for you"
    assert_ended_once(world, "REJECTED")
    assert world.record()["error"]["name"] == "ReviewTimedOutError"
    assert notified(world) == ["Loupe: seven.png was refused, not reviewed in time"]


def test_an_answer_after_the_reminder_counts() -> None:
    world = ReviewWorld()
    review = world.wait_for_review()
    world.review(review, lambda: None, lambda: world.answer(review))
    assert_ended_once(world, "CLASSIFIED")


def test_an_escalated_picture_waits_behind_all_others() -> None:
    world = ReviewWorld()
    review = world.wait_for_review()
    orders = []

    def look() -> None:
        orders.append(world.reviews.get(review.review_id).order)
        world.answer(review)

    world.review(review, lambda: None, look)
    assert review.order < "2"
    assert orders[0].startswith("9")


def test_an_answer_after_the_timeout_is_too_late_and_says_so() -> None:
    world = ReviewWorld()
    review = world.wait_for_review()
    world.review(review)
    with pytest.raises(ReviewOverError):
        world.answer(review)
    assert_ended_once(world, "REJECTED")


@pytest.mark.parametrize("lost", [False, True])
def test_the_timeout_counts_once_though_escalating_is_repeated(lost: bool) -> None:
    world = ReviewWorld()
    review = world.wait_for_review()
    escalate = world.concluder.escalate

    def twice(review_id: str) -> dict[str, Any]:
        if lost:
            escalate(review_id)  # Its answer is lost, and Step Functions tries again.
        return escalate(review_id)

    object.__setattr__(world.concluder, "escalate", twice)
    ending = world.review(review, lambda: None, lambda: world.answer(review))
    assert ending.output["status"] == "CLASSIFIED"


def test_two_answers_in_the_same_instant_one_counts() -> None:
    world = ReviewWorld()
    review = world.wait_for_review()
    put, others = world.reviews._put, [lambda: world.answer(review, "1", "bob")]

    def slower(*arguments: Any) -> bool:
        if others:
            others.pop()()  # Bob's answer arrives between Ann's reading and her writing.
        return put(*arguments)

    def both() -> None:
        world.reviews._put = slower  # type: ignore[method-assign, assignment]
        with pytest.raises(ReviewOverError):
            world.answer(review, "7", "ann")
        world.reviews._put = put  # type: ignore[method-assign]

    world.review(review, both)
    assert_ended_once(world, "CLASSIFIED")
    assert world.record()["label"] == "1"
    assert [each.reviewer for each in world.reviews.get(review.review_id).answers] == ["bob"]


def test_an_answer_whose_acknowledgement_was_lost_may_be_given_again() -> None:
    world = ReviewWorld()
    review = world.wait_for_review()
    world.answer(review)
    assert world.answer(review).answers[0].reviewer == "ann"
    assert len(world.reviews.get(review.review_id).answers) == 1


def test_an_answer_before_the_execution_waits_is_met_by_ringing_again() -> None:
    world = ReviewWorld()
    review = world.wait_for_review()
    world.answer(review)
    world.drain_streams()
    assert not world.rung, "there is no token yet"
    world.review(review)
    assert_ended_once(world, "CLASSIFIED")


def test_an_answer_taken_back_waits_again() -> None:
    world = ReviewWorld()
    review = world.wait_for_review()
    world.undoing.append(lambda: world.desk.undo(review.review_id, "ann"))
    ending = world.review(review, lambda: world.answer(review, "1"), lambda: world.answer(review, "7"))
    assert ending.entered.count("Wait For Answer") == 2
    assert_ended_once(world, "CLASSIFIED")
    assert world.record()["label"] == "7"
    assert [each.label for each in world.reviews.get(review.review_id).withdrawn] == ["1"]


def test_an_answer_replaced_within_the_ten_seconds_gets_ten_of_its_own() -> None:
    world = ReviewWorld()
    review = world.wait_for_review()

    def think_again() -> None:
        world.later(seconds=8)
        world.desk.undo(review.review_id, "ann")
        world.later(seconds=5)
        world.answer(review, "9")
        world.now -= timedelta(seconds=9)  # The Wait state began with the first answer.

    world.undoing.append(think_again)
    ending = world.review(review, lambda: world.answer(review, "1"))
    assert ending.entered.count("Wait For Undo") == 2
    assert world.record()["label"] == "9"


def test_ten_seconds_later_it_is_too_late() -> None:
    world = ReviewWorld()
    review = world.wait_for_review()
    world.answer(review)
    world.later(seconds=11)
    with pytest.raises(UndoTooLateError):
        world.desk.undo(review.review_id, "ann")
    with pytest.raises(UndoTooLateError):
        world.desk.undo(review.review_id, "bob")
