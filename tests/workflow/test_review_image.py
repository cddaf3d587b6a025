"""A picture that waits for a person ends once: whoever answers, when, how often, and whatever fails."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from loupe_core.errors import RecordsUnavailableError
from loupe_review.errors import ReviewOverError, ReviewTakenError, UndoTooLateError
from loupe_review.review import AUDIT, CONCLUDED, Review
from tests.workflow.interpreter import ServiceError
from tests.workflow.review_world import EXECUTION, ReviewWorld
from tests.workflow.world import MANUAL, email, event, raised

SURE = [{"label": "7", "score": 0.97}, {"label": "1", "score": 0.02}]


def notified(world: ReviewWorld) -> list[str]:
    """Subjects of what people were notified of about pictures, digests and reminders left out."""
    return [each["Subject"] for each in world.messages if "claimId" in each.get("MessageAttributes", {})]


def assert_ended_once(world: ReviewWorld, status: str) -> None:
    assert world.record()["status"] == status
    assert len(notified(world)) == 1
    assert not world.pending
    assert [each.status for each in world.reviews.all()] == [CONCLUDED]


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


def test_an_answered_review_takes_four_billed_transitions() -> None:
    world = ReviewWorld()
    review = world.wait_for_review()
    ending = world.review(review, lambda: world.answer(review))
    assert ending.entered == ["Wait For Answer", "Wait For Undo", "Conclude Review", "Notify Outcome"]


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
    world.settle_streams()
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


@pytest.mark.parametrize("dies_after", ["record", "review"])
def test_a_conclusion_that_dies_half_way_is_finished(dies_after: str) -> None:
    world = ReviewWorld()
    review = world.wait_for_review()
    change = world.reviews.change

    def dies(review_id: str, rule: Any) -> Review:
        if dies_after == "review":
            change(review_id, rule)
        world.reviews.change = change  # type: ignore[method-assign]
        raise RecordsUnavailableError("DynamoDB does not answer.")

    def answered() -> None:
        world.answer(review)
        world.settle_streams()
        world.reviews.change = dies  # type: ignore[method-assign]

    assert world.review(review, answered).status == "FAILED"  # The interpreter retries nothing.
    world.sweep_reviews()
    world.sweep(10)
    assert_ended_once(world, "CLASSIFIED")


def test_a_newer_version_supersedes_the_review() -> None:
    world = ReviewWorld()
    world.classify(event(), "one")
    world.settle_streams()
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
    world.settle_streams()
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
    world.settle_streams()
    assert world.record()["status"] == "IN_REVIEW"
    assert len(list(world.reviews.all())) == 2
    assert "error" not in world.record()


def test_an_event_of_the_stream_that_comes_twice_opens_one_review() -> None:
    world = ReviewWorld()
    world.wait_for_review()
    world._images_seen.clear()
    world.settle_streams()
    assert len(list(world.reviews.all())) == 1
    assert len(world.started) == 1


def test_what_the_stream_lost_is_opened_by_the_schedule() -> None:
    world = ReviewWorld()
    world.classify(MANUAL, "one")
    assert [world.opener.consider(record) for record in world.images.in_review()] == [True]
    assert len(world.started) == 1


@pytest.mark.parametrize("score", [0.97, 0.61, 0.3])
def test_without_a_review_threshold_nothing_is_reviewed(score: float) -> None:
    world = ReviewWorld(review_threshold=None, predictions=[{"label": "7", "score": score}])
    world.classify(MANUAL, "one")
    world.settle_streams()
    world.sweep_reviews()
    assert world.record()["status"] == ("CLASSIFIED" if score > 0.93 else "REJECTED")
    assert len(notified(world)) == len(world.messages) == 1
    assert not world.started
    assert not list(world.reviews.all())


class TestAudit:
    """A confident picture is accepted at once, and a person looks at it afterwards."""

    def audited(self) -> tuple[ReviewWorld, Review]:
        world = ReviewWorld(predictions=SURE, audit_share=1.0)
        world.classify(MANUAL, "one")
        world.settle_streams()
        (review,) = list(world.reviews.all())
        assert (review.kind, world.record()["status"], len(notified(world))) == (AUDIT, "CLASSIFIED", 1)
        return world, review

    def test_that_agrees_changes_nothing(self) -> None:
        world, review = self.audited()
        before = world.record()
        assert world.review(review, lambda: world.answer(review, "7")).output["status"] == "UNCHANGED"
        assert world.record() == before
        assert len(notified(world)) == 1

    def test_that_nobody_answers_changes_nothing(self) -> None:
        world, review = self.audited()
        assert world.review(review).output["status"] == "UNCHANGED"
        assert world.record()["labelledBy"] == "model"

    def test_that_disagrees_corrects_the_record_and_notifies(self) -> None:
        world, review = self.audited()
        world.review(review, lambda: world.answer(review, "1"))
        record = world.record()
        assert (record["label"], record["labelledBy"], record["modelLabel"]) == ("1", "person", "7")
        assert (record["title"], len(notified(world)), world.pending) == ("1", 2, False)

    def test_a_share_is_chosen_the_same_way_every_time(self) -> None:
        world = ReviewWorld(predictions=SURE, audit_share=0.25)
        chosen = [
            world.opener.consider(
                {
                    "status": "CLASSIFIED",
                    "labelledBy": "model",
                    "imageId": "0" * 32,
                    "claimId": f"claim {number}",
                    "predictions": SURE,
                }
            )
            for number in range(400)
        ]
        assert 60 < sum(chosen) < 140


class TestSeveralReviewers:
    """Two or three people look at a picture, none seeing another's answer."""

    def test_two_who_agree_decide(self) -> None:
        world = ReviewWorld(required=2)
        review = world.wait_for_review()

        def both() -> None:
            world.answer(review, "1", "ann")
            assert world.reviews.get(review.review_id).status == "WAITING"
            world.answer(review, "1", "bob")

        world.review(review, both)
        assert_ended_once(world, "CLASSIFIED")

    def test_a_tie_goes_to_one_more(self) -> None:
        world = ReviewWorld(required=2)
        review = world.wait_for_review()

        def three() -> None:
            world.answer(review, "1", "ann")
            world.answer(review, "7", "bob")
            assert world.desk.next("ann") is None
            assert world.desk.next("eve") is not None
            world.answer(review, "7", "eve")

        world.review(review, three)
        assert world.record()["label"] == "7"

    def test_nobody_answers_twice(self) -> None:
        world = ReviewWorld(required=3)
        review = world.wait_for_review()
        world.answer(review, "1")
        with pytest.raises(ReviewTakenError):
            world.answer(review, "7")


