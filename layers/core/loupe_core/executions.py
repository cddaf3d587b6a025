"""Whether an execution is over, and how it ended, as Step Functions tells. boto3's errors end here."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from loupe_core.outcomes import Failure

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

RUNNING, SUCCEEDED, UNKNOWN = "RUNNING", "SUCCEEDED", "UNKNOWN"
FAILURES = {
    "ABORTED": Failure("ExecutionAborted", "The execution was stopped before it had ended."),
    "TIMED_OUT": Failure("States.Timeout", "The execution took longer than its limit."),
}
MAX_LISTED = 50
LOST = Failure("States.Timeout", "The execution ended before it had recorded what became of the picture.")


@dataclass(frozen=True)
class ExecutionState:
    """An execution's status, UNKNOWN where AWS does not say, and why it failed, where it did."""

    status: str
    failure: Failure | None = None


class Executions:
    """Executions of the workflow. An Express one cannot be asked."""

    def __init__(self, client: "SFNClient | None" = None) -> None:
        self._client: Any = client or boto3.client(
            "stepfunctions",
            config=Config(
                connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 3, "mode": "standard"}
            ),
        )

    def state(self, arn: str) -> ExecutionState:
        """How the execution is now."""
        if ":express:" in arn or ":execution:" not in arn:
            return ExecutionState(UNKNOWN)
        try:
            answer = self._client.describe_execution(executionArn=arn)
        except (BotoCoreError, ClientError):
            return ExecutionState(UNKNOWN)
        return ExecutionState(answer["status"], failure_of(answer))

    def stopped(self, machine_arn: str, since: datetime, until: datetime) -> list[dict[str, Any]]:
        """Executions that were aborted or timed out between then, as their status events would describe them.

        The newest of each only; an Express machine lists none.
        """
        return self._described(FAILURES, machine_arn, since, until) if machine_arn else []

    def _list(self, machine_arn: str, status: str) -> list[dict[str, Any]]:
        try:
            found: list[dict[str, Any]] = self._client.list_executions(
                stateMachineArn=machine_arn, statusFilter=status, maxResults=MAX_LISTED
            )["executions"]
        except (BotoCoreError, ClientError):
            return []
        return found

    def ended(self, machine_arn: str, since: datetime, until: datetime) -> list[dict[str, Any]]:
        """Executions that failed, were aborted or timed out between then, as DescribeExecution has them."""
        return self._described(("FAILED", *FAILURES), machine_arn, since, until)

    def _described(
        self, statuses: Iterable[str], machine_arn: str, since: datetime, until: datetime
    ) -> list[dict[str, Any]]:
        """One that cannot be described now is left out, and keeps no other: it is met at the next look."""
        found: list[dict[str, Any]] = []
        for status in statuses:
            for each in self._list(machine_arn, status):
                if each.get("stopDate") is not None and since <= each["stopDate"] <= until:
                    with suppress(BotoCoreError, ClientError):
                        found.append(self._client.describe_execution(executionArn=each["executionArn"]))
        return found

    def is_over(self, arn: str) -> bool:
        """Whether the execution is known to have ended."""
        return self.state(arn).status not in (RUNNING, UNKNOWN)


def failure_of(described: dict[str, Any]) -> Failure | None:
    """Why an execution failed: from DescribeExecution's answer, or from its status event's detail."""
    if described.get("status") in FAILURES:
        return FAILURES[described["status"]]
    return Failure.parse({"Error": described.get("error"), "Cause": described.get("cause")})
