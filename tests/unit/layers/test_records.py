"""The Images table: what each step leaves of a record, and that it leaves another's alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from moto import mock_aws

from loupe_core.claims import EXPRESS_LEASE, STANDARD_LEASE, Claimant, iso
from loupe_core.contract import Face, ImageReference, place_digest
from loupe_core.errors import DuplicateError, RecordsUnavailableError, SupersededError
from loupe_core.inference import Prediction
from loupe_core.outcomes import FaceSearch, Failure, Findings, Outcome
from loupe_core.record_fields import FORMER, RESULTS, Claim
from loupe_core.records import CLAIM_ATTEMPTS, NOTIFY_LEASE, ImagesTable
from loupe_core.requests import Request
from tests.unit.layers.images_table import IMAGE, NOTHING_FOUND, NOW, PLACE, World

LATER = NOW + timedelta(minutes=1)
ARN = "arn:aws:states:us-east-1:111122223333:execution:classify:one"
EXPRESS = "arn:aws:states:us-east-1:111122223333:express:classify:one:two"
CLAIMANT = Claimant(ARN, "2026-11-12T11:59:59.000Z")
ANOTHER = Claimant(f"{ARN}-another", "2026-11-12T11:59:58.000Z")
UPLOAD = Request("uploads", "cat.jpg", "v2", "2".ljust(64, "0"), manual=False, modified_at=iso(NOW), size=9)
FAILED = Outcome("FAILED", Findings(), failure=Failure("CorruptImageError", "It is torn."))
CLASSIFIED = Outcome(
    "CLASSIFIED",
    Findings(
        "v3",
        (Prediction("cat", 0.96), Prediction("dog", 0.04)),
        FaceSearch((Face(0.1, 0.2, 0.3, 0.4, 99.5),)),
        {"processedKey": "cat.jpg", "previewKey": "preview/cat.jpg"},
    ),
    0.93,
)
# What a classified picture's record holds of its outcome.
RESULT = {
    "status": "CLASSIFIED",
    "label": "cat",
    "confidence": 0.96,
    "threshold": 0.93,
    "predictions": [{"label": "cat", "score": 0.96}, {"label": "dog", "score": 0.04}],
    "faceDetected": True,
    "faces": [{"confidence": 99.5, "boundingBox": {"left": 0.1, "top": 0.2, "width": 0.3, "height": 0.4}}],
    "facesError": None,
    "processedKey": "cat.jpg",
    "previewKey": "preview/cat.jpg",
    "labelledBy": "model",
    "title": "cat - 96.0%",
    "autoTitle": True,
}
# And a failed one's.
FAILURE: dict[str, object] = {
    "status": "FAILED",
    **NOTHING_FOUND,
    "error": {"name": "CorruptImageError", "cause": "It is torn."},
}
# What an upload's claim leaves.
CLAIMED = {
    "imageId": IMAGE,
    "status": "RECEIVED",
    "bucket": "uploads",
    "key": "cat.jpg",
    "versionId": "v2",
    "modifiedAt": "2026-11-12T12:00:00.000Z",
    "executionArn": ARN,
    "claimId": f"{ARN}#2026-11-12T11:59:59.000Z",
    "claimedAt": "2026-11-12T12:00:00.000Z",
    "manual": False,
    "createdAt": "2026-11-12T12:00:00.000Z",
    "updatedAt": "2026-11-12T12:00:00.000Z",
    "sequencer": "2".ljust(64, "0"),
    "pending": IMAGE[0],
    "leaseUntil": iso(NOW + STANDARD_LEASE),
}


@pytest.fixture
def world() -> Iterator[World]:
    with mock_aws():
        yield World()


def without(record: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in names}


class TestClaim:
    def test_a_new_pictures_record_holds_what_its_event_said_and_whose_it_is(self, world: World) -> None:
        claim = world.claim(UPLOAD, CLAIMANT)

        assert world.record() == CLAIMED
        assert claim == Claim(
            IMAGE, CLAIMANT.claim_id, "uploads", "cat.jpg", "v2", False, 0.93, "", iso(NOW), ARN
        )
        assert Claim.parse(claim.as_json()) == claim

    def test_an_express_executions_claim_holds_for_less(self, world: World) -> None:
        world.claim(UPLOAD, Claimant(EXPRESS, "now"))

        assert world.record()["leaseUntil"] == iso(NOW + EXPRESS_LEASE)

    def test_nothing_is_left_of_what_was_known_of_a_former_version(self, world: World) -> None:
        world.put(
            **dict.fromkeys((*RESULTS, *FORMER), "former"),
            status="CLASSIFIED",
            executionArn="former",
            versionId="v1",
            sequencer="1",
            autoTitle=True,
            title="dog - 99.0%",
            createdAt="2025",
            owner="ada",
        )
        world.claim(UPLOAD, CLAIMANT)

        assert world.record() == {**CLAIMED, "createdAt": "2025", "owner": "ada"}

    @pytest.mark.parametrize(
        ("kept", "asked", "title"),
        [("Tom", None, "Tom"), ("Tom", "Kitty", "Kitty"), ("", "Kitty", "Kitty"), ("", None, "")],
    )
    def test_a_title_that_a_person_gave_stays(
        self, world: World, kept: str, asked: str | None, title: str
    ) -> None:
        world.put(title=kept, autoTitle=False, sequencer="1")

        claim = world.claim(Request("uploads", "cat.jpg", title=asked), CLAIMANT)

        assert claim.title == world.record().get("title", "") == title
        assert "autoTitle" not in world.record()

    def test_a_persons_request_leaves_the_place_in_the_order_of_uploads(self, world: World) -> None:
        world.put(executionArn="former", sequencer="7")
        world.claim(Request("uploads", "cat.jpg"), CLAIMANT)

        assert (world.record()["sequencer"], world.record()["manual"]) == ("7", True)

    def test_a_claimed_picture_is_refused_to_another_and_given_again_to_the_same(self, world: World) -> None:
        world.claim(UPLOAD, CLAIMANT)
        with pytest.raises(DuplicateError):
            world.claim(UPLOAD, ANOTHER)

        assert world.claim(UPLOAD, CLAIMANT, LATER).claimed_at == iso(LATER)
        assert world.record()["claimId"] == CLAIMANT.claim_id

    def test_a_record_of_a_former_release_keeps_its_id(self, world: World) -> None:
        former = place_digest(PLACE)
        world.put(imageId=former)

        assert world.claim(UPLOAD, CLAIMANT).image_id == world.table.id_of(PLACE) == former

        world.put()
        assert world.table.id_of(PLACE) == IMAGE

    def test_who_is_always_a_moment_late_gives_up_and_says_so(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world.put(status="CLASSIFIED", sequencer="1", executionArn="former")
        attempts = changed_meanwhile(world, monkeypatch)

        with pytest.raises(RecordsUnavailableError, match=f"record {IMAGE} is changed by others"):
            world.claim(UPLOAD, CLAIMANT)

        assert len(attempts) == CLAIM_ATTEMPTS


def changed_meanwhile(world: World, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Have the record change between each look at it and each write; gives the writes."""
    writes: list[dict[str, Any]] = []
    update = world.client.update_item

    def late(**given: Any) -> Any:
        writes.append(given)
        world.put(**{**world.record(), "claimId": str(len(writes))})
        return update(**given)

    monkeypatch.setattr(world.client, "update_item", late)
    return writes


