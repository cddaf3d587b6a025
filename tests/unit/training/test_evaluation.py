"""What the states carry of an evaluation."""

from __future__ import annotations

import json
from typing import Any

import pytest

from loupe_training.errors import AccuracyTooLowError, LiveModelBetterError
from loupe_training.evaluation import MAX_BYTES, MAX_CLASSES, Evaluation, known_least
from loupe_training.names import Run


def parsed(**figures: Any) -> Evaluation:
    """Of a summary.json."""
    return Evaluation.parse(json.dumps({"count": 40, "perClass": {"cat": 0.5}, **figures}).encode())


def test_all_classes_are_kept_in_their_order_where_they_fit() -> None:
    recalls = {"b": 0.9, "a": 0.1}
    assert list(known_least(recalls)) == ["b", "a"]


def test_of_many_classes_those_known_least_are_kept() -> None:
    recalls = {f"class {number}": 1 - number / 5000 for number in range(5000)}
    kept = known_least(recalls)
    assert len(kept) == MAX_CLASSES
    assert max(kept.values()) < min(value for label, value in recalls.items() if label not in kept)


def test_long_names_are_bounded_by_their_bytes() -> None:
    kept = known_least({"ü" * 500 + str(number): 0.5 for number in range(90)})
    assert 0 < len(kept) < 90
    assert len(json.dumps(kept).encode()) <= MAX_BYTES


def test_just_the_minimum_is_good_enough() -> None:
    parsed(accuracy=0.9).check(0.9, not_worse=True)
    with pytest.raises(AccuracyTooLowError, match=r"89\.99%, below the minimum of 90\.00%"):
        parsed(accuracy=0.8999).check(0.9, not_worse=True)


def test_few_pictures_refuse_no_model() -> None:
    parsed(accuracy=0.75, accuracyToJudge=0.95).check(0.9, not_worse=True)


def test_all_classes_are_counted_where_the_evaluation_lists_a_part() -> None:
    assert parsed(accuracy=0.9, classes=1000).summary("s3://report/")["classes"] == 1000


@pytest.mark.parametrize("name", ["plain", "x" * 45])
def test_a_name_that_sagemaker_takes_stays(name: str) -> None:
    assert Run(f"arn:aws:states:r:1:execution:m:{name}").name == name


def test_names_that_differ_stay_different() -> None:
    names = ["a.b", "a_b", "a-b", "x" * 46, "x" * 47]
    assert len({Run(f"arn:aws:states:r:1:execution:m:{name}").name for name in names}) == len(names)


def test_a_worse_model_is_refused_unless_it_is_wanted_all_the_same() -> None:
    worse = parsed(accuracy=0.8, championAccuracy=0.95, notWorse=False)
    with pytest.raises(
        LiveModelBetterError, match=r"40 pictures .* live model has 95\.00% right, .* 80\.00%"
    ):
        worse.check(0.5, not_worse=True)
    worse.check(0.5, not_worse=False)


def test_what_chance_explains_and_what_was_not_compared_refuse_nothing() -> None:
    parsed(accuracy=0.9, championAccuracy=0.95, notWorse=True).check(0.5, not_worse=True)
    parsed(accuracy=0.9, championAccuracy=None, notWorse=True).check(0.5, not_worse=True)
