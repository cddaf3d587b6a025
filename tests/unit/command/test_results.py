"""What an execution's ending means, and the exit code that a set of them makes."""

import io
import json
from datetime import UTC, datetime

import pytest
from rich.console import Console

from loupe.commands.records import STATUSES
from loupe.render import print_results, records_table, status_of_record
from loupe.results import (
    Execution,
    Result,
    exit_code,
    former_image_id,
    from_execution,
    image_id,
    leaves_something_unsaid,
    readable_cause,
)
from tests.unit.command.fakes import classified

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
CLASSIFIED = Result("a", "SUCCEEDED", label="7")
REFUSED = Result("b", "FAILED", error="ThresholdConfidenceNotMetError")
FAILED = Result("c", "FAILED", error="CorruptImageError")
IN_REVIEW = Result("d", "IN_REVIEW", label="7")


@pytest.mark.parametrize(
    ("results", "code"),
    [
        ([CLASSIFIED, CLASSIFIED], 0),
        ([CLASSIFIED, REFUSED], 3),
        ([REFUSED], 3),
        ([REFUSED, FAILED], 1),
        ([FAILED, CLASSIFIED], 1),
        ([IN_REVIEW, CLASSIFIED], 3),
        ([IN_REVIEW, FAILED], 1),
        ([], 0),
    ],
)
def test_the_exit_code_is_that_of_the_worst_ending(results: list[Result], code: int) -> None:
    assert exit_code(results) == code


def test_what_waits_for_a_person_is_counted_for_itself_and_is_nothing_that_went_wrong() -> None:
    printed = io.StringIO()
    print_results(Console(file=printed, width=100), [CLASSIFIED, REFUSED, IN_REVIEW, IN_REVIEW, FAILED])

    shown = printed.getvalue()
    assert shown.splitlines()[-1] == "1 classified, 1 refused, 2 in review, 1 failed"
    assert (shown.count("b: Threshold"), shown.count("c: Corrupt"), shown.count("d: ")) == (1, 1, 0)


def test_a_refusal_is_known_by_its_message_too() -> None:
    assert Result(
        "a", "FAILED", error="States.TaskFailed", cause="THRESHOLD_CONFIDENCE_NOT_MET: 61 %"
    ).refused


def test_json_has_the_keys_that_others_rely_on() -> None:
    document = json.loads(CLASSIFIED.to_json())

    assert list(document) == [
        "image",
        "status",
        "label",
        "confidence",
        "predictions",
        "faceDetected",
        "executionArn",
        "error",
        "cause",
        "durationMs",
    ]


def test_json_is_one_line_whatever_is_in_it() -> None:
    assert "\n" not in Result("a", "FAILED", cause="one\ntwo – größer").to_json()


def test_an_execution_that_ran_out_of_time_has_a_readable_cause() -> None:
    result = from_execution("a", Execution("arn", "TIMED_OUT", NOW, NOW))

    assert (result.status, result.error) == ("FAILED", "States.Timeout")
    assert result.cause


def test_an_aborted_execution_fails() -> None:
    assert from_execution("a", Execution("arn", "ABORTED", NOW, NOW)).status == "FAILED"


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("REJECTED", "FAILED"),
        ("FAILED", "FAILED"),
        ("CLASSIFIED", "SUCCEEDED"),
        ("IN_REVIEW", "IN_REVIEW"),
    ],
)
@pytest.mark.parametrize("output", ["DUPLICATE", "SUPERSEDED"])
def test_a_picture_of_another_execution_takes_the_recorded_outcome(
    output: str, status: str, expected: str
) -> None:
    execution = Execution("arn", "SUCCEEDED", NOW, NOW, output=json.dumps({"status": output}))
    record = {
        "status": status,
        "error": {"name": "CorruptImageError", "cause": "broken"},
        "executionArn": "other",
    }

    result = from_execution("a", execution, record)

    assert result.status == expected
    assert (result.error is None) == (expected != "FAILED")


