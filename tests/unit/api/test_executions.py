"""Of which executions AWS keeps a history."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
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


MACHINE = f"{STATES}:stateMachine:loupe-classify-image"
STARTED = {"executionArn": STANDARD, "startDate": datetime(2026, 11, 21, tzinfo=UTC)}


@pytest.mark.parametrize("claimed_by", ["batch:zoo-1", "by hand", "", STANDARD])
@pytest.mark.parametrize("express", [True, False])
def test_whoever_had_a_picture_before_it_is_classified_by_the_machine_that_is_there(
    stubbed: tuple[Executions, Any], claimed_by: str, express: bool
) -> None:
    _, stubber = stubbed
    executions = Executions(stubber.client, MACHINE)
    if express:
        stubber.add_client_error("start_execution", "StateMachineDoesNotExist")
    machine = f"{MACHINE}-express" if express else MACHINE
    stubber.add_response("start_execution", STARTED, {"stateMachineArn": machine, "input": "{}"})

    executions.start(claimed_by, {})

    stubber.assert_no_pending_responses()


def test_a_machine_that_is_nowhere_is_no_success(stubbed: tuple[Executions, Any]) -> None:
    _, stubber = stubbed
    for _ in range(2):
        stubber.add_client_error("start_execution", "StateMachineDoesNotExist")

    with pytest.raises(ClientError):
        Executions(stubber.client, MACHINE).start("batch:zoo-1", {})
