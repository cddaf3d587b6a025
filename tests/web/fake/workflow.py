"""What the workflow would do with an upload, as a function of time: no thread, no clock of its own."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

# State, seconds after the upload at which it begins, seconds that it lasts; all times the pace.
_STEPS = (
    ("Claim Image", 0.30, 0.06),
    ("Serialize Image Data", 0.36, 0.30),
    ("Route By Faces", 0.66, 0.0),
    ("Detect Faces", 0.66, 0.25),
    ("Classify Image Data", 0.91, 0.35),
    ("Annotate Image", 1.26, 0.20),
    ("Filter Inference Data", 1.46, 0.06),
)
_ACCEPTED = (("Record Result", 1.52, 0.05), ("Notify Success", 1.57, 0.08))
_FAILED = (("Record Failure", 1.52, 0.05), ("Notify Failure", 1.57, 0.08), ("Failed", 1.65, 0.0))

Failure = dict[str, str]


@dataclass(frozen=True)
class Answer:
    """What the model and the face detector say of a picture; `failure` is None for an accepted one."""

    predictions: list[dict[str, Any]]
    faces: list[dict[str, Any]]
    failure: Failure | None
    failed_in: str = "Filter Inference Data"

    @property
    def status(self) -> str:
        if self.failure is None:
            return "CLASSIFIED"
        return "REJECTED" if self.failure["name"] == "ThresholdConfidenceNotMetError" else "FAILED"


@dataclass(frozen=True)
class Course:
    """One picture's way through the states. `pace` 0 means that all is over at once."""

    uploaded_at: float
    pace: float
    answer: Answer

    @property
    def _steps(self) -> list[tuple[str, float, float]]:
        done: list[tuple[str, float, float]] = []
        for step in _STEPS:
            done.append(step)
            if self.answer.failure is not None and step[0] == self.answer.failed_in:
                break
        return [*done, *(_ACCEPTED if self.answer.failure is None else _FAILED)]

    def begun(self, now: float) -> bool:
        return now >= self.uploaded_at + _STEPS[0][1] * self.pace

    def finished(self, now: float) -> bool:
        _, start, length = self._steps[-2]
        return now >= self.uploaded_at + (start + length) * self.pace

    def history(self, now: float) -> list[dict[str, Any]]:
        """The states entered so far, as the API gives them."""
        items = []
        for state, start, length in self._steps:
            entered = self.uploaded_at + start * self.pace
            left = entered + length * self.pace
            if now < entered:
                break
            fails = self.answer.failure is not None and state == self.answer.failed_in
            over = now >= left
            items.append(
                {
                    "state": state,
                    "status": ("FAILED" if fails else "SUCCEEDED") if over else "RUNNING",
                    "enteredAt": timestamp(entered),
                    "exitedAt": timestamp(left) if over else None,
                    "retries": 0,
                    "error": self.answer.failure if fails and over else None,
                }
            )
        return items


def timestamp(seconds: float) -> str:
    """ISO 8601 in UTC with milliseconds."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Clock = Callable[[], float]
