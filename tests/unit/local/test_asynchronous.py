"""An asynchronous failure goes to its destination, if the function's role may send it there."""

from typing import Any

import pytest

from local.lambdas import asynchronous

QUEUE = "arn:aws:sqs:us-east-1:000000000000:failures"
CONFIG = {
    "FunctionName": "record",
    "FunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:record",
    "Role": "r",
}


@pytest.mark.parametrize(("reason", "sent"), [(None, [QUEUE]), ("not authorized", [])])
def test_the_functions_role_decides_whether_a_failure_reaches_its_destination(
    monkeypatch: pytest.MonkeyPatch, reason: str | None, sent: list[str]
) -> None:
    asked, reached = [], []

    def refusal(role: str, service: str, action: str, resource: str) -> str | None:
        asked.append((role, service, action, resource))
        return reason

    def route(destination: str, *_: Any) -> None:
        reached.append(destination)

    monkeypatch.setattr(asynchronous, "refusal", refusal)
    monkeypatch.setattr("ministack.services.lambda_svc._route_async_failure", route)
    monkeypatch.setattr(
        "ministack.services.lambda_svc._execute_function", lambda *_: {"error": True, "body": {}}
    )
    rules = {"MaximumRetryAttempts": 0, "DestinationConfig": {"OnFailure": {"Destination": QUEUE}}}

    asynchronous._run({"config": CONFIG, "event_invoke_config": rules}, {"key": "value"})

    assert asked == [("r", "lambda.amazonaws.com", "sqs:SendMessage", QUEUE)]
    assert reached == sent
