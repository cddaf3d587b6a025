"""A batch's results in the Images table: never over a newer version, a deletion or a person's label."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from moto import mock_aws

from loupe_batch.items import Item
from loupe_batch.names import Run
from loupe_batch.recorded import RecordedPictures
from loupe_batch.recording import Recorder
from loupe_batch.rows import Row, answered
from loupe_core.claims import Claimant, iso
from loupe_core.contract import ImageReference
from loupe_core.errors import DuplicateError
from loupe_core.inference import Prediction
from loupe_core.record_fields import Claim
from loupe_core.records import ImagesTable
from loupe_core.requests import Request
from loupe_core.s3_images import S3Images
from loupe_review.images import ReviewedImages
from loupe_review.review import Decision
from tests.unit.functions.stack import BUCKET, CLAIMED_AT, DIGIT, EXECUTION, RecordsStack

NOW = datetime(2026, 11, 28, tzinfo=UTC)
CAT = [Prediction("cat", 0.97), Prediction("dog", 0.02)]


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Iterator[RecordsStack]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        yield RecordsStack()


def recorded(stack: RecordsStack, version: str | None = None, score: float = 0.97) -> str:
    images, table = S3Images(stack.s3), ImagesTable("images", stack.dynamodb)
    stored = images.get(ImageReference(BUCKET, DIGIT))
    item = Item(BUCKET, DIGIT, stack.version if version is None else version)
    row = answered(item, [replace(CAT[0], score=score), CAT[1]], 0.93, "photos-2", 9)
    return Recorder(Run("zoo-1"), 0.93, table, images, lambda: NOW).record(row, stored)


def recorder_and_row(stack: RecordsStack, score: float = 0.5) -> tuple[Recorder, Row]:
    images, table = S3Images(stack.s3), ImagesTable("images", stack.dynamodb)
    item = Item(BUCKET, DIGIT, stack.version)
    row = answered(item, [replace(CAT[0], score=score), CAT[1]], 0.93, "photos-2", 9)
    return Recorder(Run("zoo-1"), 0.93, table, images, lambda: NOW), row


@pytest.mark.parametrize("score", [0.5, 0.97])
def test_a_person_is_asked_about_a_recorded_picture_once(stack: RecordsStack, score: float) -> None:
    recorded(stack, score=score)
    recorder, row = recorder_and_row(stack, score)

    assert recorder.ask_person(row)
    record = stack.record() or {}
    assert (record["status"], record["label"]) == ("IN_REVIEW", "cat")
    assert record["claimId"] == "batch:zoo-1:review"
    assert not {"error", "title", "autoTitle", "pending"} & set(record)
    assert recorder.ask_person(row), "the call may be repeated"
    assert stack.record() == record


@pytest.mark.parametrize(
    "changed",
    [
        {"claimId": "arn:of:an:upload"},
        {"claimId": "batch:zoo-1#review", "labelledBy": "person"},
        {"versionId": "another"},
        {"status": "DELETED"},
        {"status": "RECEIVED"},
    ],
)
def test_nobody_is_asked_about_what_is_no_run_s_any_more(
    stack: RecordsStack, changed: dict[str, Any]
) -> None:
    recorded(stack, score=0.5)
    stack.put({**(stack.record() or {}), **changed})
    before = stack.record()
    recorder, row = recorder_and_row(stack)

    assert not recorder.ask_person(row)
    assert stack.record() == before


@pytest.mark.parametrize("score", [0.5, 0.97])
@pytest.mark.parametrize("choice", ["LABEL", "NONE", ""])
def test_a_claim_leaves_nothing_of_what_a_run_and_a_person_said(
    stack: RecordsStack, score: float, choice: str
) -> None:
    stack.claim("uploads/another.png")
    recorded(stack, score=score)
    if choice:
        images = ReviewedImages("images", stack.dynamodb)
        decision = Decision(choice, iso(NOW), "dog" if choice == "LABEL" else "")
        assert images.correct(stack.record() or {}, decision, NOW)
    again = Request(BUCKET, DIGIT, stack.version, manual=True)
    claimant = Claimant(f"{EXECUTION}later", iso(NOW))
    ImagesTable("images", stack.dynamodb).claim(again, claimant, 0.93, NOW, lambda arn: True)

    record, fresh = stack.record() or {}, stack.record("uploads/another.png") or {}
    assert (record["status"], set(record)) == ("RECEIVED", set(fresh))


def test_nobody_is_asked_about_a_picture_without_a_record(stack: RecordsStack) -> None:
    recorder, row = recorder_and_row(stack)
    assert not recorder.ask_person(row)
    assert stack.record() is None


def existing(stack: RecordsStack, **attributes: Any) -> None:
    record = stack.record() or {}
    if not record:
        claim: Claim = stack.claim()
        record = stack.record() or {}
        assert record["claimId"] == claim.claim_id
    for name in ("pending", "leaseUntil"):
        record.pop(name, None)
    stack.put({**record, "status": "CLASSIFIED", "versionId": stack.version, **attributes})


def test_a_new_picture_gets_a_record_that_is_not_pending(stack: RecordsStack) -> None:
    assert recorded(stack) == "recorded"

    record = stack.record() or {}
    assert (record["status"], record["label"], record["model"]) == ("CLASSIFIED", "cat", "photos-2")
    assert (record["labelledBy"], record["title"]) == ("model", "cat - 97.0%")
    assert record["executionArn"] == "batch:zoo-1"
    assert "pending" not in record
    assert stack.messages() == []


def test_a_picture_below_the_threshold_is_recorded_as_refused(stack: RecordsStack) -> None:
    assert recorded(stack, score=0.5) == "recorded"

    record = stack.record() or {}
    assert record["status"] == "REJECTED"
    assert record["error"]["name"] == "ThresholdConfidenceNotMetError"


@pytest.mark.parametrize(
    ("attributes", "why"),
    [
        ({"labelledBy": "person", "label": "tiger"}, "person's label"),
        ({"status": "DELETED"}, "deleted"),
        ({"status": "RECEIVED"}, "in work"),
        ({"status": "IN_REVIEW"}, "in work"),
        ({"pending": "a", "leaseUntil": "2027"}, "in work"),
    ],
)
def test_what_is_somebody_elses_stays(stack: RecordsStack, attributes: dict[str, Any], why: str) -> None:
    existing(stack, **attributes)
    before = stack.record()

    assert recorded(stack) == why
    assert stack.record() == before


def test_a_newer_version_keeps_its_record(stack: RecordsStack) -> None:
    newer = stack.s3.put_object(Bucket=BUCKET, Key=DIGIT, Body=b"newer")["VersionId"]
    existing(stack, versionId=newer, label="dog")

    assert recorded(stack) == "newer version"
    assert (stack.record() or {})["label"] == "dog"


def test_an_older_versions_record_is_replaced(stack: RecordsStack) -> None:
    existing(stack, versionId="older", label="dog", processedKey="uploads/x.jpg")

    assert recorded(stack) == "recorded"
    record = stack.record() or {}
    assert (record["label"], record["versionId"]) == ("cat", stack.version)
    assert "processedKey" not in record


def test_the_same_versions_record_gets_the_newer_models_label_and_keeps_a_persons_title(
    stack: RecordsStack,
) -> None:
    existing(
        stack, label="cat", title="My cat", autoTitle=False, processedKey="uploads/x.jpg", model="photos-1"
    )

    assert recorded(stack) == "recorded"
    record = stack.record() or {}
    assert (record["model"], record["title"], record["processedKey"]) == (
        "photos-2",
        "My cat",
        "uploads/x.jpg",
    )


def test_a_late_event_of_the_same_version_finds_it_handled(stack: RecordsStack) -> None:
    recorded(stack)

    request = Request(BUCKET, DIGIT, stack.version, "6" * 64, manual=False)
    claimant = Claimant(EXECUTION + "late", "2026-11-28T00:00:00.000Z")
    table = ImagesTable("images", stack.dynamodb)
    with pytest.raises(DuplicateError):
        table.claim(request, claimant, 0.93, CLAIMED_AT + timedelta(days=20), lambda arn: True)


def test_records_of_another_model_are_a_source(stack: RecordsStack) -> None:
    existing(stack, label="dog", confidence=0.95, model="photos-1")
    stack.put({"imageId": "1", "bucket": BUCKET, "key": "a", "status": "CLASSIFIED", "model": "photos-2"})
    stack.put({"imageId": "2", "bucket": BUCKET, "key": "b", "status": "CLASSIFIED", "labelledBy": "person"})
    stack.put({"imageId": "3", "bucket": BUCKET, "key": "c", "status": "DELETED"})
    stack.put({"imageId": "4", "bucket": BUCKET, "key": "d", "status": "REJECTED", "versionId": "v4"})

    found = sorted(
        RecordedPictures("images", stack.dynamodb).older_than("photos-2"), key=lambda item: item.key
    )

    assert [(item.key, item.version_id) for item in found] == [("d", "v4"), (DIGIT, stack.version)]
    assert found[1].former == {"status": "CLASSIFIED", "label": "dog", "confidence": 0.95}
