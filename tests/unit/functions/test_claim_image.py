"""claim_image: one execution has a picture, each version of it once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from loupe_core import errors
from tests.unit.functions.handlers import LambdaContext, golden_event, load_handler
from tests.unit.functions.stack import BUCKET, DIGIT, EXECUTION, STARTED_AT, RecordsStack, app

# Key, manual, threshold, detectFaces.
CLAIMED = {
    "manual": (DIGIT, True, 0.93, False),
    "threshold_and_title": (DIGIT, True, 0.5, True),
    "object_created": ("uploads/digit 0 (copy).png", False, 0.93, False),
    "s3_notification": ("uploads/digit 0 (copy).png", False, 0.93, False),
}
FAILING = {
    "claimed_by_another": errors.DuplicateError,
    "folder_marker": errors.DuplicateError,
    "folder_marker_manual": errors.InvalidInputError,
    "deleted_event": errors.DuplicateError,
    "deleted_manual": errors.ImageNotFoundError,
    "lacks_key": errors.InvalidInputError,
    "threshold_is_a_word": errors.InvalidInputError,
    "two_records": errors.InvalidInputError,
    "object_removed": errors.InvalidInputError,
}
SUCCEEDING = list(CLAIMED)


@pytest.fixture
def prepared(records_stack: RecordsStack) -> RecordsStack:
    records_stack.claim("uploads/claimed.png", "another", datetime.now(UTC))
    records_stack.bury("uploads/deleted.png")
    return records_stack


@pytest.mark.parametrize("case", CLAIMED)
def test_a_picture_is_claimed(case: str, prepared: RecordsStack, context: LambdaContext) -> None:
    answer = app("claim_image").handler(golden_event("claim_image", case), context)

    key, manual, threshold, faces = CLAIMED[case]
    claim = answer["claim"]
    assert (claim["bucket"], claim["key"], claim["manual"]) == (BUCKET, key, manual)
    assert (claim["threshold"], answer["detectFaces"]) == (threshold, faces)
    assert claim["claimId"] == f"{EXECUTION}one#{STARTED_AT}"
    record = prepared.record(key) or {}
    assert (record["status"], record["executionArn"]) == ("RECEIVED", EXECUTION + "one")
    assert record["pending"] == record["imageId"][0]
    assert record["leaseUntil"] > record["claimedAt"]
    assert answer["trace"]["imageId"] == record["imageId"]


@pytest.mark.parametrize("case", FAILING)
def test_anything_else_is_refused_by_name(case: str, prepared: RecordsStack, context: LambdaContext) -> None:
    before = [(each["imageId"], each["status"]) for each in prepared.records()]

    with pytest.raises(errors.PermanentError) as failure:
        app("claim_image").handler(golden_event("claim_image", case), context)

    assert type(failure.value) is FAILING[case]
    assert [(each["imageId"], each["status"]) for each in prepared.records()] == before


def test_a_person_gets_the_version_that_the_key_holds(prepared: RecordsStack, context: LambdaContext) -> None:
    answer = app("claim_image").handler(golden_event("claim_image", "manual"), context)

    assert answer["claim"]["versionId"] == prepared.version


def test_an_input_names_what_its_log_lines_carry(prepared: RecordsStack, context: LambdaContext) -> None:
    handler = app("claim_image").handler

    named = handler(golden_event("claim_image", "threshold_and_title"), context)
    unnamed = handler(golden_event("claim_image", "manual"), context)

    assert named["trace"]["correlationId"] == "order-7"
    assert unnamed["trace"]["correlationId"] == "one"


def test_a_late_upload_of_a_deleted_picture_is_removed(
    prepared: RecordsStack, context: LambdaContext
) -> None:
    key = "uploads/deleted.png"
    event = golden_event("claim_image", "deleted_event")
    put = prepared.s3.put_object(Bucket=BUCKET, Key=key, Body=b"late")
    event["input"]["detail"]["object"]["version-id"] = put["VersionId"]

    with pytest.raises(errors.DuplicateError):
        app("claim_image").handler(event, context)

    assert "Versions" not in prepared.s3.list_object_versions(Bucket=BUCKET, Prefix=key)
    assert "pending" not in (prepared.record(key) or {})


@pytest.mark.parametrize("missing", ["IMAGES_TABLE", "PROCESSED_BUCKET"])
def test_a_missing_setting_fails_at_start_and_names_itself(
    missing: str, records_stack: RecordsStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(missing)
    with pytest.raises(Exception, match=missing):
        load_handler("claim_image")


def test_a_table_that_is_not_there_is_tried_again_by_name(
    records_stack: RecordsStack, context: LambdaContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMAGES_TABLE", "another")
    event: dict[str, Any] = golden_event("claim_image", "object_created")

    with pytest.raises(errors.RecordsUnavailableError, match="ResourceNotFoundException"):
        load_handler("claim_image").handler(event, context)
