"""What is said of reviews, pictures and evaluations."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from loupe.training.captures import Inference
from loupe_core.claims import iso
from loupe_review.quality import Version, quality_of
from loupe_review.review import AUDIT, CONCLUDED, CORRECTION, LABEL, NONE, TIMED_OUT, Answer, Decision, Review
from tests.unit.review.test_rules import NOON, review

EVALUATION: dict[str, Any] = {
    "labels": ["cat", "dog"],
    "confusionMatrix": [[45, 5], [5, 45]],
    "calibration": {"bins": [{"low": 0.6, "count": 20}, {"low": 14 / 15, "count": 80}]},
}
MONDAY = datetime(2026, 11, 23, 12, tzinfo=UTC)


def reviewed(
    number: int, *said: str, kind: str = "UNCERTAIN", at: datetime = NOON, seconds: float | None = 6.0
) -> Review:
    """Decided by the first of these: labels, or NONE; the model said cat. Without any, by time."""
    answers = tuple(
        Answer(f"person {place}", NONE if each == NONE else LABEL, iso(at), "" if each == NONE else each,
               seconds=seconds)
        for place, each in enumerate(said)
    )  # fmt: skip
    decision = (
        Decision(answers[0].choice, iso(at), answers[0].label) if said else Decision(TIMED_OUT, iso(at))
    )
    return dataclasses.replace(
        review(number), kind=kind, status=CONCLUDED, answers=answers, decision=decision, created_at=iso(at)
    )


def inference(at: datetime = NOON, confidence: float = 0.97, label: str = "cat") -> Inference:
    return Inference(at, confidence, label, "", "")


def test_errors_are_of_audits_that_people_answered_alone() -> None:
    audits = [
        *(reviewed(number, "cat", kind=AUDIT) for number in range(18)),
        reviewed(18, "dog", kind=AUDIT),
        reviewed(19, NONE, kind=AUDIT),
        reviewed(20, kind=AUDIT),
    ]
    unsure = [reviewed(30 + number, "dog") for number in range(10)]
    corrected = [reviewed(50, "dog", kind=CORRECTION)]

    said = quality_of([*audits, *unsure, *corrected], [], []).to_dict()

    assert (said["audited"], said["wrong"], said["errorRate"]) == (20, 2, 0.1)
    assert 0.02 < said["low"] < 0.1 < said["high"] < 0.33


def test_without_audits_the_error_rate_is_unknown() -> None:
    said = quality_of([reviewed(1, "cat")], [], []).to_dict()
    assert (said["errorRate"], said["low"], said["high"]) == (None, None, None)


def test_answers_an_hour_are_of_those_that_were_timed() -> None:
    reviews = [reviewed(1, "cat", seconds=5), reviewed(2, "cat", seconds=7), reviewed(3, "cat", seconds=None)]
    found = quality_of(reviews, [], [])
    assert (found.answers, found.people, found.an_hour) == (3, 1, 600)


def test_agreement_is_of_pictures_that_several_looked_at() -> None:
    found = quality_of([reviewed(1, "cat", "cat"), reviewed(2, "dog", "dog"), reviewed(3, "cat")], [], [])
    assert (found.kappa, found.looked_at_twice, found.people) == (1, 2, 2)


def test_weeks_count_pictures_and_those_that_were_reviewed() -> None:
    inferences = [inference(MONDAY), inference(MONDAY), inference(MONDAY - timedelta(days=1))]
    found = quality_of([reviewed(1, "cat", at=MONDAY)], inferences, [])
    assert [(each.week, each.pictures, each.reviewed) for each in found.weeks] == [
        ("2026-W47", 1, 0),
        ("2026-W48", 2, 1),
    ]


def test_each_model_answers_for_its_own_time() -> None:
    versions = [Version("one-model", "pets", MONDAY), Version("two-model", "pets", NOON, EVALUATION)]
    reviews = [
        reviewed(1, "dog", kind=AUDIT, at=MONDAY + timedelta(hours=1)),
        reviewed(2, "cat", kind=AUDIT, at=NOON + timedelta(hours=1)),
        reviewed(3, "cat", at=NOON + timedelta(hours=1)),
        reviewed(4, "dog", at=NOON + timedelta(hours=1)),
    ]
    inferences = [
        inference(MONDAY),
        inference(MONDAY),
        inference(NOON),
        inference(MONDAY - timedelta(days=9)),
    ]

    one, two = (each.to_dict() for each in quality_of(reviews, inferences, versions).models)

    assert (one["pictures"], one["audited"], one["errorRate"], one["confidenceShift"]) == (2, 1, 1.0, None)
    assert (two["pictures"], two["errorRate"], two["uncertain"], two["uncertainRight"]) == (1, 0.0, 2, 1)


def test_after_a_rollback_answers_count_for_the_model_that_made_the_guess() -> None:
    versions = [Version("one-model", "pets", MONDAY), Version("two-model", "pets", NOON)]
    later = NOON + timedelta(hours=1)
    reviews = [
        dataclasses.replace(reviewed(1, "dog", kind=AUDIT, at=later), model="one-model"),
        dataclasses.replace(reviewed(2, "cat", kind=AUDIT, at=later), model="two-model"),
        # Opened before models were kept: the endpoint's name says nothing.
        dataclasses.replace(reviewed(3, "cat", kind=AUDIT, at=later), model="loupe-classifier"),
    ]
    inferences = [Inference(later, 0.97, "cat", "", review(1).image_id), inference(later)]

    one, two = (each.to_dict() for each in quality_of(reviews, inferences, versions).models)

    assert (one["audited"], one["wrong"], one["pictures"]) == (1, 1, 1)
    assert (two["audited"], two["wrong"], two["pictures"]) == (2, 0, 1)


@pytest.mark.parametrize(
    ("confidence", "labels", "of_confidence", "of_classes"),
    [
        (None, ["cat", "dog"], "none", "none"),
        (0.62, ["cat", "dog"], "large", "none"),
        (None, ["cat"], "none", "large"),
        (None, ["cat", "dog", "bird"], "none", "large"),
    ],
)
def test_what_comes_now_is_held_against_the_evaluation(
    confidence: float | None, labels: list[str], of_confidence: str, of_classes: str
) -> None:
    inferences = [
        inference(
            confidence=confidence or (0.62 if number % 5 == 0 else 0.99), label=labels[number % len(labels)]
        )
        for number in range(200)
    ]
    (found,) = quality_of([], inferences, [Version("one", "pets", MONDAY, EVALUATION)]).models
    assert found.confidence is not None
    assert found.classes is not None
    assert (found.confidence.verdict, found.classes.verdict) == (of_confidence, of_classes)
