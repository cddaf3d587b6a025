"""Agreement and drift by figures that others have worked out."""

from __future__ import annotations

import random

import pytest

from loupe_review.agreement import fleiss_kappa
from loupe_review.drift import BINS, Shift, population_stability
from model import calibration

# Fleiss' own example of 14 raters and 10 subjects, as Wikipedia works it out: kappa 0.210.
FLEISS = (
    (0, 0, 0, 0, 14), (0, 2, 6, 4, 2), (0, 0, 3, 5, 6), (0, 3, 9, 2, 0), (2, 2, 8, 1, 1),
    (7, 7, 0, 0, 0), (3, 2, 6, 3, 0), (2, 5, 3, 2, 2), (6, 5, 2, 1, 0), (0, 2, 2, 3, 7),
)  # fmt: skip


def test_kappa_is_fleiss_own() -> None:
    ratings = [[place for place, count in enumerate(row) for _ in range(count)] for row in FLEISS]
    assert fleiss_kappa(ratings) == pytest.approx(0.210, abs=0.0005)


def test_kappa_of_full_agreement_is_one_and_of_none_below_zero() -> None:
    assert fleiss_kappa([["a", "a"], ["b", "b"]]) == 1
    assert fleiss_kappa([["a", "b"], ["b", "a"]]) == -1


@pytest.mark.parametrize("ratings", [[], [["a"]], [["a", "a"], ["a", "a"]]])
def test_without_two_opinions_or_two_labels_there_is_no_kappa(ratings: list[list[str]]) -> None:
    assert fleiss_kappa(ratings) is None


def test_the_same_distribution_is_stable_whatever_its_size() -> None:
    shift = population_stability([100, 200, 700], [1000, 2000, 7000])
    assert shift is not None
    assert shift.index == pytest.approx(0, abs=1e-4)
    assert shift.verdict == "none"


def test_the_index_is_the_usual_sum() -> None:
    # (0.3-0.5) ln(0.3/0.5) + (0.7-0.5) ln(0.7/0.5) = 0.1695
    shift = population_stability([50_000, 50_000], [30_000, 70_000])
    assert shift is not None
    assert shift.index == pytest.approx(0.1695, abs=0.0005)
    assert shift.verdict == "moderate"


def test_an_empty_bin_makes_a_large_shift_and_no_infinity() -> None:
    shift = population_stability([1000, 0], [0, 1000])
    assert shift is not None
    assert shift.verdict == "large"
    assert shift.index < 20


@pytest.mark.parametrize(("before", "now"), [([0, 0], [1, 1]), ([1, 1], [0, 0])])
def test_without_pictures_nothing_is_said(before: list[int], now: list[int]) -> None:
    assert population_stability(before, now) is None


def test_few_pictures_of_the_same_distribution_are_hardly_ever_called_a_shift() -> None:
    chance = random.Random(7)

    def sample(size: int) -> list[int]:
        drawn = chance.choices(range(5), weights=(1, 2, 3, 4, 10), k=size)
        return [drawn.count(each) for each in range(5)]

    shifts = [population_stability(sample(100), sample(30)) for _ in range(400)]
    called = sum(shift is not None and shift.verdict != "none" for shift in shifts)
    assert called < 400 * 0.1


def test_a_verdict_needs_more_than_chance() -> None:
    assert Shift(0.3, 0.4, 20).verdict == "none"
    assert Shift(0.3, 0.2, 20).verdict == "large"
    assert Shift(0.08, 0.01, 20).verdict == "none"


def test_bins_are_those_of_the_evaluation() -> None:
    assert BINS == calibration.BINS
