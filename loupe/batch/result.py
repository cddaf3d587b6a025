"""A run's outcome, as `loupe batch --json` gives it in its last line."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from loupe.results import Execution
from model.plain_text import plain_json

EXIT_DONE, EXIT_FAILED = 0, 1


@dataclass(frozen=True)
class BatchResult:
    """`status` is the execution's: SUCCEEDED, FAILED, TIMED_OUT, ABORTED, or RUNNING where nobody waited."""

    run: str
    status: str
    executionArn: str  # noqa: N815 (the contract's name)
    pictures: int | None = None
    classified: int | None = None
    rejected: int | None = None
    failed: int | None = None
    report: str | None = None
    durationMs: int | None = None  # noqa: N815 (the contract's name)
    error: str | None = None
    cause: str | None = None

    @property
    def exit_code(self) -> int:
        return EXIT_DONE if self.status in ("SUCCEEDED", "RUNNING") else EXIT_FAILED

    def to_json(self) -> str:
        return plain_json(asdict(self))


def from_execution(execution: Execution, summary: Mapping[str, Any] | None) -> BatchResult:
    """Of an execution and its report's figures, which a run that failed midway has, too."""
    found: Mapping[str, Any] = summary or (json.loads(execution.output) if execution.output else {})
    return BatchResult(
        run=execution.arn.rpartition(":")[2],
        status=execution.status,
        executionArn=execution.arn,
        **{name: found.get(name) for name in ("pictures", "classified", "rejected", "failed", "report")},
        durationMs=execution.duration_ms,
        error=execution.error,
        cause=execution.cause,
    )
