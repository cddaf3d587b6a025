"""Step Functions' account of an execution."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from loupe_api.errors import TooManyRequestsError

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

MAX_EVENTS = 5000
GONE = {"ExecutionDoesNotExist", "InvalidArn", "ValidationException"}
THROTTLED = {"ThrottlingException", "TooManyRequestsException"}
MISSING = "StateMachineDoesNotExist"
# What the core's template adds to the name of an Express machine.
EXPRESS = "-express"


class Executions:
    """Executions of the classify workflow, which is the one that claimed the picture before; `machine` where
    none did, or it is there no more.
    """

    def __init__(self, client: "SFNClient", machine: str = "") -> None:
        self._client, self._machine = client, machine

    def start(self, claimed_by: str, execution_input: Mapping[str, object]) -> None:
        """Start another execution of the state machine whose execution `claimed_by` is. What a batch run has
        recorded names none, and the core may be another kind of workflow by now.
        """
        named = machine_of(claimed_by)
        machines = [named] if named or not self._machine else []
        if self._machine:
            machines += [each for each in (self._machine, f"{self._machine}{EXPRESS}") if each != named]
        for number, machine in enumerate(machines, start=1):
            try:
                self._client.start_execution(stateMachineArn=machine, input=json.dumps(execution_input))
                return
            except ClientError as error:
                code = error.response.get("Error", {}).get("Code")
                if code in THROTTLED:
                    raise TooManyRequestsError from error
                if code != MISSING or number == len(machines):
                    raise

    def events(self, execution_arn: str) -> list[Mapping[str, Any]] | None:
        """The execution's events, oldest first; None where AWS keeps none (Express, or over 90 days old)."""
        if ":express:" in execution_arn or not execution_arn.startswith("arn:"):
            return None
        pages = self._client.get_paginator("get_execution_history").paginate(
            executionArn=execution_arn,
            includeExecutionData=False,
            PaginationConfig={"PageSize": 1000, "MaxItems": MAX_EVENTS},
        )
        try:
            return [event for page in pages for event in page["events"]]
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code")
            if code in GONE:
                return None
            if code in THROTTLED:
                raise TooManyRequestsError from error
            raise


def machine_of(execution_arn: str) -> str:
    """The state machine's ARN in an execution's: `…:execution:NAME:…`, or `…:express:NAME:…`; "" in none."""
    parts = execution_arn.split(":")
    if parts[0] != "arn" or len(parts) < 8:
        return ""
    return ":".join([*parts[:5], "stateMachine", parts[6]])
