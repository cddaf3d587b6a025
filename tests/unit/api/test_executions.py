"""Of which executions AWS keeps a history."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from loupe_api.errors import TooManyRequestsError
from loupe_api.executions import Executions

STATES = "arn:aws:states:eu-west-1:123456789012"
STANDARD = f"{STATES}:execution:loupe-classify-image:one"
EVENT = {"id": 1, "type": "ExecutionStarted", "timestamp": datetime(2026, 11, 21, tzinfo=UTC)}


@pytest.fixture
def stubbed() -> Iterator[tuple[Executions, Any]]:
    client = boto3.client("stepfunctions", "eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")
    with Stubber(client) as stubber:
        yield Executions(client), stubber


def test_standard_execution_has_one(stubbed: tuple[Executions, Any]) -> None:
    executions, stubber = stubbed
    stubber.add_response("get_execution_history", {"events": [EVENT]})

    assert executions.events(STANDARD) == [EVENT]


@pytest.mark.parametrize("arn", [f"{STATES}:express:loupe-classify-image:one:5f7c8ec7", "by hand", ""])
def test_express_execution_has_none_and_is_not_asked_for(stubbed: tuple[Executions, Any], arn: str) -> None:
    executions, _ = stubbed

    assert executions.events(arn) is None


@pytest.mark.parametrize("code", ["ExecutionDoesNotExist", "InvalidArn"])
def test_history_that_aws_has_dropped_is_none(stubbed: tuple[Executions, Any], code: str) -> None:
    executions, stubber = stubbed
    stubber.add_client_error("get_execution_history", code)

    assert executions.events(STANDARD) is None


def test_throttled_question_is_to_be_asked_again(stubbed: tuple[Executions, Any]) -> None:
    executions, stubber = stubbed
    for _ in range(10):
        stubber.add_client_error("get_execution_history", "ThrottlingException", http_status_code=400)

    with pytest.raises(TooManyRequestsError):
        executions.events(STANDARD)
