"""A training workflow in memory."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from loupe.errors import CredentialsError, TargetError
from loupe.results import Execution

STARTED = datetime(2026, 11, 26, 1, tzinfo=UTC)
ARN = "arn:aws:states:us-east-1:000000000000:execution:train:pets-20261126-010000-abcd"
NESTED = "arn:aws:states:us-east-1:000000000000:execution:build:pets-20261126-010000-abcd-build"
JOB = "pets-20261126-010000-abcd-train"
TRAINED: dict[str, Any] = {
    "status": "DEPLOYED",
    "name": "pets",
    "model": "pets-20261126-010000-abcd-model",
    "endpoint": "loupe-classifier",
    "endpointConfig": "pets-20261126-010000-abcd-model",
    "accuracy": 0.975,
    "perClass": {"cat": 0.98, "dog": 0.97},
    "report": "s3://training/runs/pets-20261126-010000-abcd/evaluation/",
    "modelData": "s3://models/trained/m.tar.gz",
    "trainingJob": JOB,
}


def entered(number: int, name: str, kind: str = "Task") -> dict[str, Any]:
    return {"id": number, "type": f"{kind}StateEntered", "stateEnteredEventDetails": {"name": name}}


def scheduled(number: int, job: str) -> dict[str, Any]:
    details = {
        "resourceType": "sagemaker",
        "resource": "createTrainingJob.sync",
        "parameters": json.dumps({"TrainingJobName": job}),
    }
    return {"id": number, "type": "TaskScheduled", "taskScheduledEventDetails": details}


def submitted(number: int) -> dict[str, Any]:
    """A nested execution that was started."""
    details = {
        "resourceType": "states",
        "resource": "startExecution.sync:2",
        "output": json.dumps({"ExecutionArn": NESTED, "StartDate": 1}),
    }
    return {"id": number, "type": "TaskSubmitted", "taskSubmittedEventDetails": details}


def epoch_line(number: int, accuracy: float) -> str:
    return f"epoch={number} loss=0.5000 accuracy={accuracy:.4f} validation_loss=0.4000 epochs=3 seconds=1.2"


class FakeTraining:
    """An execution whose history grows with each look, and which ends as `outcome` says.

    `looks` holds what each look finds: events of the history, and lines of the training job's log.
    """

    def __init__(
        self,
        looks: list[tuple[list[dict[str, Any]], list[str]]],
        outcome: Execution | None = None,
        *,
        lost: int = 0,
        log_refused: bool = False,
        nested: list[dict[str, Any]] | None = None,
    ) -> None:
        self.nested = nested or []
        self.looks, self.lost, self.log_refused = looks, lost, log_refused
        self.final = outcome or succeeded()
        self.calls: list[str] = []
        self.job_polls_until_end = 2
        self.started: tuple[str, dict[str, Any]] | None = None
        self._look = 0
        self._stopped = False

    def find(self, name: str) -> Execution:
        return Execution(ARN, "RUNNING", STARTED)

    def start(self, name: str, payload: dict[str, Any]) -> str:
        self.started = (name, payload)
        return ARN

    def describe(self, execution_arn: str) -> Execution:
        if self.lost:
            self.lost -= 1
            raise TargetError("Nothing answers.")
        if self._stopped:
            return Execution(
                ARN,
                "ABORTED",
                STARTED,
                STARTED,
                error="Stopped",
                cause="Stopped by the person who started it.",
            )
        self._look += 1
        return self.final if self._look >= len(self.looks) else Execution(ARN, "RUNNING", STARTED)

    def events(self, execution_arn: str, after: int) -> list[dict[str, Any]]:
        seen = [event for events, _ in self.looks[: self._look] for event in events]
        seen = self.nested if execution_arn == NESTED else seen
        return [event for event in seen if event["id"] > after]

    def log_lines(self, job: str, since_ms: int) -> Iterator[tuple[str, int, str]]:
        if self.log_refused:
            raise CredentialsError("You may not call FilterLogEvents.")
        lines = [line for _, said in self.looks[: self._look] for line in said]
        # The whole log each time, as a look that reaches back finds it.
        return ((f"event-{number}", number, line) for number, line in enumerate(lines))

    def stop(self, execution_arn: str) -> None:
        self.calls.append("stop")
        self._stopped = True

    def job_has_ended(self, job: str) -> bool:
        self.calls.append("look at job")
        self.job_polls_until_end -= 1
        return self.job_polls_until_end < 0

    def stop_job(self, job: str) -> None:
        self.calls.append(f"stop {job}")


def succeeded(**changed: Any) -> Execution:
    output = json.dumps(TRAINED | changed)
    return Execution(ARN, "SUCCEEDED", STARTED, STARTED + timedelta(seconds=90), output=output)


def failed(error: str, cause: str) -> Execution:
    return Execution(ARN, "FAILED", STARTED, STARTED + timedelta(seconds=9), error=error, cause=cause)
