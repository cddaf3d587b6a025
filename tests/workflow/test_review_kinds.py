"""Reviews after the fact, by several people, and what nobody may see of them; digests."""

from __future__ import annotations

import json

import pytest

from loupe_batch.items import Item
from loupe_batch.names import Run
from loupe_batch.recording import Recorder
from loupe_batch.rows import answered
from loupe_core.errors import RecordsUnavailableError
from loupe_core.inference import Prediction
from loupe_core.s3_images import S3Images, StoredImage
from loupe_review.correcting import Corrector
from loupe_review.errors import ReviewTakenError
from loupe_review.review import AUDIT, CONCLUDED, UNCERTAIN, Review
from tests.workflow.review_world import SURE, UNSURE, ReviewWorld, assert_ended_once, notified
from tests.workflow.world import MANUAL, email, event


class TestAudit:
    """A confident picture is accepted at once, and a person looks at it afterwards."""

    def audited(self) -> tuple[ReviewWorld, Review]:
        world = ReviewWorld(predictions=SURE, audit_share=1.0)
        world.classify(MANUAL, "one")
        world.drain_streams()
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

    @pytest.mark.parametrize("said", [("LABEL", "7"), ("LABEL", "3"), ("NONE", ""), None])
    def test_of_a_picture_that_was_corrected_meanwhile_leaves_the_correction(
        self, said: tuple[str, str] | None
    ) -> None:
        world, review = self.audited()
        Corrector(world.desk, world.images, world.clock).correct(review.image_id, "bob", "LABEL", "1")
        corrected = world.record()

        def answer() -> None:
            if said is not None:
                world.answer(review, said[1], choice=said[0])

        assert world.review(review, answer).output["status"] == "UNCHANGED"
        assert (corrected["label"], world.record()) == ("1", corrected)
        assert world.reviews.get(review.review_id).status == CONCLUDED

    def test_a_reminder_says_that_the_picture_stays_accepted(self) -> None:
        world, review = self.audited()
        world.review(review)
        written = "".join(email(each) for each in world.messages if "still waits" in each["Subject"])
        assert "stays accepted" in written
        assert "refused" not in written

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


class TestBatch:
    """A run asks a person about its least sure pictures, whichever of them are audited."""

    @pytest.mark.parametrize("confidence", [0.97, 0.61])
    @pytest.mark.parametrize("answered_before", [True, False])
    def test_that_asks_about_an_audited_picture_gets_an_answer(
        self, confidence: float, answered_before: bool
    ) -> None:
        world = ReviewWorld(audit_share=1.0)
        predictions = [Prediction("7", confidence), Prediction("1", 0.02)]
        row = answered(Item("uploads", "uploads/seven.png", "v1"), predictions, 0.93, "digits-1", 9)
        recorder = Recorder(Run("zoo-1"), 0.93, world.images, S3Images(), world.clock)
        recorder.record(row, StoredImage(b"", "v1"))
        world.drain_streams()
        audits = list(world.reviews.all())
        assert [each.kind for each in audits] == ([AUDIT] if confidence > 0.93 else [])
        if answered_before:
            for audit in audits:
                world.review(audit, lambda audit=audit: world.answer(audit, "7"))  # type: ignore[misc]

        assert recorder.ask_person(row)
        world.drain_streams()
        for audit in audits:
            world.review(audit)
        (asked,) = [each for each in world.reviews.all() if each.kind == UNCERTAIN]
        assert [each.review_id for each in world.desk.waiting(10)] == [asked.review_id]
        world.review(asked, lambda: world.answer(asked, "1"))

        record = world.record()
        assert (record["status"], record["label"], record["labelledBy"]) == ("CLASSIFIED", "1", "person")
        assert len(notified(world)) == 1


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
                world.drain_streams()
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

    def test_it_says_which_pictures_the_model_is_sure_of(self) -> None:
        world = ReviewWorld(audit_share=1.0)
        world.predictions = SURE
        world.classify(event(key="uploads/sure.png"), "one")
        world.drain_streams()
        world.sweep_reviews()
        (written,) = [each for each in world.messages if "claimId" not in each.get("MessageAttributes", {})]
        assert written["Subject"] == "Loupe: 1 picture waits for you"
        assert "not sure enough" not in email(written)
        assert "accepted" in email(written)

        world.predictions = UNSURE
        world.classify(event(key="uploads/unsure.png"), "two")
        world.drain_streams()
        world.sweep_reviews(90)
        written = [each for each in world.messages if "claimId" not in each.get("MessageAttributes", {})][-1]
        assert written["Subject"] == "Loupe: 2 pictures wait for you"
        assert "not sure enough" in email(written)
        assert "accepted" in email(written)

    def test_it_comes_at_most_so_often_and_only_about_new_pictures(self) -> None:
        world = ReviewWorld()
        world.wait_for_review()
        for _ in range(30):
            world.sweep_reviews()
        assert len(world.messages) == 1
        world.classify(event(key="uploads/another.png"), "two")
        world.drain_streams()
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


def test_what_the_model_said_is_read_of_records_whatever_became_of_them() -> None:
    world = ReviewWorld()
    review = world.wait_for_review()
    before, now = "2026-11-20T00:00:00.000Z", "2026-11-22T00:00:00.000Z"
    assert [(each.label, each.confidence) for each in world.images.guesses(before, 10)] == [("7", 0.61)]
    world.review(review, lambda: world.answer(review, "1"))
    assert [(each.label, each.confidence) for each in world.images.guesses(before, 10)] == [("7", 0.61)]
    assert (world.images.guesses(before, 0), world.images.guesses(now, 10)) == ([], [])