class TestSecrecy:
    """Whoever holds a task's token can end it: it is in one table, and nowhere else."""

    def test_no_token_is_logged_recorded_or_sent(self, capfd: pytest.CaptureFixture[str]) -> None:
        world = ReviewWorld()
        review = world.wait_for_review()
        ending = world.review(review, lambda: world.answer(review))
        (item,) = world._client.scan(TableName="TokensTable")["Items"]
        token = item["taskToken"]["S"]
        said = capfd.readouterr()
        kept = [world._client.scan(TableName=name)["Items"] for name in ("ImagesTable", "ReviewsTable")]
        for place in (said.out, said.err, kept, world.messages, ending.output, world.started, world.payloads):
            assert token not in json.dumps(place, default=str)

    def test_a_bell_that_fails_rings_again_without_naming_the_token(
        self, capfd: pytest.CaptureFixture[str]
    ) -> None:
        world = ReviewWorld()
        review = world.wait_for_review()

        def answered() -> None:
            world.answer(review)
            world.bell_down = True
            with pytest.raises(RecordsUnavailableError) as caught:
                world.settle_streams()
            assert "token" not in str(caught.value)
            world.later(minutes=1)
            with pytest.raises(RecordsUnavailableError):
                world.ringer.ring_again()
            world.bell_down = False
            world.ringer.ring_again()

        world.review(review, answered)
        assert_ended_once(world, "CLASSIFIED")
        assert "token 1" not in capfd.readouterr().out


class TestDigest:
    """Reviewers get one e-mail about many pictures."""

    def test_it_names_how_many_wait_and_links_the_page_only(self) -> None:
        world = ReviewWorld()
        world.wait_for_review()
        world.sweep_reviews()
        (message,) = world.messages
        assert message["Subject"] == "Loupe: 1 picture waits for you"
        assert "https://pictures.example.com/review" in email(message)
        assert "taskToken" not in email(message)

    def test_it_comes_at_most_so_often_and_only_about_new_pictures(self) -> None:
        world = ReviewWorld()
        world.wait_for_review()
        for _ in range(30):
            world.sweep_reviews()
        assert len(world.messages) == 1
        world.classify(event(key="uploads/another.png"), "two")
        world.settle_streams()
        world.sweep_reviews()
        assert len(world.messages) == 2

    def test_what_could_not_be_sent_is_sent_the_next_time(self) -> None:
        world = ReviewWorld()
        world.wait_for_review()
        world.sns_down = True
        with pytest.raises(Exception, match="not authorized"):
            world.sweep_reviews()
        world.sns_down = False
        world.sweep_reviews()
        assert len(world.messages) == 1

    def test_zero_minutes_send_none(self) -> None:
        world = ReviewWorld(digest_minutes=0)
        world.wait_for_review()
        world.sweep_reviews()
        assert not world.messages
