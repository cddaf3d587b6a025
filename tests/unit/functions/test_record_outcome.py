"""record_outcome: what became of the picture, in its record and in a message."""

from __future__ import annotations

import json

import pytest

from loupe_core import errors
from tests.unit.functions.handlers import LambdaContext, golden_event
from tests.unit.functions.stack import BUCKET, DIGIT, RecordsStack, app

# The record's status, and what the message's subject says.
RECORDED = {
    "classified": ("CLASSIFIED", "digit-3.png shows 3 (96.0%)"),
    "with_a_face": ("CLASSIFIED", "digit-3.png shows 3 (96.0%)"),
    "faces_denied": ("CLASSIFIED", "digit-3.png shows 3 (96.0%)"),
    "refused": ("REJECTED", "digit-3.png was refused, confidence too low"),
    "corrupt": ("FAILED", "digit-3.png failed, CorruptImageError"),
    "unclaimed": ("FAILED", "digit-3.png failed, Lambda.AccessDeniedException"),
    "names_no_picture": ("FAILED", "(no name) failed, InvalidInputError"),
}
FAILING = {
    "superseded": errors.SupersededError,
    "unsure_enough_for_review": errors.InReviewError,
    "lacks_predictions": errors.InvalidInputError,
}
SUCCEEDING = list(RECORDED)


@pytest.fixture
def claimed(records_stack: RecordsStack, monkeypatch: pytest.MonkeyPatch) -> RecordsStack:
    records_stack.claim()
    records_stack.claim("uploads/claimed.png", "another")
    monkeypatch.setenv("REVIEW_THRESHOLD", "0.6")
    return records_stack


@pytest.mark.parametrize("case", RECORDED)
def test_an_outcome_is_recorded_and_its_message_written(
    case: str, claimed: RecordsStack, context: LambdaContext
) -> None:
    answer = app("record_outcome").handler(golden_event("record_outcome", case), context)

    status, headline = RECORDED[case]
    image = answer["outcome"]["imageId"]
    (record,) = [each for each in claimed.records() if each["imageId"] == image]
    assert (record["status"], answer["outcome"]["status"]) == (status, status)
    assert "pending" in record
    notification = answer["notification"]
    assert notification["Subject"] == f"Loupe: {headline}"
    attributes = {name: each["StringValue"] for name, each in notification["MessageAttributes"].items()}
    assert attributes == {"status": status, "imageId": image, "claimId": record["claimId"]}
    assert (answer["error"] is None) == (status == "CLASSIFIED")


@pytest.mark.parametrize("case", FAILING)
def test_anything_else_ends_by_name(case: str, claimed: RecordsStack, context: LambdaContext) -> None:
    with pytest.raises(errors.PermanentError) as failure:
        app("record_outcome").handler(golden_event("record_outcome", case), context)

    assert type(failure.value) is FAILING[case]


def test_a_picture_for_review_waits_and_is_no_longer_pending(
    claimed: RecordsStack, context: LambdaContext
) -> None:
    with pytest.raises(errors.InReviewError):
        app("record_outcome").handler(golden_event("record_outcome", "unsure_enough_for_review"), context)

    record = claimed.record() or {}
    assert record["status"] == "IN_REVIEW"
    assert len(record["predictions"]) == 5
    assert "pending" not in record


def test_without_a_review_threshold_it_is_refused(
    claimed: RecordsStack, context: LambdaContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REVIEW_THRESHOLD", "")

    answer = app("record_outcome").handler(
        golden_event("record_outcome", "unsure_enough_for_review"), context
    )

    assert answer["outcome"]["status"] == "REJECTED"


def test_a_face_is_recorded_with_its_box(claimed: RecordsStack, context: LambdaContext) -> None:
    app("record_outcome").handler(golden_event("record_outcome", "with_a_face"), context)

    record = claimed.record() or {}
    assert record["faceDetected"] is True
    assert record["faces"] == [
        {"confidence": 99.9, "boundingBox": {"left": 0.4, "top": 0.1, "width": 0.2, "height": 0.3}}
    ]


def test_what_was_denied_to_face_detection_is_kept(claimed: RecordsStack, context: LambdaContext) -> None:
    answer = app("record_outcome").handler(golden_event("record_outcome", "faces_denied"), context)

    record = claimed.record() or {}
    assert record["faceDetected"] is None
    assert record["facesError"]["name"] == "Rekognition.AccessDeniedException"
    assert "Faces could not be looked for" in json.loads(answer["notification"]["Message"])["email"]


def test_of_a_deleted_picture_nothing_is_left(claimed: RecordsStack, context: LambdaContext) -> None:
    claimed.bury(DIGIT)
    event = golden_event("record_outcome", "classified")
    event["findings"]["versionId"] = claimed.version
    claimed.s3.put_object(Bucket="my-processed", Key=DIGIT, Body=b"drawn")

    with pytest.raises(errors.SupersededError):
        app("record_outcome").handler(event, context)

    left = claimed.s3.list_object_versions(Bucket=BUCKET, Prefix=DIGIT)
    assert "Versions" not in left
    assert "Contents" not in claimed.s3.list_objects_v2(Bucket="my-processed")
    record = claimed.record() or {}
    assert (record["status"], "pending" in record) == ("DELETED", False)


def test_a_repeated_invocation_changes_nothing(claimed: RecordsStack, context: LambdaContext) -> None:
    handler = app("record_outcome").handler
    first = handler(golden_event("record_outcome", "classified"), context)

    assert handler(golden_event("record_outcome", "classified"), context) == first
