"""How far an execution with a Distributed Map is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from loupe_core.map_runs import Progress, progress_of

ARN = "arn:aws:states:eu-west-1:123456789012:execution:batch:pets"
STARTED = datetime(2026, 11, 21, 12, tzinfo=UTC)
NONE = dict.fromkeys(("succeeded", "failed", "timedOut", "aborted", "running", "pending"), 0)


class States:
    """Step Functions, as far as it is asked."""

    def __init__(self, states: list[str], counts: dict[str, int] | None, children: int = 0) -> None:
        self._states, self._counts, self._children = states, counts, children

    def get_execution_history(self, executionArn: str, **asked: Any) -> dict[str, Any]:  # noqa: N803
        # The newest few, and without their pictures.
        assert (executionArn, asked["reverseOrder"], asked["includeExecutionData"]) == (ARN, True, False)
        assert 1 < asked["maxResults"] <= 100
        entered = [{"stateEnteredEventDetails": {"name": name}} for name in reversed(self._states)]
        return {"events": [{"type": "TaskScheduled"}, *entered]}

    def list_map_runs(self, executionArn: str) -> dict[str, Any]:  # noqa: N803
        return {"mapRuns": [] if self._counts is None else [{"mapRunArn": f"{executionArn}/map"}]}

    def describe_map_run(self, mapRunArn: str) -> dict[str, Any]:  # noqa: N803
        assert mapRunArn == f"{ARN}/map"
        return {
            "itemCounts": NONE | (self._counts or {}),
            "executionCounts": NONE | {"pending": self._children},
            "maxConcurrency": 4,
            "startDate": STARTED,
        }


def test_before_the_map_runs_only_the_state_is_known() -> None:
    assert progress_of(States(["Plan Batch", "Prepare Items"], None), ARN) == Progress("Prepare Items")
    assert progress_of(States([], None), ARN) == Progress("")


def test_pictures_are_counted_by_what_became_of_their_batches() -> None:
    counts = {"succeeded": 80, "failed": 20, "timedOut": 3, "aborted": 1, "running": 6, "pending": 10}
    found = progress_of(States(["Classify Pictures"], counts, children=3), ARN)
    assert found == Progress("Classify Pictures", 120, 80, 24, STARTED, at_once=3)


def test_no_more_batches_are_at_work_than_the_map_allows() -> None:
    assert progress_of(States(["Classify Pictures"], {}, children=9), ARN).at_once == 4
