"""What is kept of durations: means by function, of what ran; the rest stays."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import durations
from tests.durations import LENGTHY, MOMENT, Durations, function_of, kept


@dataclass
class Report:
    nodeid: str
    duration: float


class Part(pytest.SubtestReport):
    """A subtest's report, by what is read of it."""

    def __init__(self, nodeid: str, duration: float) -> None:
        self.nodeid, self.duration = nodeid, duration


@pytest.mark.parametrize(
    "test",
    [
        "tests/unit/test_a.py::test_b",
        "tests/unit/test_a.py::test_b[one-two]",
        "tests/unit/test_a.py::test_b[me@example.com]@unit/model",
        "tests/unit/test_a.py::test_b@unit/model",
    ],
)
def test_all_cases_are_their_functions(test: str) -> None:
    assert function_of(test) == "tests/unit/test_a.py::test_b"


def test_a_run_changes_what_ran_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "durations"
    file.write_text(json.dumps({"a::was_long": 5.0, "a::did_not_run": 3.0}))
    monkeypatch.setattr(durations, "FILE", file)
    kept.cache_clear()
    try:
        plugin = Durations()
        # Setup, call and teardown are reported each; a mean is over cases.
        for test, seconds in (
            ("a::cases[1]", 0.5),
            ("a::cases[1]", 0.5),
            ("a::cases[2]@group", 3.0),
            ("a::was_long", MOMENT / 2),
        ):
            plugin.pytest_runtest_logreport(Report(test, seconds))
        # Its time is in its test's.
        plugin.pytest_runtest_logreport(Part("a::cases[2][GET /it]", 3.0))
        plugin.pytest_sessionfinish()

        assert json.loads(file.read_text()) == {"a::cases": 2.0, "a::did_not_run": 3.0}
    finally:
        kept.cache_clear()


def test_what_is_kept_is_of_tests_that_there_are() -> None:
    """A test that was renamed is taken for a quick one until durations are kept anew."""
    root = Path(durations.__file__).parent.parent
    lengthy = [name for name, seconds in kept().items() if seconds >= LENGTHY]

    gone = [name for name in lengthy if not _is_there(root, name)]

    assert len(gone) <= len(lengthy) / 10, gone


def _is_there(root: Path, name: str) -> bool:
    file, _, function = name.partition("::")
    path = root / file
    return path.is_file() and f"def {function.rpartition('::')[2]}(" in path.read_text("utf-8")
