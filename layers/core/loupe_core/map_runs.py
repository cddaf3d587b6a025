"""How far an execution with a Distributed Map is, as Step Functions counts it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

COUNTED = ("succeeded", "failed", "timedOut", "aborted", "running", "pending")
# The state that was entered last is among so many events.
LOOKED_AT = 25


@dataclass(frozen=True)
class Progress:
    """Pictures by what became of their batches, as DescribeMapRun counts them; None before the map runs.

    `at_once`: batches that may be at work at once.
    """

    state: str
    total: int | None = None
    done: int = 0
    failed: int = 0
    started: datetime | None = None
    at_once: int = 1


def progress_of(states: Any, arn: str) -> Progress:
    """In which state the execution is, and of its map run the counts. Raises ClientError."""
    state = _state(states, arn)
    runs = states.list_map_runs(executionArn=arn)["mapRuns"]
    if not runs:
        return Progress(state)
    found = states.describe_map_run(mapRunArn=runs[0]["mapRunArn"])
    counts = found["itemCounts"]
    return Progress(
        state,
        total=sum(counts[name] for name in COUNTED),
        done=counts["succeeded"],
        failed=counts["failed"] + counts["timedOut"] + counts["aborted"],
        started=found["startDate"],
        at_once=max(1, min(found["maxConcurrency"], sum(found["executionCounts"][each] for each in COUNTED))),
    )


def _state(states: Any, arn: str) -> str:
    """The state that was entered last."""
    answer = states.get_execution_history(
        executionArn=arn, reverseOrder=True, maxResults=LOOKED_AT, includeExecutionData=False
    )
    for event in answer["events"]:
        if "stateEnteredEventDetails" in event:
            return str(event["stateEnteredEventDetails"]["name"])
    return ""