def test_numbers_of_a_record_become_plain_ones() -> None:
    from decimal import Decimal

    output = classified()
    record = {
        "status": "CLASSIFIED",
        "confidence": Decimal("0.5"),
        "predictions": [{"label": "x", "score": Decimal("0.5")}],
    }
    execution = Execution("arn", "SUCCEEDED", NOW, NOW, output=json.dumps({**output, "status": "DUPLICATE"}))

    document = json.loads(from_execution("a", execution, record).to_json())

    assert document["confidence"] == 0.5
    assert document["predictions"] == [{"label": "x", "score": 0.5}]


@pytest.mark.parametrize("text", ["plain words", "{not json", '{"other": 1}', None])
def test_a_cause_that_is_no_lambda_failure_stays_as_it_is(text: str | None) -> None:
    assert readable_cause(text) == text


def test_an_unreadable_output_is_no_crash() -> None:
    result = from_execution("a", Execution("arn", "SUCCEEDED", NOW, NOW, output="not json"))

    assert (result.status, result.label) == ("SUCCEEDED", None)


def test_the_image_id_is_of_bucket_and_key_keyed_with_the_tables_name() -> None:
    # printf 'bucket/größe.png' | openssl sha256 -hmac table; printf 'bucket/größe.png' | sha256sum
    assert image_id("table", "bucket", "größe.png") == "4f98f5792417e1419dc931057c87f675"
    assert former_image_id("bucket", "größe.png") == "17c5ef00650e2b636a68b19a2dbfbe8e"


def test_a_picture_in_review_has_its_predictions_and_no_error() -> None:
    predictions = [{"label": "cat", "score": 0.8}, {"label": "dog", "score": 0.1}]
    output = json.dumps({"status": "IN_REVIEW", "imageId": "i", "predictions": predictions})
    result = from_execution("a", Execution("arn", "SUCCEEDED", NOW, NOW, output=output))

    assert (result.status, result.label, result.confidence) == ("IN_REVIEW", "cat", 0.8)
    assert result.predictions == tuple(predictions)
    assert result.error is None


@pytest.mark.parametrize("faces", [True, False, None])
def test_a_picture_in_review_has_the_records_faces_and_what_the_model_said(faces: bool | None) -> None:
    predictions = [{"label": "cat", "score": 0.8}]
    output = json.dumps({"status": "IN_REVIEW", "imageId": "i", "predictions": predictions})
    execution = Execution("arn", "SUCCEEDED", NOW, NOW, output=output)
    # Somebody was quick.
    record = {"status": "CLASSIFIED", "labelledBy": "person", "label": "dog", "faceDetected": faces}

    result = from_execution("a", execution, record)

    assert leaves_something_unsaid(execution)
    assert (result.status, result.label, result.faceDetected) == ("IN_REVIEW", "cat", faces)


def record_of(status: str, by: str) -> dict[str, object]:
    decided = {"label": "7", "modelLabel": "0"} if by == "person" else {"label": "0"}
    predictions = [{"label": "0", "score": 0.998}]
    return {
        "imageId": "i" * 32,
        "key": "digit.png",
        "status": status,
        "labelledBy": by,
        "confidence": 0.998,
        "predictions": predictions,
        "createdAt": "2026-01-31T12:00:00.000Z",
        **decided,
    }


@pytest.mark.parametrize(
    ("record", "sure"),
    [
        (record_of("CLASSIFIED", "model"), True),
        (record_of("REJECTED", "model"), True),
        (record_of("IN_REVIEW", "model"), True),
        (record_of("CLASSIFIED", "person"), False),
    ],
)
def test_the_models_confidence_stands_beside_its_own_label_only(
    record: dict[str, object], sure: bool
) -> None:
    printed = io.StringIO()
    Console(file=printed, width=200).print(records_table([record]))
    output = json.dumps({"status": "DUPLICATE"})
    result = from_execution("a", Execution("arn", "SUCCEEDED", NOW, NOW, output=output), record)

    shown = printed.getvalue()
    assert ("99.8%" in shown, "a person" in shown) == (sure, not sure)
    assert result.confidence == (0.998 if sure else None)


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_has_a_colour_and_words_of_its_own(status: str) -> None:
    said = status_of_record({"status": status})
    assert said.style
    assert "_" not in said.plain
