"""Contenders take turns."""

import subprocess
import sys

import pytest

from bench.measure import Lap, alternate, race, timed_process


def test_contenders_alternate_round_by_round() -> None:
    order: list[str] = []

    def contender(name: str) -> int:
        order.append(name)
        return len(order)

    turns = alternate({"a": lambda: contender("a"), "b": lambda: contender("b")}, rounds=3)

    assert order == ["a", "b", "a", "b", "a", "b"]
    assert turns == {"a": [1, 3, 5], "b": [2, 4, 6]}


def test_a_warm_up_does_not_count() -> None:
    laps = iter([Lap(9, 9), Lap(1, 0.5), Lap(2, 1.5)])

    result = race({"a": lambda: next(laps)}, rounds=2)

    assert result["a"].wall == [1, 2]
    assert result["a"].cpu == [0.5, 1.5]
    assert result["a"].milliseconds() == [1000, 2000]


def test_a_process_is_timed_with_its_output() -> None:
    lap, printed = timed_process([sys.executable, "-Sc", "print(sum(range(300_000)), end='')"])

    assert printed == b"44999850000"
    assert lap.wall > 0
    assert lap.cpu > 0


def test_a_process_that_fails_is_no_measurement() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        timed_process([sys.executable, "-Sc", "raise SystemExit(3)"])
