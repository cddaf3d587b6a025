"""What of `loupe_core` is changed, which tests look at a change, and how the outcome is counted."""

import tomllib
from collections import Counter

import pytest

from tests.mutants import PACKAGE, ROOT, counted, drawn, quickest

NAMES = [f"loupe_core.claims.x_iso__mutmut_{number}" for number in range(1, 21)]


def test_the_same_seed_draws_the_same_share_in_whatever_order() -> None:
    first = drawn(NAMES, 0.25, seed=7)

    assert first == drawn(reversed(NAMES), 0.25, seed=7)
    assert len(first) == 5
    assert first != drawn(NAMES, 0.25, seed=8)


@pytest.mark.parametrize(("share", "count"), [(0.001, 1), (0.5, 10), (1.0, 20), (3.0, 20)])
def test_a_module_gives_one_at_least_and_all_at_most(share: float, count: int) -> None:
    assert len(drawn(NAMES, share, seed=0)) == count


@pytest.mark.parametrize(
    ("seconds", "kept"), [(0.0, ["fast"]), (0.5, ["fast", "middle"]), (9.0, ["fast", "middle", "slow"])]
)
def test_a_change_is_looked_at_by_the_quickest_tests(seconds: float, kept: list[str]) -> None:
    durations = {"slow": 2.0, "fast": 0.1, "middle": 0.2}

    assert quickest(durations, durations, seconds) == kept


def test_each_way_to_end_is_counted_and_what_was_not_drawn_is_not() -> None:
    codes = {"a": 1, "b": 0, "c": 33, "d": 34, "e": None, "f": -24, "g": 1, "h": 99}

    assert counted(codes) == Counter({"killed": 2, "survived": 1, "no test": 1, "timeout": 1, "other": 1})


def test_the_package_and_the_tests_that_are_run_are_there() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mutmut"]

    assert PACKAGE.is_dir()
    assert all((ROOT / each).exists() for each in settings["pytest_add_cli_args_test_selection"])
    assert all((ROOT / each).exists() for each in settings["also_copy"])
