"""The endpoint's adapter: what is sent, and which of our errors each of AWS's becomes."""

import io
import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import (
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
)
from botocore.response import StreamingBody
from botocore.stub import Stubber

from loupe_core import errors
from loupe_core.endpoint import MAX_ANSWER_BYTES, MAX_REASON_LENGTH, ClassificationEndpoint

JPEG = b"\xff\xd8\xff\xe0 and so on"
PNG = b"\x89PNG\r\n\x1a\n and so on"
NAME = "loupe-classifier"


@pytest.fixture(autouse=True)
def _region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


def infer(picture: bytes, answer: bytes) -> object:
    client = boto3.client("sagemaker-runtime")
    kind = "image/jpeg" if picture is JPEG else "image/png"
    with Stubber(client) as stub:
        stub.add_response(
            "invoke_endpoint",
            {"Body": StreamingBody(io.BytesIO(answer), len(answer)), "ContentType": "application/json"},
            {"EndpointName": NAME, "ContentType": kind, "Accept": "application/json", "Body": picture},
        )
        return ClassificationEndpoint(NAME, 50, client).infer(picture)


def fail_with(
    code: str,
    status: int = 400,
    message: str = "It said no.",
    diagnosis: errors.LoupeError | None = None,
    **fields: Any,
) -> errors.LoupeError:
    client = boto3.client("sagemaker-runtime")
    with Stubber(client) as stub:
        stub.add_client_error("invoke_endpoint", code, message, status, modeled_fields=fields or None)
        endpoint = ClassificationEndpoint(NAME, 50, client, diagnose=lambda name: diagnosis)
        with pytest.raises(errors.LoupeError) as failure:
            endpoint.infer(JPEG)
    return failure.value


@pytest.mark.parametrize("picture", [JPEG, PNG])
def test_a_picture_is_sent_as_what_it_is(picture: bytes) -> None:
    assert infer(picture, b"[0.94, 0.06]") == [0.94, 0.06]


def test_other_bytes_are_not_sent() -> None:
    with pytest.raises(errors.UnsupportedImageError, match="neither a JPEG nor a PNG"):
        ClassificationEndpoint(NAME, 50, boto3.client("sagemaker-runtime")).infer(b"GIF89a")


@pytest.mark.parametrize("answer", [b"", b"<html>", b"\xff\xfe", b"[0.1,", b"[" * 100_000])
def test_an_answer_that_is_not_json_is_rejected(answer: bytes) -> None:
    with pytest.raises(errors.EndpointRejectedError, match="does not answer JSON"):
        infer(JPEG, answer)


def test_an_endless_answer_is_not_read_to_its_end() -> None:
    with pytest.raises(errors.EndpointRejectedError, match="more than 4 MB"):
        infer(JPEG, b" " * (MAX_ANSWER_BYTES + 10))


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("ThrottlingException", 400, errors.EndpointThrottledError),
        ("ThrottlingException", 429, errors.EndpointThrottledError),
        ("TooManyRequestsException", 429, errors.EndpointThrottledError),
        ("ModelNotReadyException", 429, errors.EndpointNotReadyError),
        ("AccessDeniedException", 403, errors.AccessDeniedError),
        ("UnrecognizedClientException", 403, errors.AccessDeniedError),
        ("ExpiredTokenException", 403, errors.AccessDeniedError),
        ("InternalFailure", 500, errors.EndpointFailedError),
        ("ServiceUnavailable", 503, errors.EndpointFailedError),
        ("InternalDependencyException", 530, errors.EndpointFailedError),
        ("RequestEntityTooLarge", 413, errors.EndpointRejectedError),
    ],
)
def test_an_error_of_sagemaker_becomes_ours(
    code: str, status: int, expected: type[errors.LoupeError]
) -> None:
    failure = fail_with(code, status)

    assert type(failure) is expected
    assert NAME in str(failure)


@pytest.mark.parametrize(
    ("original", "expected"),
    [
        (400, errors.EndpointRejectedError),
        (415, errors.EndpointRejectedError),
        (429, errors.EndpointThrottledError),
        (500, errors.EndpointFailedError),
        (503, errors.EndpointFailedError),
        # No status: the container timed out, or broke the connection.
        (0, errors.EndpointFailedError),
        (None, errors.EndpointFailedError),
    ],
)
def test_the_containers_own_status_decides(original: int | None, expected: type[errors.LoupeError]) -> None:
    fields: dict[str, Any] = {} if original is None else {"OriginalStatusCode": original}

    failure = fail_with("ModelError", 424, OriginalMessage='{"error": "not an image"}', **fields)

    assert type(failure) is expected
    assert "not an image" in str(failure)
    if original != 429:
        assert f"({original or 'no status'})" in str(failure)


