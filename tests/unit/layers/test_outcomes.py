"""How results and errors of an execution become an outcome."""

from __future__ import annotations

import json
from typing import Any

import pytest

from loupe_core.confidence import not_met, require_confidence
from loupe_core.contract import Face
from loupe_core.errors import InvalidInputError, ThresholdConfidenceNotMetError
from loupe_core.inference import Prediction
from loupe_core.outcomes import (
    BELOW_THRESHOLD,
    FaceSearch,
    Failure,
    Findings,
    Outcome,
    outcome_of_failure,
    outcome_of_result,
)

SURE = Findings("v1", (Prediction("7", 0.97),))
UNSURE = Findings("v1", (Prediction("7", 0.5),))
BELOW = Failure(BELOW_THRESHOLD, "THRESHOLD_CONFIDENCE_NOT_MET: the best guess is 7 with 50.00%.")
BROKEN = Failure("Lambda.Unknown", "boom")
BOX = {"Left": 0.1, "Top": 0.1, "Width": 0.2, "Height": 0.2}


@pytest.mark.parametrize(
    ("findings", "failure", "review", "status"),
    [
        (UNSURE, BELOW, None, "REJECTED"),
        (UNSURE, BELOW, 0.5, "IN_REVIEW"),
        (UNSURE, BELOW, 0.6, "REJECTED"),
        # What failed after the model had answered does not make a refusal a failure.
        (UNSURE, BROKEN, None, "REJECTED"),
        (SURE, BROKEN, None, "FAILED"),
        (Findings(), BROKEN, 0.5, "FAILED"),
    ],
)
def test_a_refusal_is_known_from_a_failure(
    findings: Findings, failure: Failure, review: float | None, status: str
) -> None:
    assert outcome_of_failure(findings, failure, 0.93, review).status == status


def test_a_refusal_names_what_failed_besides() -> None:
    outcome = outcome_of_failure(UNSURE, BROKEN, 0.93)
    assert outcome.failure is not None
    assert outcome.failure.name == BELOW_THRESHOLD
    assert "Besides, Lambda.Unknown: boom" in outcome.failure.cause


def test_a_picture_that_meets_its_threshold_is_not_refused() -> None:
    outcome = outcome_of_failure(UNSURE, BROKEN, 0.5, 0.4)

    assert outcome == Outcome("FAILED", UNSURE, 0.5, BROKEN)


def test_what_waits_for_a_person_has_not_failed() -> None:
    assert outcome_of_failure(UNSURE, BELOW, 0.93, 0.5) == Outcome("IN_REVIEW", UNSURE, 0.93)


def test_a_result_has_its_threshold_and_no_failure() -> None:
    outcome = outcome_of_result(SURE, 0.93)
    assert (outcome.status, outcome.threshold, outcome.failure) == ("CLASSIFIED", 0.93, None)
    assert outcome.best == Prediction("7", 0.97)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, None),
        ({"Cause": "no name"}, None),
        ({"Error": "X", "Cause": "plain"}, Failure("X", "plain")),
        ({"Error": "X", "Cause": ""}, Failure("X", "AWS gave no cause for X.")),
        ({"Error": "X", "Cause": "{broken"}, Failure("X", "{broken")),
        ({"Error": "X", "Cause": json.dumps({"errorMessage": "words"})}, Failure("X", "words")),
        ({"Error": "X", "Cause": json.dumps({"other": 1})}, Failure("X", '{"other": 1}')),
        ({"Error": "X", "Cause": json.dumps({"errorMessage": ""})}, Failure("X", '{"errorMessage": ""}')),
        ({"Error": "X", "Cause": json.dumps({"errorMessage": 7})}, Failure("X", '{"errorMessage": 7}')),
        ({"Error": "X", "Cause": 7}, Failure("X", "AWS gave no cause for X.")),
        ({"Error": 7, "Cause": "plain"}, None),
    ],
)
def test_an_error_of_step_functions_becomes_words(given: object, expected: Failure | None) -> None:
    assert Failure.parse(given) == expected


def test_a_cause_is_cut_to_what_a_record_and_a_mail_can_hold() -> None:
    failure = Failure.parse({"Error": "E" * 300, "Cause": "c" * 40_000})
    assert failure is not None
    assert (len(failure.name), len(failure.cause)) == (256, 1000)


@pytest.mark.parametrize(
    ("details", "detected"),
    [
        ([], False),
        (None, False),
        ([{"BoundingBox": BOX, "Confidence": 99.0}], True),
        # JSONata makes a list of one face the face itself.
        ({"BoundingBox": BOX, "Confidence": 99.0}, True),
    ],
)
def test_faces_are_found_or_not(details: object, detected: bool) -> None:
    assert FaceSearch.parse({"FaceDetails": details}).detected is detected


def test_a_search_that_failed_knows_of_no_faces() -> None:
    search = FaceSearch.parse({"Error": "Rekognition.X", "Cause": "denied"})
    assert (search.detected, search.failure) == (None, Failure("Rekognition.X", "denied"))
    assert FaceSearch.parse(None).detected is None


@pytest.mark.parametrize(
    ("score", "threshold", "said"),
    [
        (0.2332, 0.3, "23.32%, below the threshold of 30.00%"),
        # Rounded down: it must not read as what it missed.
        (0.929999, 0.93, "92.99%, below the threshold of 93.00%"),
        (0.0, 1.0, "0.00%, below the threshold of 100.00%"),
    ],
)
def test_a_refusal_says_by_how_much(score: float, threshold: float, said: str) -> None:
    best = Prediction("cat", score)

    assert said in not_met(best, threshold)
    with pytest.raises(ThresholdConfidenceNotMetError, match=f"the best guess is cat with {said}"):
        require_confidence([best, Prediction("dog", 0.0)], threshold)
    assert require_confidence([best], score) == best


def test_findings_are_what_the_state_machine_holds() -> None:
    given: dict[str, Any] = {
        "versionId": "v1",
        "predictions": {"label": "7", "score": 1},
        "annotated": {"processedKey": "k", "displayKey": "d", "width": 8, "sizeKey": 8, "name": "n"},
        "copies": {"thumbnailKey": "t"},
    }
    findings = Findings.parse(given)
    assert findings.version_id == "v1"
    assert findings.predictions == (Prediction("7", 1.0),)
    assert findings.keys == {"processedKey": "k", "displayKey": "d", "thumbnailKey": "t"}
    assert Findings.parse(None) == Findings()
    faces = Findings.parse(
        {**given, "faces": {"FaceDetails": [{"BoundingBox": BOX, "Confidence": 99.0}]}}
    ).faces
    assert faces == FaceSearch((Face(0.1, 0.1, 0.2, 0.2, 99.0),))


@pytest.mark.parametrize("wrong", [7, {"score": 1}, {"label": "7"}, {"label": "7", "score": True}])
def test_a_prediction_that_is_none_is_refused(wrong: object) -> None:
    with pytest.raises(InvalidInputError):
        Findings.parse({"predictions": [wrong]})