class TestOutcome:
    def test_a_classified_pictures_record_holds_the_result(self, world: World) -> None:
        record = world.table.record(world.claim(UPLOAD, CLAIMANT), CLASSIFIED, LATER, processedVersion="p1")

        expected = {**CLAIMED, **RESULT, "versionId": "v3", "updatedAt": iso(LATER), "processedVersion": "p1"}
        assert record == world.record() == expected

    def test_a_persons_title_is_kept_and_is_not_the_models(self, world: World) -> None:
        claim = world.claim(Request("uploads", "cat.jpg", title="Tom"), CLAIMANT)

        record = world.table.record(claim, CLASSIFIED, LATER)

        assert (record["title"], record["autoTitle"]) == ("Tom", False)

    def test_a_failed_pictures_record_holds_the_error_and_the_claims_version(self, world: World) -> None:
        assert world.table.record(world.claim(UPLOAD, CLAIMANT), FAILED, LATER) == {
            **CLAIMED,
            **FAILURE,
            "updatedAt": iso(LATER),
        }

    def test_what_was_said_of_a_former_outcome_goes(self, world: World) -> None:
        claim = world.claim(UPLOAD, CLAIMANT)
        world.put(**world.record(), error={}, reclaimable=True, notifiedAt="then", finalizing=True)

        assert world.table.record(claim, CLASSIFIED, LATER).keys() == {*CLAIMED, *RESULT}

    def test_a_picture_in_review_is_not_pending(self, world: World) -> None:
        claim = world.claim(UPLOAD, CLAIMANT)
        world.put(**world.record(), error={}, reclaimable=True)
        record = world.table.record(claim, Outcome("IN_REVIEW"), LATER)

        assert record["status"] == "IN_REVIEW"
        assert not {"pending", "leaseUntil", "error", "reclaimable"} & record.keys()

    @pytest.mark.parametrize(
        ("after", "lease"),
        [
            (STANDARD_LEASE - timedelta(seconds=1), NOW + STANDARD_LEASE),
            (STANDARD_LEASE, NOW + STANDARD_LEASE + NOTIFY_LEASE),
        ],
    )
    def test_a_redriven_execution_gets_time_to_notify(
        self, world: World, after: timedelta, lease: datetime
    ) -> None:
        record = world.table.record(world.claim(UPLOAD, CLAIMANT), CLASSIFIED, NOW + after)

        assert (record["pending"], record["leaseUntil"]) == (IMAGE[0], iso(lease))

    def test_who_has_lost_the_picture_writes_nothing(self, world: World) -> None:
        claim = world.claim(UPLOAD, CLAIMANT)
        world.put(**{**world.record(), "claimId": ANOTHER.claim_id})
        before = world.record()

        with pytest.raises(SupersededError, match=f"record {IMAGE} is no longer this execution's"):
            world.table.record(claim, CLASSIFIED, LATER)

        assert world.record() == before


