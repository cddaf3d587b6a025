"""A million pictures on paper: what is short binds."""

import pytest

from bench.batch_simulation import STARTS_A_SECOND, simulate


def test_places_bind_where_calls_are_long() -> None:
    found = simulate([2.0], 100, places=4, processors=2, answers=0.1)

    assert found.seconds == pytest.approx(100 * 2.0 / 4, rel=0.02)
    assert found.places_busy == pytest.approx(1, abs=0.02)
    assert found.processors_busy == pytest.approx(0.1, abs=0.01)


def test_processors_bind_where_answers_are_long() -> None:
    found = simulate([0.5], 100, places=40, processors=2, answers=1.0)

    assert found.seconds == pytest.approx(100 * 1.0 / 2, rel=0.02)
    assert found.processors_busy == pytest.approx(1, abs=0.02)


def test_starting_binds_where_nothing_else_does() -> None:
    found = simulate([0.001], 5_000, places=1_000, processors=1_000, answers=0.001)

    assert found.seconds == pytest.approx(5_000 / STARTS_A_SECOND, rel=0.02)
