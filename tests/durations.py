"""How long tests took, kept in `.test_durations`: a mean of seconds by function, where it is no moment.

`make durations` writes the file anew from a run of `make test`. What is lengthy there is left out of
`make unit`, and groups of tests begin in the order of their length. A test that is not in it is quick.
"""

import json
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

FILE = Path(__file__).parent.parent / ".test_durations"
# Most of four thousand tests take a hundredth; the others take most of the time.
LENGTHY = 0.08
MOMENT = 0.05


def function_of(test: str) -> str:
    """The function of a test's id, for all its cases; xdist adds a group behind an `@`."""
    return test.partition("[")[0].partition("@")[0]


@cache
def kept() -> dict[str, float]:
    """Seconds a case, by function; quick ones are not in it."""
    return dict(json.loads(FILE.read_text("utf-8"))) if FILE.exists() else {}


class Durations:
    """A pytest plugin that keeps what a run took. Where xdist runs, it is the controller's."""

    def __init__(self) -> None:
        self._cases: defaultdict[str, defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))

    def pytest_runtest_logreport(self, report: object) -> None:
        if isinstance(report, pytest.SubtestReport):
            # Its test's own report has this time in it.
            return
        test, seconds = str(report.nodeid), float(report.duration)  # type: ignore[attr-defined]
        self._cases[function_of(test)][test] += seconds

    def pytest_sessionfinish(self) -> None:
        means = {name: sum(cases.values()) / len(cases) for name, cases in self._cases.items()}
        # What did not run this time stays as it was.
        known = {name: seconds for name, seconds in kept().items() if name not in means}
        lasting = {name: round(seconds, 2) for name, seconds in means.items() if seconds >= MOMENT}
        FILE.write_text(json.dumps(dict(sorted((known | lasting).items())), indent=0) + "\n", "utf-8")