class TestUnclaimed:
    def record(self, world: World, request: Request = UPLOAD, **more: object) -> dict[str, Any]:
        return world.table.record_unclaimed(IMAGE, request, CLAIMANT, FAILED, NOW, **more)

    def test_an_unknown_pictures_record_says_what_its_event_said(self, world: World) -> None:
        record = self.record(world, reclaimable=True)

        known = without(CLAIMED, "claimedAt", "modifiedAt")
        lease = {"leaseUntil": iso(NOW + NOTIFY_LEASE)}
        assert record == world.record() == {**known, **FAILURE, **lease, "reclaimable": True}

    def test_of_a_known_one_stays_when_it_was_made_and_its_place_in_the_order(self, world: World) -> None:
        world.put(
            createdAt="2025", sequencer="7", owner="ada", expiresAt=1, notifiedAt="then", **{FORMER[0]: 1}
        )

        record = self.record(world, Request("uploads", "cat.jpg"))

        assert (record["createdAt"], record["sequencer"], record["owner"]) == ("2025", "7", "ada")
        assert record["manual"] is True
        assert not {"expiresAt", "notifiedAt", FORMER[0]} & record.keys()

    def test_a_later_upload_may_have_anothers_record(self, world: World) -> None:
        world.put(executionArn="another", sequencer="1".ljust(64, "0"))

        assert self.record(world)["executionArn"] == ARN

    @pytest.mark.parametrize(
        ("record", "why"),
        [
            ({"executionArn": "another", "sequencer": UPLOAD.sequencer}, "another execution's"),
            ({"executionArn": ARN, "finalizing": True}, "being finalized"),
            ({"executionArn": ARN, "notifiedAt": "then"}, "this execution's, and was notified"),
        ],
    )
    def test_what_is_known_better_stays(self, world: World, record: dict[str, Any], why: str) -> None:
        world.put(**record)

        with pytest.raises(SupersededError, match=f"The record {IMAGE} is {why}"):
            self.record(world)

        assert world.record() == {"imageId": IMAGE, **record}

    def test_another_executions_notification_keeps_nobody(self, world: World) -> None:
        world.put(executionArn="another", notifiedAt="then", sequencer="1")

        assert self.record(world)["claimId"] == CLAIMANT.claim_id

    def test_who_is_always_a_moment_late_gives_up_and_says_so(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world.put(sequencer="1")
        attempts = changed_meanwhile(world, monkeypatch)

        with pytest.raises(RecordsUnavailableError, match=f"record {IMAGE} is changed by others"):
            self.record(world)

        assert len(attempts) == CLAIM_ATTEMPTS


class TestPending:
    def test_what_is_past_its_lease_is_found_in_every_partition_the_oldest_first(self, world: World) -> None:
        for first in "0f":
            for minutes in (3, 2, 1, 0, -1):
                image = f"{first}{minutes}"
                world.put(imageId=image, pending=first, leaseUntil=iso(NOW - timedelta(minutes=minutes)))

        assert [each["imageId"] for each in world.table.pending(NOW, 9)] == [
            "03",
            "02",
            "01",
            "f3",
            "f2",
            "f1",
        ]
        assert [each["imageId"] for each in world.table.pending(NOW, 1)] == ["03", "f3"]

    def test_who_finishes_a_record_has_its_lease(self, world: World) -> None:
        world.claim(UPLOAD, CLAIMANT)

        assert world.table.take_over(world.record(), LATER)

        assert world.record() == {**CLAIMED, "leaseUntil": iso(LATER), "finalizing": True}

    @pytest.mark.parametrize("name", ["claimId", "status", "leaseUntil"])
    def test_what_somebody_has_changed_since_it_was_read_is_not_taken_over(
        self, world: World, name: str
    ) -> None:
        world.claim(UPLOAD, CLAIMANT)
        read = world.record()
        world.put(**{**read, name: "another"})

        assert not world.table.take_over(read, LATER)
        assert "finalizing" not in world.record()

    def test_a_revoked_claim_has_its_outcome_and_can_write_no_more(self, world: World) -> None:
        claim = world.claim(UPLOAD, CLAIMANT)

        revoked = world.table.revoke(world.record(), FAILED, NOW, LATER)

        assert (
            revoked
            == world.record()
            == {
                **CLAIMED,
                **FAILURE,
                "claimId": f"{CLAIMANT.claim_id}#finalized",
                "leaseUntil": iso(LATER),
                "reclaimable": True,
                "finalizing": True,
            }
        )
        with pytest.raises(SupersededError):
            world.table.record(claim, CLASSIFIED, LATER)

    @pytest.mark.parametrize("name", ["executionArn", "status", "claimId"])
    def test_a_claim_that_has_ended_otherwise_is_not_revoked(self, world: World, name: str) -> None:
        world.claim(UPLOAD, CLAIMANT)
        read = world.record()
        world.put(**{**read, name: "another"})

        # Only a claim's status is RECEIVED, whatever the reader saw.
        assert world.table.revoke({**read, "status": "RECEIVED"}, FAILED, NOW, LATER) is None
        assert world.record()[name] == "another"

    def test_an_acknowledged_outcome_is_no_longer_pending(self, world: World) -> None:
        world.claim(UPLOAD, CLAIMANT)
        world.put(**world.record(), finalizing=True)

        assert world.table.acknowledge(IMAGE, CLAIMANT.claim_id, "RECEIVED", LATER)

        assert world.record() == {**without(CLAIMED, "pending", "leaseUntil"), "notifiedAt": iso(LATER)}

    @pytest.mark.parametrize("other", [(ANOTHER.claim_id, "RECEIVED"), (CLAIMANT.claim_id, "CLASSIFIED")])
    def test_an_acknowledgement_of_another_outcome_changes_nothing(
        self, world: World, other: tuple[str, str]
    ) -> None:
        world.claim(UPLOAD, CLAIMANT)

        assert not world.table.acknowledge(IMAGE, *other, LATER)
        assert world.record() == CLAIMED


class TestReplacement:
    def test_a_record_gets_another_outcome_and_is_pending_only_to_notify(self, world: World) -> None:
        world.put(status="IN_REVIEW", claimId="c", reviewId="r")

        silent = world.table.replace_outcome(world.record(), {"status": "A"}, ["reviewId"], NOW, notify=False)
        told = world.table.replace_outcome(world.record(), {"status": "B"}, [], LATER, notify=True)

        assert silent == {"imageId": IMAGE, "status": "A", "claimId": "c", "updatedAt": iso(NOW)}
        mark = {"pending": IMAGE[0], "leaseUntil": iso(LATER + NOTIFY_LEASE)}
        assert told == world.record() == {**(silent or {}), "status": "B", "updatedAt": iso(LATER), **mark}

    @pytest.mark.parametrize("name", ["claimId", "status"])
    def test_another_claims_record_and_another_status_stay(self, world: World, name: str) -> None:
        seen = {"imageId": IMAGE, "status": "IN_REVIEW", "claimId": "c"}
        world.put(**{**seen, name: "another"})

        assert world.table.replace_outcome(seen, {"label": "cat"}, [], NOW, notify=True) is None
        assert world.record() == {**seen, name: "another"}

    @pytest.mark.parametrize(
        "name", ["status", "executionArn", "claimId", "sequencer", "deletedAt", "labelledBy"]
    )
    @pytest.mark.parametrize("before", [{}, {"was": "so"}])
    def test_a_batch_writes_over_nothing_that_it_has_not_seen(
        self, world: World, name: str, before: dict[str, str]
    ) -> None:
        seen = {"imageId": IMAGE, **({name: before["was"]} if before else {})}
        world.put(**{**seen, name: "another"})

        assert not world.table.record_batch(IMAGE, seen, {"label": "cat"}, [])
        assert not world.table.record_batch(IMAGE, None, {"label": "cat"}, [])
        assert world.record() == {"imageId": IMAGE, name: "another"}

    def test_a_batch_writes_what_it_has_seen_or_nobody_had(self, world: World) -> None:
        assert world.table.record_batch(IMAGE, None, {"label": "cat", "kept": 1}, ["label", "gone"])
        assert world.record() == {"imageId": IMAGE, "label": "cat", "kept": 1}

        assert world.table.record_batch(IMAGE, world.record(), {}, ["label"])
        assert world.record() == {"imageId": IMAGE, "kept": 1}


class TestRemoval:
    def test_each_version_of_a_deleted_picture_is_noted_until_it_is_gone(self, world: World) -> None:
        world.put(status="DELETED")
        one, none = ImageReference("uploads", "cat.jpg", "v1"), ImageReference("uploads", "cat.jpg")
        world.table.note_removal(one, NOW)
        world.table.note_removal(none, LATER)

        noted = world.record()
        assert set(noted.pop("removals")) == {"v1", "null"}
        tombstone = {"imageId": IMAGE, "status": "DELETED", "bucket": "uploads", "key": "cat.jpg"}
        assert noted == {**tombstone, "pending": IMAGE[0], "leaseUntil": iso(LATER)}

        world.table.forget_removal(one)
        assert world.is_pending()
        world.table.forget_removal(none)
        assert world.record() == tombstone

    def test_a_picture_that_was_uploaded_anew_is_not_to_be_removed(self, world: World) -> None:
        world.claim(UPLOAD, CLAIMANT)
        world.table.note_removal(PLACE, LATER)
        world.table.forget_removal(PLACE)

        assert world.record() == CLAIMED


def test_a_record_is_read_as_it_was_last_written() -> None:
    """An older copy would let two executions have one picture."""

    class Client:
        asked: dict[str, Any]

        def get_item(self, **request: Any) -> dict[str, Any]:
            self.asked = request
            return {}

    client = Client()

    assert ImagesTable("images", client).get("1f") is None  # type: ignore[arg-type] # a fake
    assert client.asked == {"TableName": "images", "Key": {"imageId": {"S": "1f"}}, "ConsistentRead": True}
