"""What Step Functions says of executions that ended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ReadTimeoutError
from botocore.stub import Stubber

from loupe_core.executions import FAILURES, UNKNOWN, Executions, ExecutionState
from loupe_core.outcomes import Failure

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


def test_one_that_nobody_answers_about_keeps_no_other() -> None:
    class Hiding:
        """Step Functions that breaks the connection when asked about one of two executions."""

        def list_executions(self, **request: Any) -> dict[str, Any]:
            return listed("hidden", "seen") if request["statusFilter"] == "ABORTED" else listed()

        def describe_execution(self, executionArn: str) -> dict[str, Any]:  # noqa: N803 - AWS's name
            if executionArn.endswith("hidden"):
                raise ReadTimeoutError(endpoint_url="https://aws")
            return described("seen")

    executions = Executions(Hiding())  # type: ignore[arg-type] # a fake

    for found in (
        executions.stopped(MACHINE, NOON - timedelta(minutes=12), NOON),
        executions.ended(MACHINE, NOON, NOON),
    ):
        assert [each["executionArn"] for each in found] == [ARN + "seen"]


@pytest.mark.parametrize(
    ("since", "until", "count"),
    [(0, 0, 1), (-1, 0, 1), (0, 1, 1), (1, 2, 0), (-2, -1, 0)],
)
def test_what_ended_at_either_end_of_the_time_is_in_it(since: int, until: int, count: int) -> None:
    class Stopped:
        def list_executions(self, **request: Any) -> dict[str, Any]:
            return listed("one") if request["statusFilter"] == "TIMED_OUT" else listed()

        def describe_execution(self, executionArn: str) -> dict[str, Any]:  # noqa: N803 - AWS's name
            return described("one")

    executions = Executions(Stopped())  # type: ignore[arg-type] # a fake
    second = timedelta(seconds=1)

    assert len(executions.stopped(MACHINE, NOON + since * second, NOON + until * second)) == count


def test_an_express_workflow_has_no_list_to_look_at() -> None:
    assert Executions(object()).stopped("", NOON, NOON) == []  # type: ignore[arg-type] # never asked


class Told:
    """Step Functions that says the same of every execution."""

    def __init__(self, **description: Any) -> None:
        self.description, self.asked = description, list[Any]()

    def describe_execution(self, **request: Any) -> dict[str, Any]:
        self.asked.append(request)
        return self.description

    def list_executions(self, **request: Any) -> dict[str, Any]:
        self.asked.append(request)
        return {"executions": []}


@pytest.mark.parametrize(
    ("described", "over", "failure"),
    [
        ({"status": "RUNNING"}, False, None),
        ({"status": "SUCCEEDED"}, True, None),
        ({"status": "FAILED", "error": "Boom", "cause": "It broke."}, True, Failure("Boom", "It broke.")),
        ({"status": "ABORTED", "error": "Boom"}, True, FAILURES["ABORTED"]),
        ({"status": "TIMED_OUT"}, True, FAILURES["TIMED_OUT"]),
    ],
)
def test_an_execution_is_as_aws_describes_it(
    described: dict[str, str], over: bool, failure: Failure | None
) -> None:
    client = Told(**described)
    executions = Executions(client)  # type: ignore[arg-type] # a fake

    assert executions.state(ARN + "one") == ExecutionState(described["status"], failure)
    assert executions.is_over(ARN + "one") is over
    assert client.asked == [{"executionArn": ARN + "one"}] * 2


@pytest.mark.parametrize("arn", [ARN.replace(":execution:", ":express:"), "deleted", ""])
def test_what_cannot_be_asked_about_is_not(arn: str) -> None:
    client = Told(status="SUCCEEDED")

    assert Executions(client).state(arn) == ExecutionState(UNKNOWN)  # type: ignore[arg-type] # a fake
    assert client.asked == []


def test_what_failed_by_itself_is_listed_among_what_ended_and_not_among_what_was_stopped() -> None:
    client = Told()
    executions = Executions(client)  # type: ignore[arg-type] # a fake
    executions.stopped(MACHINE, NOON, NOON)
    executions.ended(MACHINE, NOON, NOON)

    stopped, failed = ["ABORTED", "TIMED_OUT"], ["FAILED"]
    assert [each["statusFilter"] for each in client.asked] == [*stopped, *failed, *stopped]
    assert all((each["stateMachineArn"], each["maxResults"]) == (MACHINE, 50) for each in client.asked)


def test_what_cannot_be_listed_is_met_at_the_next_look() -> None:
    class Away:
        def list_executions(self, **request: Any) -> Any:
            raise ReadTimeoutError(endpoint_url="https://aws")

    assert Executions(Away()).ended(MACHINE, NOON, NOON) == []  # type: ignore[arg-type] # a fake
