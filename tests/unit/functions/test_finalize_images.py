"""finalize_images: what an execution left pending is recorded and notified, whoever says so."""

from __future__ import annotations

import pytest

from loupe_core.errors import AccessDeniedError
from loupe_core.finalizing import SomePendingError
from loupe_core.inference import Prediction
from loupe_core.outcomes import Findings, outcome_of_result
from loupe_core.records import ImagesTable
from tests.unit.functions.handlers import LambdaContext, client_error, golden_event
from tests.unit.functions.stack import CLAIMED_AT, DIGIT, EXECUTION, RecordsStack, app

SUCCEEDING = ["schedule", "status_event", "queued_outcome", "notification_accepted"]
FAILING: dict[str, type[Exception]] = {}


def classify(stack: RecordsStack) -> None:
    """The picture is recorded, and its notification under way."""
    outcome = outcome_of_result(Findings("v1", (Prediction("3", 0.96),)), 0.93)
    ImagesTable("images", stack.dynamodb).record(stack.claim(), outcome, CLAIMED_AT)


def subjects(stack: RecordsStack) -> list[str]:
    return [message["Subject"] for message in stack.messages()]


@pytest.mark.parametrize("case", ["schedule", "status_event"])
def test_a_claim_whose_execution_is_over_is_recorded_as_failed_and_notified(
    case: str, records_stack: RecordsStack, context: LambdaContext
) -> None:
    records_stack.claim()

    app("finalize_images").handler(golden_event("finalize_images", case), context)

    record = records_stack.record() or {}
    error = {"schedule": "States.Timeout", "status_event": "ExecutionAborted"}[case]
    assert (record["status"], record["error"]["name"]) == ("FAILED", error)
    assert "pending" not in record
    assert record["notifiedAt"]
    assert subjects(records_stack) == [f"Loupe: digit-3.png failed, {error}"]


@pytest.mark.parametrize("case", SUCCEEDING)
def test_every_event_may_come_twice(case: str, records_stack: RecordsStack, context: LambdaContext) -> None:
    records_stack.claim()
    handler = app("finalize_images").handler
    for _ in range(2):
        handler(golden_event("finalize_images", case), context)

    assert len(subjects(records_stack)) == (0 if case == "notification_accepted" else 1)


def test_what_an_execution_could_not_record_is_recorded(
    records_stack: RecordsStack, context: LambdaContext
) -> None:
    app("finalize_images").handler(golden_event("finalize_images", "queued_outcome"), context)

    record = records_stack.record("uploads/digit 0 (copy).png") or {}
    assert (record["status"], record["executionArn"]) == ("FAILED", EXECUTION + "two")
    assert record["error"]["name"] == "Lambda.AccessDeniedException"
    assert record["reclaimable"] is True
    assert "pending" not in record
    assert len(subjects(records_stack)) == 1


def test_what_sns_has_taken_is_no_longer_pending(records_stack: RecordsStack, context: LambdaContext) -> None:
    classify(records_stack)

    app("finalize_images").handler(golden_event("finalize_images", "notification_accepted"), context)

    record = records_stack.record() or {}
    assert record["status"] == "CLASSIFIED"
    assert "pending" not in record
    assert "leaseUntil" not in record
    assert record["notifiedAt"]


def test_an_acknowledgement_of_another_claims_outcome_changes_nothing(
    records_stack: RecordsStack, context: LambdaContext
) -> None:
    records_stack.claim(name="newer")
    before = records_stack.record()

    app("finalize_images").handler(golden_event("finalize_images", "notification_accepted"), context)

    assert records_stack.record() == before


def test_what_is_recorded_and_not_notified_is_notified(
    records_stack: RecordsStack, context: LambdaContext
) -> None:
    classify(records_stack)

    app("finalize_images").handler(golden_event("finalize_images", "schedule"), context)

    assert subjects(records_stack) == ["Loupe: digit-3.png shows 3 (96.0%)"]
    assert "pending" not in (records_stack.record() or {})


def test_one_picture_that_cannot_be_notified_keeps_no_other_back(
    records_stack: RecordsStack, context: LambdaContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        records_stack.claim(f"uploads/{number}.png", str(number))
    function = app("finalize_images")
    client = function.finalizer.topic._client
    publish = client.publish

    def sometimes(**message: object) -> object:
        if "2.png" in str(message["Subject"]):
            raise client_error("AuthorizationError", 403, "Publish")
        return publish(**message)

    monkeypatch.setattr(client, "publish", sometimes)
    with pytest.raises(SomePendingError, match="1 pictures could not be finished; 3 were"):
        function.handler(golden_event("finalize_images", "schedule"), context)

    pending = [each["key"] for each in records_stack.records() if "pending" in each]
    assert pending == ["uploads/2.png"]
    assert len(subjects(records_stack)) == 3


def test_a_message_that_is_denied_something_comes_back(
    records_stack: RecordsStack, context: LambdaContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    records_stack.claim()
    function = app("finalize_images")

    def refuse(**message: object) -> None:
        raise client_error("AuthorizationError", 403, "Publish")

    monkeypatch.setattr(function.finalizer.topic._client, "publish", refuse)
    with pytest.raises(AccessDeniedError, match="sns:Publish"):
        function.handler(golden_event("finalize_images", "status_event"), context)

    assert "pending" in (records_stack.record(DIGIT) or {})
