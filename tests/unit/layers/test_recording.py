"""What Record Result and Record Failure give, leave and refuse."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from moto import mock_aws

from loupe_core.claims import Claimant, iso
from loupe_core.contract import ImageReference, place_digest
from loupe_core.errors import InReviewError, InvalidInputError, SupersededError
from loupe_core.record_fields import Claim
from loupe_core.recording import output_of, record_outcome, request_of
from loupe_core.requests import Request
from loupe_core.settings import RecordSettings
from tests.unit.layers.images_table import IMAGE, NOW, Pictures, World

ARN = "arn:aws:states:us-east-1:111122223333:execution:classify:one"
EXECUTION = {"arn": ARN, "startedAt": "2026-11-12T11:59:59.000Z"}
CLAIMANT = Claimant(ARN, "2026-11-12T11:59:59.000Z")
UPLOAD = Request("uploads", "cat.jpg", "v2", "2".ljust(64, "0"), manual=False)
MANUAL = {"s3_bucket": "uploads", "s3_key": "cat.jpg"}
EVENT = {"detail": {"bucket": {"name": "uploads"}, "object": {"key": "cat.jpg", "sequencer": "2"}}}
PREDICTIONS = [{"label": "cat", "score": 0.7}, {"label": "dog", "score": 0.3}]
BOOM = {"Error": "Boom", "Cause": "It broke."}


class Scene:
    def __init__(self) -> None:
        self.world, self.pictures = World(), Pictures()

    def claim(self) -> Claim:
        return self.world.claim(UPLOAD, CLAIMANT)

    def record(self, event: dict[str, Any], review: float | None = None) -> dict[str, Any]:
        settings = RecordSettings("images", "made", review)
        given = {"input": EVENT, "execution": EXECUTION, **event}
        return record_outcome(given, settings, self.world.table, self.pictures, NOW)


@pytest.fixture
def scene() -> Iterator[Scene]:
    with mock_aws():
        yield Scene()


def test_an_execution_gives_what_its_record_says() -> None:
    record = {
        "status": "CLASSIFIED",
        "imageId": "1f",
        "label": "cat",
        "confidence": 0.96,
        "threshold": 0.93,
        "predictions": PREDICTIONS,
        "faceDetected": True,
        "faces": [{"confidence": 99.5}],
        "processedKey": "made.jpg",
        "title": "cat - 96.0%",
    }

    assert output_of({**record, "claimId": "nobody's business"}) == record


def test_of_what_a_record_has_not_an_execution_gives_null_or_nothing() -> None:
    nothing = dict.fromkeys(("label", "confidence", "threshold", "faceDetected", "processedKey"))

    assert output_of({"status": "FAILED", "imageId": "1f", "predictions": None, "faces": None}) == {
        **nothing,
        "status": "FAILED",
        "imageId": "1f",
        "predictions": [],
        "faces": [],
        "title": "",
    }


def test_a_picture_that_met_its_threshold_is_classified(scene: Scene) -> None:
    drawn = {"processedKey": "drawn.jpg"}
    findings = {"predictions": PREDICTIONS, "versionId": "v3", "annotated": drawn}
    claim = {**scene.claim().as_json(), "threshold": 0.6}

    answer = scene.record({"claim": claim, "findings": findings, "error": None})

    record = scene.world.record()
    assert answer["outcome"] == output_of(record)
    assert (record["status"], record["threshold"], record["versionId"]) == ("CLASSIFIED", 0.6, "v3")
    assert answer["notification"]["Subject"] == "Loupe: cat.jpg shows cat (70.0%)"
    assert "s3://made/drawn.jpg" in answer["notification"]["Message"]
    assert answer["error"] is None


@pytest.mark.parametrize(
    ("threshold", "review", "expected"),
    [(0.7, 0.0, "FAILED"), (0.8, None, "REJECTED"), (0.8, 0.71, "REJECTED"), (0.8, 0.7, "IN_REVIEW")],
)
def test_an_error_is_a_failure_a_refusal_or_a_persons_to_decide(
    scene: Scene, threshold: float, review: float | None, expected: str
) -> None:
    event = {
        "claim": {**scene.claim().as_json(), "threshold": threshold},
        "findings": {"predictions": PREDICTIONS},
        "error": BOOM,
    }
    if expected == "IN_REVIEW":
        with pytest.raises(InReviewError, match="a person looks at the picture"):
            scene.record(event, review)
    else:
        error = scene.record(event, review)["error"]
        name = "Boom" if expected == "FAILED" else "ThresholdConfidenceNotMetError"
        assert (error["Error"], "It broke." in error["Cause"]) == (name, True)
        assert error.keys() == {"Error", "Cause"}

    assert scene.world.record()["status"] == expected


@pytest.mark.parametrize("event", [{"findings": {"predictions": PREDICTIONS}}, {"claim": True}])
def test_a_result_needs_a_claim_and_predictions(scene: Scene, event: dict[str, Any]) -> None:
    given = {**event, **({"claim": scene.claim().as_json()} if "claim" in event else {})}

    with pytest.raises(InvalidInputError, match="claim and predictions"):
        scene.record(given)


def test_a_failure_without_a_claim_is_recorded_for_the_picture_that_its_input_names(scene: Scene) -> None:
    answer = scene.record({"error": BOOM})

    record = scene.world.record()
    assert (record["status"], record["claimId"], record["executionArn"]) == ("FAILED", CLAIMANT.claim_id, ARN)
    assert answer["outcome"]["imageId"] == IMAGE
    assert answer["error"] == BOOM


@pytest.mark.parametrize("given", [{"s3_bucket": "uploads"}, {"s3_key": "cat.jpg"}, None, {"Records": []}])
def test_an_input_that_names_no_picture_has_a_record_of_its_execution(scene: Scene, given: object) -> None:
    answer = scene.record({"input": given, "error": BOOM})

    assert answer["outcome"]["imageId"] == place_digest(ImageReference("", ARN))


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"s3_bucket": "uploads", "s3_key": "cat.jpg", "threshold": "high"}, ("uploads", "cat.jpg")),
        ({"s3_bucket": 1, "s3_key": "cat.jpg"}, ("", "cat.jpg")),
        ({"s3_bucket": "uploads", "s3_key": 1}, ("uploads", "")),
        ("nothing", ("", "")),
    ],
)
def test_of_an_invalid_input_the_place_is_known_that_it_names(given: object, place: tuple[str, str]) -> None:
    assert request_of(given) == Request(*place)


def test_a_persons_wish_that_cannot_be_met_changes_nothing_and_is_answered(scene: Scene) -> None:
    scene.world.put(status="CLASSIFIED", executionArn="another", sequencer="9")

    answer = scene.record({"input": MANUAL, "error": BOOM})

    assert scene.world.record()["status"] == "CLASSIFIED"
    assert (answer["outcome"]["status"], answer["outcome"]["imageId"]) == ("FAILED", IMAGE)
    assert answer["error"] == BOOM
    message = answer["notification"]
    assert message["Subject"] == "Loupe: cat.jpg failed, Boom"
    assert all(words in message["Message"] for words in ("s3://uploads/cat.jpg", ARN, "It broke."))


def test_an_upload_that_anothers_record_has_is_superseded(scene: Scene) -> None:
    scene.world.put(status="CLASSIFIED", executionArn="another", sequencer="9")

    with pytest.raises(SupersededError):
        scene.record({"error": BOOM})


class TestDeletedMeanwhile:
    def record(self, scene: Scene, version: str = "") -> None:
        findings = {"predictions": PREDICTIONS, "versionId": version}
        event = {"claim": scene.claim().as_json(), "findings": findings}
        deleted = {"status": "DELETED", "bucket": "uploads", "key": "cat.jpg", "claimId": "deleted"}
        scene.world.put(**deleted)
        with pytest.raises(SupersededError):
            scene.record(event)

    @pytest.mark.parametrize(("found", "removed"), [("", "v2"), ("v3", "v3")])
    def test_the_version_that_was_read_goes_with_what_was_made_of_it(
        self, scene: Scene, found: str, removed: str
    ) -> None:
        self.record(scene, found)

        assert scene.pictures.removed[0] == ImageReference("uploads", "cat.jpg", removed)
        made = [each for each in scene.pictures.removed if each.bucket == "made"]
        assert made[0] == ImageReference("made", "cat.jpg")
        assert len(made) == len(scene.pictures.removed) - 1
        assert not {"removals", "pending", "leaseUntil"} & scene.world.record().keys()

    def test_where_only_its_record_was_removed_the_upload_is_its_owners(self, scene: Scene) -> None:
        claim = scene.claim().as_json()
        scene.world.client.delete_item(TableName="images", Key={"imageId": {"S": IMAGE}})

        with pytest.raises(SupersededError):
            scene.record({"claim": claim, "findings": {"predictions": PREDICTIONS}})

        assert {each.bucket for each in scene.pictures.removed} == {"made"}

    def test_of_anothers_picture_nothing_goes(self, scene: Scene) -> None:
        claim = scene.claim().as_json()
        scene.world.put(**{**scene.world.record(), "claimId": "another", "claimedAt": iso(NOW)})

        with pytest.raises(SupersededError):
            scene.record({"claim": claim, "findings": {"predictions": PREDICTIONS}})

        assert scene.pictures.removed == []
