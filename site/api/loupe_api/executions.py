"""Step Functions' account of an execution."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from loupe_api.errors import TooManyRequestsError

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

MOST_EVENTS = 5000
GONE = {"ExecutionDoesNotExist", "InvalidArn", "ValidationException"}
THROTTLED = {"ThrottlingException", "TooManyRequestsException"}


class Executions:
    """Executions of the classify workflow."""

    def __init__(self, client: "SFNClient") -> None:
        self._client = client

    def events(self, execution_arn: str) -> list[Mapping[str, Any]] | None:
        """The execution's events, oldest first; None where AWS keeps none (Express, or over 90 days old)."""
        if ":express:" in execution_arn or not execution_arn.startswith("arn:"):
            return None
        pages = self._client.get_paginator("get_execution_history").paginate(
            executionArn=execution_arn,
            includeExecutionData=False,
            PaginationConfig={"PageSize": 1000, "MaxItems": MOST_EVENTS},
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
