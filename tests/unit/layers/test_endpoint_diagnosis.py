"""Why an endpoint cannot be called: what SageMaker's status means for trying again."""

import os
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from loupe_core import endpoint_diagnosis, errors
from loupe_core.endpoint_diagnosis import _from_describe_error, _impatient_session, diagnose, from_status
from tests.unit.functions.handlers import client_error


@pytest.mark.parametrize("status", ["Creating", "Updating", "SystemUpdating", "RollingBack"])
def test_what_is_coming_is_worth_waiting_for(status: str) -> None:
    failure = from_status("dogs", status)

    assert type(failure) is errors.EndpointNotReadyError
    assert "dogs" in str(failure)


def test_a_failed_endpoint_says_why() -> None:
    failure = from_status("dogs", "Failed", "The container did not pass the ping health check.")

    assert type(failure) is errors.EndpointRejectedError
    assert "ping health check" in str(failure)


def test_a_failed_endpoint_without_a_reason_is_told_as_such() -> None:
    assert "no reason" in str(from_status("dogs", "Failed", object()))


@pytest.mark.parametrize(
    ("status", "expected"),
    [("Deleting", errors.EndpointNotFoundError), ("OutOfService", errors.EndpointRejectedError)],
)
def test_what_is_going_is_not_waited_for(status: str, expected: type[errors.LoupeError]) -> None:
    failure = from_status("dogs", status)

    assert type(failure) is expected
    assert "The endpoint dogs is" in str(failure)


def test_an_endpoint_in_service_is_not_to_blame() -> None:
    assert from_status("dogs", "InService") is None


@pytest.fixture
def describe(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let the SDK's DescribeEndpoint answer, or raise, what is given."""
    resources = pytest.importorskip("sagemaker.core.resources")

    def answer(outcome: Any) -> None:
        class Client:
            def describe_endpoint(self, **request: Any) -> Any:
                if isinstance(outcome, Exception):
                    raise outcome
                return {"EndpointName": request["EndpointName"], **outcome}

        monkeypatch.setattr(resources.Base, "get_sagemaker_client", classmethod(lambda *_, **__: Client()))

    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    # It sets this for the SDK; the fixture gives it back.
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "2")
    return answer


def test_the_sdk_is_asked_for_the_status(describe: Any) -> None:
    describe({"EndpointStatus": "Creating", "EndpointArn": "arn:aws:sagemaker:us-east-1:0:endpoint/dogs"})

    assert type(diagnose("dogs")) is errors.EndpointNotReadyError


def test_the_sdk_passes_the_failures_reason_on(describe: Any) -> None:
    describe({"EndpointStatus": "Failed", "FailureReason": "No capacity."})

    assert "No capacity." in str(diagnose("dogs"))


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (client_error("ValidationException", 400, "DescribeEndpoint"), errors.EndpointNotFoundError),
        (client_error("AccessDeniedException", 403, "DescribeEndpoint"), errors.AccessDeniedError),
        (client_error("ThrottlingException", 400, "DescribeEndpoint"), errors.EndpointThrottledError),
        (client_error("InternalFailure", 500, "DescribeEndpoint"), errors.EndpointFailedError),
        (EndpointConnectionError(endpoint_url="http://x"), errors.EndpointFailedError),
    ],
)
def test_a_question_that_fails_is_an_error_too(
    describe: Any, error: Exception, expected: type[errors.LoupeError]
) -> None:
    describe(error)

    failure = diagnose("dogs")

    assert type(failure) is expected
    assert "dogs" in str(failure)


def test_a_refused_question_names_the_action(describe: Any) -> None:
    describe(client_error("AccessDeniedException", 403, "DescribeEndpoint"))

    assert "sagemaker:DescribeEndpoint" in str(diagnose("dogs"))


def test_the_session_for_the_question_is_impatient() -> None:
    config: Any = endpoint_diagnosis._impatient_session()._session.get_default_client_config()

    assert config.connect_timeout <= 3
    assert config.read_timeout <= 10


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("ValidationException", 400, errors.EndpointNotFoundError),
        ("ValidationError", 400, errors.EndpointNotFoundError),
        ("ResourceNotFound", 400, errors.EndpointNotFoundError),
        ("AccessDenied", 400, errors.AccessDeniedError),
        ("ExpiredToken", 401, errors.AccessDeniedError),
        ("UnrecognizedClient", 403, errors.AccessDeniedError),
        ("ThrottlingException", 400, errors.EndpointThrottledError),
        ("TooManyRequests", 429, errors.EndpointThrottledError),
        ("Odd", 404, errors.EndpointFailedError),
    ],
)
def test_an_answer_is_judged_by_its_code_and_its_status(
    code: str, status: int, expected: type[errors.LoupeError]
) -> None:
    failure = _from_describe_error(client_error(code, status, "DescribeEndpoint"), "dogs")

    assert type(failure) is expected
    assert "dogs" in str(failure)


def test_an_answer_without_code_and_status_is_worth_another_try() -> None:
    failure = _from_describe_error(ClientError({}, "DescribeEndpoint"), "dogs")

    assert type(failure) is errors.EndpointFailedError


def test_the_sdk_gives_up_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else it tries for longer than the function has."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "")
    monkeypatch.delenv("AWS_MAX_ATTEMPTS")
    config: Any = _impatient_session()._session.get_default_client_config()

    assert os.environ["AWS_MAX_ATTEMPTS"] == "2"
    assert (config.connect_timeout, config.read_timeout) == (2, 5)


def test_the_sdk_is_asked_for_that_endpoint_impatiently(monkeypatch: pytest.MonkeyPatch) -> None:
    resources = pytest.importorskip("sagemaker.core.resources")
    asked: list[dict[str, Any]] = []

    def get(**given: Any) -> Any:
        asked.append(given)
        raise EndpointConnectionError(endpoint_url="http://x")

    monkeypatch.setattr(resources.Endpoint, "get", get)
    monkeypatch.setattr(endpoint_diagnosis, "_impatient_session", lambda: "impatient")

    assert "dogs (EndpointConnectionError)" in str(diagnose("dogs"))
    assert asked == [{"endpoint_name": "dogs", "session": "impatient"}]


def test_what_the_sdk_says_of_the_endpoint_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    resources = pytest.importorskip("sagemaker.core.resources")
    said = SimpleNamespace(endpoint_status="Failed", failure_reason="No capacity.")
    monkeypatch.setattr(resources.Endpoint, "get", lambda **_: said)
    monkeypatch.setattr(endpoint_diagnosis, "_impatient_session", lambda: None)

    assert str(diagnose("dogs")) == "The endpoint dogs failed: No capacity."
