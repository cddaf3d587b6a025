"""The function in the endpoint's place: the workflow's contract out, its predictions and errors back."""

import base64
import io
import json
from typing import Any

import boto3
import pytest
from botocore.response import StreamingBody
from botocore.stub import ANY, Stubber

from loupe_api.picture_classifier import PictureClassifier
from loupe_core import errors
from loupe_core.classifier_function import ClassifierFunction
from loupe_core.inference import Prediction
from tests.unit.functions.handlers import EVENTS

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:classifier"
DIGIT = (EVENTS / "images" / "digit-0.png").read_bytes()


def ask(answer: object, failed: bool = False) -> tuple[list[Prediction], dict[str, Any]]:
    """What the classifier makes of the function's answer, and the event that the function got."""
    client = boto3.client("lambda", "us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    sent: dict[str, Any] = {}
    client.meta.events.register(
        "before-parameter-build.lambda.Invoke", lambda params, **_: sent.update(params)
    )
    text = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    response: dict[str, Any] = {"StatusCode": 200, "Payload": StreamingBody(io.BytesIO(text), len(text))}
    if failed:
        response["FunctionError"] = "Unhandled"
    with Stubber(client) as stub:
        stub.add_response("invoke", response, {"FunctionName": FUNCTION, "Payload": ANY})
        predictions = PictureClassifier(ClassifierFunction(FUNCTION, 18, client))(DIGIT)
    return predictions, json.loads(sent["Payload"])


def test_a_picture_goes_as_the_workflow_sends_it_and_comes_back_ranked() -> None:
    answer = {"statusCode": 200, "body": {"inferences": {"labels": ["a", "b"], "scores": [0.2, 0.8]}}}

    predictions, event = ask(answer)

    assert predictions == [Prediction("b", 0.8), Prediction("a", 0.2)]
    assert event["statusCode"] == 200
    assert event["body"]["s3_bucket"]
    assert event["body"]["s3_key"]
    assert base64.b64decode(event["body"]["image_data"])[:4] in (
        b"\x89PNG",
        b"\xff\xd8\xff\xe0",
        b"\xff\xd8\xff\xdb",
    )


@pytest.mark.parametrize(
    ("told", "raised"),
    [
        ({"errorType": "EndpointNotReadyError", "errorMessage": "loading"}, errors.EndpointNotReadyError),
        ({"errorType": "EndpointRejectedError", "errorMessage": "no"}, errors.EndpointRejectedError),
        ({"errorType": "Sandbox.Timedout", "errorMessage": "timed out"}, errors.EndpointFailedError),
        (
            {"errorType": "LoupeError", "errorMessage": "a base is no error's name"},
            errors.EndpointFailedError,
        ),
        (None, errors.EndpointFailedError),
    ],
)
def test_an_exception_of_the_function_keeps_its_name(told: object, raised: type[errors.LoupeError]) -> None:
    with pytest.raises(errors.LoupeError) as failure:
        ask(told, failed=True)

    assert type(failure.value) is raised


@pytest.mark.parametrize("answer", [{}, [], "x", {"body": {}}, {"body": []}, b"not json"])
def test_an_answer_that_is_not_the_contract_is_a_refusal(answer: object) -> None:
    with pytest.raises(errors.EndpointRejectedError):
        ask(answer)


@pytest.mark.parametrize(
    ("code", "status", "raised"),
    [
        ("TooManyRequestsException", 429, errors.EndpointThrottledError),
        ("ResourceNotFoundException", 404, errors.EndpointNotFoundError),
        ("AccessDeniedException", 403, errors.AccessDeniedError),
        ("ServiceException", 500, errors.EndpointFailedError),
        ("InvalidRequestContentException", 400, errors.EndpointRejectedError),
    ],
)
def test_what_lambda_refuses_has_the_endpoints_names(
    code: str, status: int, raised: type[errors.LoupeError]
) -> None:
    client = boto3.client("lambda", "us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    with Stubber(client) as stub:
        stub.add_client_error("invoke", code, http_status_code=status)
        with pytest.raises(errors.LoupeError) as failure:
            PictureClassifier(ClassifierFunction(FUNCTION, 18, client))(DIGIT)

    assert type(failure.value) is raised


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"errorType": "EndpointNotReadyError", "errorMessage": "It loads."}, "It loads."),
        ({"errorType": "Unknown"}, "The function failed and did not say why."),
        ("text", "The function failed and did not say why."),
    ],
)
def test_the_functions_own_words_are_passed_on(told: object, said: str) -> None:
    with pytest.raises(errors.LoupeError) as failure:
        ask(told, failed=True)

    assert str(failure.value) == said
