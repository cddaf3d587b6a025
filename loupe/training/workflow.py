"""The training workflow: start an execution, follow it, stop it."""

import json
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from loupe.aws import Cloud, describe_execution, list_executions
from loupe.aws_errors import error_code, translate_errors
from loupe.errors import ModelNotFoundError
from loupe.results import Execution
from loupe.stack import Stack

LOG_GROUP = "/aws/sagemaker/TrainingJobs"
JOB_ENDED = ("Completed", "Failed", "Stopped")
# What a person waits for; the others take no time.
SHOWN_STATES = ("TaskStateEntered", "MapStateEntered", "ParallelStateEntered")
EPOCH = re.compile(
    r"^epoch=(?P<epoch>\d+) loss=(?P<loss>\S+) accuracy=(?P<accuracy>[\d.]+)"
    r" validation_loss=(?P<validation_loss>\S+)(?: epochs=(?P<epochs>\d+))?"
)


@dataclass(frozen=True)
class StateEntered:
    """The execution has come to a state."""

    name: str


@dataclass(frozen=True)
class JobStarted:
    """A training job has been handed to SageMaker."""

    name: str


@dataclass(frozen=True)
class Epoch:
    """One epoch of the training job, as its log has it; all but `loss` is on held-out pictures."""

    number: int
    of: int
    loss: float
    accuracy: float
    validation_loss: float


@dataclass(frozen=True)
class ExecutionStarted:
    """A nested execution has been started, of which the states are part of the whole."""

    arn: str


Happening = StateEntered | JobStarted | ExecutionStarted | Epoch


def execution_name(name: str, now: datetime | None = None) -> str:
    """Unique, and at most 45 characters, so that the jobs' names begin with it whole."""
    return f"{name[:24]}-{(now or datetime.now(UTC)):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def parse_epoch(line: str) -> Epoch | None:
    """An epoch's line of the training job's log; None for any other."""
    found = EPOCH.match(line.strip())
    if found is None:
        return None
    try:
        return Epoch(
            int(found["epoch"]),
            int(found["epochs"] or 0),
            float(found["loss"]),
            float(found["accuracy"]),
            float(found["validation_loss"]),
        )
    except ValueError:
        return None


class TrainingWorkflow:
    """The deployed state machine and the jobs that it starts."""

    def __init__(self, cloud: Cloud, stack: Stack) -> None:
        self._cloud = cloud
        self._machine = stack.output("TrainStateMachineArn")
        self._states = cloud.client("stepfunctions")
        self._sagemaker = cloud.client("sagemaker")
        self._logs = cloud.client("logs")

    def start(self, name: str, payload: dict[str, Any]) -> str:
        """StartExecution; gives the execution's ARN."""
        with translate_errors(self._cloud.where):
            answer = self._states.start_execution(
                stateMachineArn=self._machine, name=name, input=json.dumps(payload, ensure_ascii=False)
            )
        return str(answer["executionArn"])

    def trainings(self, most: int = 20) -> list[Execution]:
        """The newest executions first."""
        with translate_errors(self._cloud.where):
            return list_executions(self._states, self._machine, most)

    def find(self, name: str) -> Execution:
        """The newest training of that name, or whose name begins so; an ARN's too. ModelNotFoundError."""
        wanted = name.rpartition(":")[2]
        for training in self.trainings(1000):
            if training.name == wanted or training.name.startswith(f"{wanted}-"):
                return training
        raise ModelNotFoundError(f"There is no training {name}. `loupe trainings` lists those there are.")

    def describe(self, execution_arn: str) -> Execution:
        with translate_errors(self._cloud.where):
            return describe_execution(self._states, execution_arn)

    def events(self, execution_arn: str, after: int) -> list[dict[str, Any]]:
        """The events of the history after the one of that number, the oldest first."""
        found: list[dict[str, Any]] = []
        with translate_errors(self._cloud.where):
            pages = self._states.get_paginator("get_execution_history").paginate(
                executionArn=execution_arn, reverseOrder=True, includeExecutionData=True
            )
            for page in pages:
                found += [event for event in page["events"] if event["id"] > after]
                if not page["events"] or page["events"][-1]["id"] <= after:
                    break
        return sorted(found, key=lambda event: int(event["id"]))

    def log_lines(self, job: str, since_ms: int) -> Iterator[tuple[str, int, str]]:
        """What a training job has logged since then: each line with its id and its time."""
        request: dict[str, Any] = {
            "logGroupName": LOG_GROUP,
            "logStreamNamePrefix": f"{job}/",
            "startTime": since_ms,
        }
        with translate_errors(self._cloud.where):
            while True:
                try:
                    page = self._logs.filter_log_events(**request)
                except ClientError as error:
                    if error_code(error) == "ResourceNotFoundException":
                        return  # made with the first job's first line
                    raise
                for each in page["events"]:
                    yield each["eventId"], each["timestamp"], each["message"]
                token = page.get("nextToken")
                if not token or token == request.get("nextToken"):
                    return
                request["nextToken"] = token

    def stop(self, execution_arn: str) -> None:
        """StopExecution; Step Functions stops the job that it waits for."""
        with translate_errors(self._cloud.where):
            self._states.stop_execution(
                executionArn=execution_arn, error="Stopped", cause="Stopped by the person who started it."
            )

    def job_has_ended(self, job: str) -> bool:
        with translate_errors(self._cloud.where):
            return (
                self._sagemaker.describe_training_job(TrainingJobName=job)["TrainingJobStatus"] in JOB_ENDED
            )

    def stop_job(self, job: str) -> None:
        """StopTrainingJob, unless it is ending already."""
        with translate_errors(self._cloud.where):
            try:
                self._sagemaker.stop_training_job(TrainingJobName=job)
            except ClientError as error:
                if error_code(error) != "ValidationException":
                    raise


def happenings(events: list[dict[str, Any]]) -> Iterator[Happening]:
    """What a person who waits wants to know of a history's events."""
    for event in events:
        if event["type"] in SHOWN_STATES:
            yield StateEntered(str(event["stateEnteredEventDetails"]["name"]))
        elif event["type"] == "TaskScheduled" and (job := _training_job(event)):
            yield JobStarted(job)
        elif event["type"] == "TaskSubmitted" and (arn := _nested_execution(event)):
            yield ExecutionStarted(arn)


def _training_job(event: dict[str, Any]) -> str | None:
    details = event["taskScheduledEventDetails"]
    if details.get("resourceType") != "sagemaker" or not details.get("resource", "").startswith(
        "createTrainingJob"
    ):
        return None
    try:
        return str(json.loads(details["parameters"])["TrainingJobName"])
    except (ValueError, KeyError, TypeError):
        return None


def _nested_execution(event: dict[str, Any]) -> str | None:
    """The execution that a task has started and waits for."""
    details = event["taskSubmittedEventDetails"]
    if details.get("resourceType") != "states" or not details.get("resource", "").startswith(
        "startExecution"
    ):
        return None
    try:
        return str(json.loads(details["output"])["ExecutionArn"])
    except (ValueError, KeyError, TypeError):
        return None