def test_a_models_words_are_made_fit_for_an_email() -> None:
    failure = fail_with(
        "ModelError", 424, OriginalStatusCode=500, OriginalMessage="Traceback:\n\x1b[31m" + "x" * 5000
    )

    assert str(failure).isprintable()
    assert len(str(failure)) < 500


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("x" * MAX_REASON_LENGTH, "x" * MAX_REASON_LENGTH),
        ("x" * (MAX_REASON_LENGTH + 1), "x" * (MAX_REASON_LENGTH - 1) + "…"),
    ],
)
def test_a_models_words_are_cut_where_they_are_too_many(said: str, kept: str) -> None:
    failure = fail_with("ModelError", 424, OriginalStatusCode=500, OriginalMessage=said)

    assert str(failure).endswith(f": {kept}")


def test_access_denied_names_the_action() -> None:
    assert "sagemaker:InvokeEndpoint" in str(fail_with("AccessDeniedException", 403))


def test_a_refused_call_is_what_the_diagnosis_says() -> None:
    creating = errors.EndpointNotReadyError("It is still being created.")

    assert fail_with("ValidationError", 400, "Endpoint not found.", creating) is creating


def test_a_call_refused_twice_by_an_endpoint_in_service_is_rejected() -> None:
    client = boto3.client("sagemaker-runtime")
    with Stubber(client) as stub:
        for _ in range(2):
            stub.add_client_error("invoke_endpoint", "ValidationError", "Variant x is not in this endpoint.")
        endpoint = ClassificationEndpoint(NAME, 50, client, diagnose=lambda name: None)
        with pytest.raises(errors.EndpointRejectedError, match="Variant x") as failure:
            endpoint.infer(JPEG)

    assert type(failure.value) is errors.EndpointRejectedError


def test_an_endpoint_that_came_into_service_meanwhile_is_asked_again() -> None:
    client = boto3.client("sagemaker-runtime")
    with Stubber(client) as stub:
        stub.add_client_error("invoke_endpoint", "ValidationError", "Endpoint not found.")
        stub.add_response(
            "invoke_endpoint",
            {"Body": StreamingBody(io.BytesIO(b"[1]"), 3), "ContentType": "application/json"},
        )

        assert ClassificationEndpoint(NAME, 50, client, diagnose=lambda name: None).infer(JPEG) == [1]


class BrokenClient:
    """A client whose connection fails."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def invoke_endpoint(self, **request: Any) -> Any:
        raise self.error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ReadTimeoutError(endpoint_url="http://x"), errors.EndpointFailedError),
        (ConnectTimeoutError(endpoint_url="http://x"), errors.EndpointFailedError),
        (EndpointConnectionError(endpoint_url="http://x"), errors.EndpointFailedError),
        (NoCredentialsError(), errors.AccessDeniedError),
    ],
)
def test_a_broken_connection_has_a_name(error: Exception, expected: type[errors.LoupeError]) -> None:
    endpoint = ClassificationEndpoint(NAME, 50, BrokenClient(error))  # type: ignore[arg-type] # a fake

    with pytest.raises(errors.LoupeError) as failure:
        endpoint.infer(JPEG)

    assert type(failure.value) is expected


def test_an_impossible_name_is_an_invalid_input() -> None:
    refusal = ParamValidationError(report="Invalid length for parameter EndpointName")
    endpoint = ClassificationEndpoint("", 50, BrokenClient(refusal))  # type: ignore[arg-type] # a fake

    with pytest.raises(errors.InvalidInputError, match="not a valid endpoint name"):
        endpoint.infer(JPEG)


def test_the_client_gives_up_before_lambda_does_and_never_tries_twice() -> None:
    config = ClassificationEndpoint(NAME, 12.5)._client.meta.config

    assert (config.read_timeout, config.connect_timeout) == (12.5, 2)
    assert config.retries["total_max_attempts"] == 1


def test_an_answer_is_parsed_json_of_any_shape() -> None:
    named = {"labels": ["a"], "scores": [1.0]}

    assert infer(PNG, json.dumps(named).encode()) == named


@pytest.mark.parametrize("code", ["ValidationError", "ValidationException"])
def test_a_refused_call_is_diagnosed_by_the_endpoints_name(code: str) -> None:
    def diagnose(name: str) -> errors.LoupeError:
        return errors.EndpointNotReadyError(f"{name} is being made.")

    client = boto3.client("sagemaker-runtime")
    with Stubber(client) as stub:
        stub.add_client_error("invoke_endpoint", code, "It said no.", 400)
        with pytest.raises(errors.EndpointNotReadyError, match=f"{NAME} is being made"):
            ClassificationEndpoint(NAME, 50, client, diagnose).infer(JPEG)
