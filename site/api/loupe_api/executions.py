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


class Executions:
    """Executions of the classify workflow, which is the one that claimed the picture before."""

    def __init__(self, client: "SFNClient") -> None:
        self._client = client

    def start(self, claimed_by: str, execution_input: Mapping[str, object]) -> None:
        """Start another execution of the state machine whose execution `claimed_by` is."""
        try:
            self._client.start_execution(
                stateMachineArn=machine_of(claimed_by), input=json.dumps(execution_input)
            )
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in THROTTLED:
                raise TooManyRequestsError from error
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
    """The state machine's ARN in an execution's: `…:execution:NAME:…`, or `…:express:NAME:…`."""
    parts = execution_arn.split(":")
    return ":".join([*parts[:5], "stateMachine", parts[6]])
