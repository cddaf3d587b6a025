"""The outcome of a training execution, as `loupe train` prints it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from loupe.results import EXIT_CLASSIFIED, EXIT_FAILED, EXIT_REFUSED, Execution, failure_of, parse_object
from model.plain_text import plain_json

REFUSALS = ("AccuracyTooLowError", "LiveModelBetterError")


@dataclass(frozen=True)
class TrainingResult:
    """`status` is SUCCEEDED, FAILED or (with --detach) RUNNING; `perClass` is the recall by label."""

    status: str
    accuracy: float | None = None
    perClass: Mapping[str, float | None] = field(default_factory=dict)  # noqa: N815 - a contract's key
    model: str | None = None
    endpoint: str | None = None
    executionArn: str | None = None  # noqa: N815
    durationMs: int | None = None  # noqa: N815
    error: str | None = None
    cause: str | None = None
    report: str | None = None
    accuracyLow: float | None = None  # noqa: N815
    accuracyHigh: float | None = None  # noqa: N815
    championAccuracy: float | None = None  # noqa: N815
    remarks: tuple[str, ...] = ()

    @property
    def refused(self) -> bool:
        """Trained, and less accurate than asked for, or than the live model."""
        return self.status == "FAILED" and self.error in REFUSALS

    @property
    def exit_code(self) -> int:
        """0 trained (and deployed), 3 refused, 1 anything else."""
        if self.status != "FAILED":
            return EXIT_CLASSIFIED
        return EXIT_REFUSED if self.refused else EXIT_FAILED

    def to_json(self) -> str:
        """One line; its keys are a contract."""
        return plain_json({name: getattr(self, name) for name in self.__dataclass_fields__})


def from_execution(execution: Execution, evaluation: Mapping[str, Any] | None = None) -> TrainingResult:
    """The outcome that an execution's output or error gives.

    `evaluation` (evaluation.json), where there is one, fills in what a refusal knew, all classes, the
    accuracy's interval, the live model's accuracy on the same pictures, and remarks.
    """
    found = evaluation or {}
    interval, champion = found.get("interval") or {}, found.get("champion") or {}
    more: dict[str, Any] = {
        "accuracyLow": interval.get("low"),
        "accuracyHigh": interval.get("high"),
        "championAccuracy": champion.get("accuracy"),
        "remarks": tuple(found.get("remarks") or ()),
    }
    if execution.status == "SUCCEEDED":
        said = parse_object(execution.output)
        accuracy = said.get("accuracy")
        return TrainingResult(
            status="SUCCEEDED",
            accuracy=None if accuracy is None else float(accuracy),
            perClass=_recalls(found) or dict(said.get("perClass") or {}),
            model=said.get("model"),
            endpoint=said.get("endpoint"),
            executionArn=execution.arn,
            durationMs=execution.duration_ms,
            report=said.get("report"),
            **more,
        )
    error, cause = failure_of(execution)
    return TrainingResult(
        status="FAILED",
        accuracy=found.get("accuracy"),
        perClass=_recalls(found),
        executionArn=execution.arn,
        durationMs=execution.duration_ms,
        error=error,
        cause=cause,
        report=found.get("report"),
        **more,
    )


def _recalls(evaluation: Mapping[str, Any]) -> dict[str, float | None]:
    return {each["label"]: each["recall"] for each in evaluation.get("perClass", ())}
