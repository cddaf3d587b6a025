"""The training workflow's executions, as reviews start them. boto3's errors become ours here."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from loupe_review.states import CONFIG, code_of, failed, named

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

# So many of the newest successes are looked through for one whose data can be trained on again.
MAX_LOOKED_AT = 20
RUNNING, SUCCEEDED = "RUNNING", "SUCCEEDED"


class Trainings:
    """Executions of train_model. Every method raises AccessDeniedError and RecordsUnavailableError."""

    def __init__(self, machine_arn: str, client: "SFNClient | None" = None) -> None:
        self._machine = machine_arn
        self._client: Any = client or boto3.client("stepfunctions", config=CONFIG)

    def running(self) -> bool:
        """Whether any training runs, whoever started it."""
        return bool(self._list(RUNNING, 1))

    def last_given(self) -> Mapping[str, Any] | None:
        """The input of the last training that brought a model to the stack's endpoint; None without one.

        Step Functions keeps an execution for ninety days.
        """
        for each in self._list(SUCCEEDED, MAX_LOOKED_AT):
            with _named("states:DescribeExecution"):
                described = self._client.describe_execution(executionArn=each["executionArn"])
            given = json.loads(described.get("input") or "{}")
            if given.get("source") and given.get("deploy", True) and "endpointName" not in given:
                return dict(given)
        return None

    def start(self, name: str, given: str) -> None:
        """Start one with this input, unless it was started before under this name."""
        try:
            self._client.start_execution(stateMachineArn=self._machine, name=name, input=given)
        except ClientError as error:
            if code_of(error) != "ExecutionAlreadyExists":
                raise named(error, "states:StartExecution") from error
        except BotoCoreError as error:
            raise failed(error) from error

    def _list(self, status: str, most: int) -> list[dict[str, Any]]:
        with _named("states:ListExecutions"):
            found: list[dict[str, Any]] = self._client.list_executions(
                stateMachineArn=self._machine, statusFilter=status, maxResults=most
            )["executions"]
        return found


@contextmanager
def _named(action: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        raise named(error, action) from error
    except BotoCoreError as error:
        raise failed(error) from error
