"""The container's function in an endpoint's place: its answer, and every way in which it fails, by name."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from loupe_batch.container_function import ContainerFunction
from loupe_core import errors
from loupe_core.contract import ClassifyRequest

ARN = "arn:aws:lambda:us-east-1:111122223333:function:container-classify-image-data"
PICTURE = b"\xff\xd8\xff a picture"
ANSWER = {"labels": ["cat"], "scores": [0.97]}


class FakeLambda:
    """Answers one call, and keeps what it was asked."""

    def __init__(self, payload: Any = None, *, failed: bool = False, error: Exception | None = None) -> None:
        self._payload, self._failed, self._error = payload, failed, error
        self.asked: dict[str, Any] = {}

    def invoke(self, **given: Any) -> dict[str, Any]:
        self.asked = given
        if self._error:
            raise self._error
        text = self._payload if isinstance(self._payload, bytes) else json.dumps(self._payload).encode()
        return {"Payload": io.BytesIO(text)} | ({"FunctionError": "Unhandled"} if self._failed else {})


def failure(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "it says so"}}, "Invoke")


def test_a_picture_goes_in_by_the_contract_and_the_models_answer_comes_out() -> None:
    client = FakeLambda({"statusCode": 200, "body": {"image_data": "", "inferences": ANSWER}})

    assert ContainerFunction(ARN, 20, client).infer(PICTURE) == ANSWER

    assert client.asked["FunctionName"] == ARN
    request = ClassifyRequest.parse(json.loads(client.asked["Payload"]))
    assert request.model_input == PICTURE
    assert request.image_data == base64.b64encode(PICTURE).decode()


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("TooManyRequestsException", errors.EndpointThrottledError),
        ("ResourceNotFoundException", errors.EndpointNotFoundError),
        ("AccessDeniedException", errors.AccessDeniedError),
        ("RequestTooLargeException", errors.EndpointRejectedError),
        ("ServiceException", errors.EndpointFailedError),
    ],
)
def test_what_lambda_refuses_has_our_name(code: str, expected: type[errors.LoupeError]) -> None:
    with pytest.raises(expected) as raised:
        ContainerFunction(ARN, 20, FakeLambda(error=failure(code))).infer(PICTURE)
    assert ARN in str(raised.value)


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"errorType": "CorruptImageError", "errorMessage": "m"}, errors.CorruptImageError),
        ({"errorType": "EndpointRejectedError", "errorMessage": "m"}, errors.EndpointRejectedError),
        ({"errorType": "MemoryError", "errorMessage": "m"}, errors.EndpointFailedError),
        ({"errorType": "LoupeError", "errorMessage": "m"}, errors.EndpointFailedError),
        ({"errorType": "annotations", "errorMessage": "m"}, errors.EndpointFailedError),
        (None, errors.EndpointFailedError),
    ],
)
def test_what_the_function_fails_with_keeps_its_name(payload: Any, expected: type[errors.LoupeError]) -> None:
    with pytest.raises(expected):
        ContainerFunction(ARN, 20, FakeLambda(payload, failed=True)).infer(PICTURE)


@pytest.mark.parametrize("payload", [{}, {"body": {}}, {"body": "text"}, [], None])
def test_an_answer_without_inferences_is_refused(payload: Any) -> None:
    with pytest.raises(errors.EndpointRejectedError, match="lacks inferences"):
        ContainerFunction(ARN, 20, FakeLambda(payload)).infer(PICTURE)


def test_no_answer_and_no_json_may_pass() -> None:
    for client in (FakeLambda(error=ReadTimeoutError(endpoint_url="x")), FakeLambda(b"<html>")):
        with pytest.raises(errors.EndpointFailedError):
            ContainerFunction(ARN, 20, client).infer(PICTURE)
