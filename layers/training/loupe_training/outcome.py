"""What became of an execution: a model, or an error that people understand."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MAX_CAUSE_LENGTH = 2000
TOO_LOW, LIVE_BETTER = "AccuracyTooLowError", "LiveModelBetterError"
ABORTED, TIMEOUT, STOPPED_JOB = "ExecutionAborted", "States.Timeout", "JobStoppedError"
TASK_FAILED = "States.TaskFailed"
TIME_LIMITS = ("MaxRuntimeExceeded", "MaxWaitTimeExceeded")
STEPS = {"prepare": "Preparation", "train": "Training", "evaluate": "Evaluation"}


@dataclass(frozen=True)
class Failure:
    """An error's name, and what happened in a sentence or two."""

    error: str
    cause: str

    @property
    def refused(self) -> bool:
        """Trained, and not accurate enough or not as good as the live model."""
        return self.error in (TOO_LOW, LIVE_BETTER)


def of_status(status: str, error: str | None, cause: str | None) -> Failure:
    """Of an execution that ended without saying what became of it; `status` is Step Functions'."""
    if status == "TIMED_OUT":
        return Failure(TIMEOUT, "The execution took longer than the workflow may take.")
    if status == "ABORTED":
        return Failure(ABORTED, "The execution was stopped before it ended.")
    return Failure(error or TASK_FAILED, cause or "")


def explain(failure: Failure, longest_seconds: int) -> Failure:
    """The error that a person can act on, of what a state failed with.

    Step Functions wraps it: a nested execution's failure in that execution's description, a job's in the
    job's, a function's in JSON with a stack trace.
    """
    found = _innermost(failure)
    document = _document(found.cause)
    if found.error == STOPPED_JOB:
        return _stopped(document, longest_seconds)
    if "errorMessage" in document:
        found = Failure(found.error, str(document["errorMessage"]))
    elif "TrainingJobName" in document or "ProcessingJobName" in document:
        found = _job(document)
    # Of the test of the trial endpoint; nothing else asks an endpoint.
    error = "SmokeTestFailedError" if found.error.startswith("Endpoint") else found.error
    return Failure(error, found.cause[:MAX_CAUSE_LENGTH] or f"AWS gave no cause for {error}.")


def _innermost(failure: Failure) -> Failure:
    """What a nested execution failed with, where the failure is one's."""
    document = _document(failure.cause)
    while "ExecutionArn" in document and "Status" in document:
        failure = of_status(str(document["Status"]), document.get("Error"), document.get("Cause"))
        document = _document(failure.cause)
    return failure


def _document(cause: str) -> Mapping[str, Any]:
    """The object that a cause holds as JSON; empty where it is a text, or was cut."""
    try:
        found = json.loads(cause)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _stopped(job: Mapping[str, Any], longest_seconds: int) -> Failure:
    what = f"{job.get('step', 'Training')} job {job.get('job', '')}".strip()
    if job.get("secondary") in TIME_LIMITS:
        return Failure(
            "TrainingTimeoutError",
            f"The {what} was not done within the {longest_seconds} seconds that it may take.",
        )
    return Failure(STOPPED_JOB, f"The {what} was stopped before it ended.")


def _job(job: Mapping[str, Any]) -> Failure:
    """Of a failed job's description: its own last words name the error."""
    name = str(job.get("TrainingJobName") or job.get("ProcessingJobName"))
    kind = re.sub(r"-\d+$", "", name).rpartition("-")[2]
    step = STEPS.get(kind, "Training")
    if "Stopped" in (job.get("TrainingJobStatus"), job.get("ProcessingJobStatus")):
        return Failure(STOPPED_JOB, f"The {step} job {name} was stopped before it ended.")
    said = str(job.get("ExitMessage") or job.get("FailureReason") or "")
    reason = re.sub(r"^(AlgorithmError|ClientError):\s*", "", said)
    reason = re.sub(r",?\s*exit code: \d+$", "", reason).strip()
    if "exit code: 137" in said:
        killed = f"The process of the {step} job was killed"
        return Failure(f"{step}FailedError", f"{killed}: {reason}" if reason else f"{killed}.")
    named = re.match(r"([A-Z][A-Za-z]*Error): (.*)", reason, re.DOTALL)
    if named:
        return Failure(named[1], named[2])
    return Failure(f"{step}FailedError", reason or "SageMaker gave no reason.")
