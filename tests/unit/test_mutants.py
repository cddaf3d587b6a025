"""What of `loupe_core` is changed, which tests look at a change, and how the outcome is counted."""

import os
import signal

import pytest

from tests.mutants import LEFT_OUT, PACKAGE, ROOT, TESTS, Change, drawn, lines_to_run, table
from tests.trials import CRASHED, KILLED, NO_TEST, SURVIVED, TIMEOUT, in_child, in_turn

FUNCTION = '''\
def named(
    key: str, count: int = 1
) -> str:
    """What it does."""
    if (
        key and
        count
    ):
        return "a"
    try:
        return f(
            key,
            count,
        )
    except ValueError:
        return "b"
'''


def changes(module: str, count: int) -> list[Change]:
    return [Change(module, f"x_f__mutmut_{number}", frozenset(), "", "") for number in range(count)]


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ("count: int = 1", "count: int = 2", {2, 5, 6, 7, 8}),  # the first statement of the body
        ("key and", "key or", {5, 6, 7, 8}),
        ('"a"', '"XXaXX"', {9}),
        ("            key,", "            None,", {11, 12, 13, 14}),
        ("ValueError", "KeyError", {10, 15}),
        ('"b"', '"B"', {16}),
    ],
)
def test_a_change_is_met_where_its_statement_runs(old: str, new: str, lines: set[int]) -> None:
    assert lines_to_run(FUNCTION, FUNCTION.replace(old, new)) == lines


def test_of_one_line_that_one_is_run() -> None:
    assert lines_to_run("def f(a=1): return a", "def f(a=2): return a") == {1}


def test_the_same_seed_draws_the_same_share_in_whatever_order() -> None:
    made = [*changes("claims", 20), *changes("items", 4)]
    first = drawn(made, 0.25, seed=7)

    assert first == drawn(reversed(made), 0.25, seed=7)
    assert first != drawn(made, 0.25, seed=8)
    assert [each.module for each in first].count("claims") == 5
    assert [each.module for each in first].count("items") == 1


def test_a_larger_share_goes_on_where_a_smaller_one_ended() -> None:
    made = [*changes("claims", 20), *changes("items", 4)]

    assert drawn(made, 1.0, seed=7)[:6] == drawn(made, 0.25, seed=7)
    assert len(drawn(made, 0.0001, seed=7)) == 2
    assert len(drawn(made, 1.0, seed=7)) == 24


def test_another_change_of_the_same_name_is_another_one() -> None:
    one, two = (
        Change("claims", "x_f__mutmut_1", frozenset(), "a = 1", after) for after in ("a = 2", "a = 3")
    )

    assert one.id != two.id
    assert one.id.partition(" ")[0] == "loupe_core.claims.x_f__mutmut_1"


def test_the_quickest_test_comes_first_and_one_case_of_each_before_a_second_of_any() -> None:
    seconds = {"a[1]": 0.3, "a[2]": 0.1, "a[3]": 0.2, "b": 0.5, "c": 0.15}

    assert in_turn(seconds, {}, "/test_of_it.py::") == ["a[2]", "c", "b", "a[3]", "a[1]"]


def test_a_test_that_noticed_other_changes_comes_before_all() -> None:
    seconds = {"fast": 0.1, "slow": 1.0, "deaf": 0.01}

    assert in_turn(seconds, {"slow": 20, "fast": 9, "elsewhere": 50}, "::") == ["fast", "slow", "deaf"]


def test_the_file_that_is_named_after_the_changed_one_comes_before_others() -> None:
    seconds = {"a/test_claims.py::b[1]": 0.3, "a/test_claims.py::b[2]": 0.2, "a/test_records.py::b": 0.1}

    assert in_turn(seconds, {}, "/test_claims.py::") == list(seconds)[1::-1] + list(seconds)[2:]


def test_the_table_has_a_row_for_each_module_and_one_for_all() -> None:
    made = [*changes("claims", 5), *changes("items", 2)]
    outcomes = (KILLED, TIMEOUT, CRASHED, SURVIVED)
    found = {each.id: outcome for each, outcome in zip(made, outcomes, strict=False)}
    found[made[5].id] = NO_TEST

    assert table(made, found)[2:] == [
        "| `claims` | 5 | 4 | 3 | 1 | 0 |",
        "| `items` | 2 | 1 | 0 | 0 | 1 |",
        "| all | 7 | 5 | 3 | 1 | 1 |",
    ]


# From Python 3.12 on a fork warns where there are threads, as in a worker of xdist's.
forks = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")


@forks
def test_a_childs_answer_comes_back_and_nothing_else_of_it() -> None:
    kept: list[int] = []

    def work() -> str:
        kept.append(1)
        return "é" * 100_000

    assert in_child(work, 10, 30) == ("é" * 100_000, False)
    assert kept == []


@forks
@pytest.mark.parametrize("end", [SystemExit, KeyError, MemoryError])
def test_a_child_that_fails_answers_nothing(end: type[BaseException]) -> None:
    def work() -> str:
        raise end

    assert in_child(work, 10, 30) == ("", False)


@forks
def test_a_child_that_waits_for_ever_is_ended() -> None:
    def work() -> str:
        signal.pause()
        return "never"

    assert in_child(work, 10, 0.05) == ("", True)


@forks
def test_a_child_that_ends_by_its_limit_of_cpu_took_too_long() -> None:
    def work() -> str:
        os.kill(os.getpid(), signal.SIGXCPU)
        return "never"

    assert in_child(work, 10, 30) == ("", True)


def test_the_package_and_the_tests_that_are_run_are_there() -> None:
    assert PACKAGE.is_dir()
    assert all((ROOT / each).exists() for each in (*TESTS, *LEFT_OUT))
