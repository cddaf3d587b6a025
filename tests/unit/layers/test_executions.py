"""What Step Functions says of executions that ended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from loupe_core.executions import Executions

MACHINE = "arn:aws:states:us-east-1:111122223333:stateMachine:loupe-classify-image"
ARN = "arn:aws:states:us-east-1:111122223333:execution:loupe-classify-image:"
NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)


def listed(*names: str) -> dict[str, Any]:
    common = {"stateMachineArn": MACHINE, "status": "ABORTED", "startDate": NOON, "stopDate": NOON}
    return {"executions": [{"executionArn": ARN + name, "name": name, **common} for name in names]}


def described(name: str) -> dict[str, Any]:
    return {
        "executionArn": ARN + name,
        "stateMachineArn": MACHINE,
        "status": "ABORTED",
        "startDate": NOON,
        "stopDate": NOON,
    }


@pytest.mark.parametrize(
    ("code", "status"), [("AccessDeniedException", 400), ("ThrottlingException", 400), ("InternalError", 500)]
)
def test_one_that_cannot_be_described_keeps_no_other(code: str, status: int) -> None:
    client = boto3.client(
        "stepfunctions",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    with Stubber(client) as stubber:
        stubber.add_response("list_executions", listed("hidden", "seen"))
        stubber.add_client_error("describe_execution", code, http_status_code=status)
        stubber.add_response("describe_execution", described("seen"))
        stubber.add_response("list_executions", listed())

        found = Executions(client).stopped(MACHINE, NOON - timedelta(minutes=12), NOON)

    assert [each["executionArn"] for each in found] == [ARN + "seen"]
