"""What a record holds of an outcome, and a claim on its way through the state machine."""

from datetime import UTC, datetime

import pytest

from loupe_core.contract import Face
from loupe_core.inference import Prediction
from loupe_core.outcomes import FaceSearch, Failure, Findings, Outcome
from loupe_core.record_fields import Claim, missing_attributes, outcome_attributes, pending_mark
from tests.unit.layers.images_table import NOTHING_FOUND

BEST = (Prediction("cat", 0.96), Prediction("dog", 0.04))


def test_a_claim_is_the_same_after_its_way_through_the_state_machine() -> None:
    claim = Claim("1f", "arn#then", "uploads", "cat.jpg", "v1", True, 0.5, "Tom", "2026", "arn")

    given = claim.as_json()

    assert given == {
        "imageId": "1f",
        "claimId": "arn#then",
        "bucket": "uploads",
        "key": "cat.jpg",
        "versionId": "v1",
        "manual": True,
        "threshold": 0.5,
        "title": "Tom",
        "claimedAt": "2026",
        "executionArn": "arn",
    }
    assert Claim.parse(given) == claim
    # JSON has one kind of number.
    assert isinstance(Claim.parse({**given, "threshold": 1}).threshold, float)


def test_a_classified_pictures_record_holds_all_that_was_found() -> None:
    faces = FaceSearch((Face(0.1, 0.2, 0.3, 0.4, 99.5),))
    outcome = Outcome("CLASSIFIED", Findings("v1", BEST, faces, {"processedKey": "made.jpg"}), 0.93)

    assert outcome_attributes(outcome, "") == {
        "status": "CLASSIFIED",
        "label": "cat",
        "confidence": 0.96,
        "threshold": 0.93,
        "predictions": [{"label": "cat", "score": 0.96}, {"label": "dog", "score": 0.04}],
        "faceDetected": True,
        "faces": [
            {"confidence": 99.5, "boundingBox": {"left": 0.1, "top": 0.2, "width": 0.3, "height": 0.4}}
        ],
        "facesError": None,
        "processedKey": "made.jpg",
        "title": "cat - 96.0%",
        "autoTitle": True,
        "labelledBy": "model",
    }


def test_a_title_that_somebody_gave_stays_and_is_not_the_models() -> None:
    attributes = outcome_attributes(Outcome("CLASSIFIED", Findings("v1", BEST), 0.93), "Tom")

    assert (attributes["title"], attributes["autoTitle"]) == ("Tom", False)


def test_a_failed_pictures_record_holds_why() -> None:
    outcome = Outcome("FAILED", failure=Failure("CorruptImageError", "It is torn."))

    assert outcome_attributes(outcome, "Tom") == {
        **NOTHING_FOUND,
        "status": "FAILED",
        "error": {"name": "CorruptImageError", "cause": "It is torn."},
    }


@pytest.mark.parametrize("status", ["REJECTED", "IN_REVIEW"])
def test_only_a_classified_picture_is_labelled_and_titled_by_the_model(status: str) -> None:
    attributes = outcome_attributes(Outcome(status, Findings("v1", BEST), 0.97), "Tom")

    assert attributes["label"] == "cat"
    assert not {"title", "autoTitle", "labelledBy", "error"} & attributes.keys()


def test_a_classified_picture_without_a_guess_has_no_title() -> None:
    assert outcome_attributes(Outcome("CLASSIFIED"), "Tom") == {**NOTHING_FOUND, "status": "CLASSIFIED"}


def test_a_face_search_that_failed_says_so() -> None:
    faces = FaceSearch(failure=Failure("Rekognition.Throttled", "Later."))

    attributes = outcome_attributes(Outcome("REJECTED", Findings("v1", BEST, faces)), "")

    assert attributes["facesError"] == {"name": "Rekognition.Throttled", "cause": "Later."}
    assert attributes["faceDetected"] is None


def test_an_error_of_before_goes_with_the_first_outcome_that_has_none() -> None:
    always = {"reclaimable", "notifiedAt", "finalizing"}

    assert set(missing_attributes(Outcome("CLASSIFIED"))) == {"error", *always}
    assert set(missing_attributes(Outcome("FAILED", failure=Failure("A", "B")))) == always


def test_a_pending_record_is_in_its_ids_partition() -> None:
    until = datetime(2026, 11, 12, 12, tzinfo=UTC)

    assert pending_mark("f1", until) == {"pending": "f", "leaseUntil": "2026-11-12T12:00:00.000Z"}
