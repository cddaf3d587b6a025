"""What all adapters of AWS have in common: how long they wait, and what they make of whatever AWS answers."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from loupe.templates import load_template
from loupe_core import errors
from loupe_core.classifier_function import ClassifierFunction
from loupe_core.contract import ImageReference
from loupe_core.endpoint import ClassificationEndpoint
from loupe_core.executions import UNKNOWN, Executions
from loupe_core.records import ImagesTable
from loupe_core.s3_images import S3Images
from loupe_core.settings import DEFAULT_ENDPOINT_TIMEOUT_SECONDS
from loupe_core.topic import Topic
from tests.workflow.definitions import ROOT

JPEG = b"\xff\xd8\xff"
EXECUTION = "arn:aws:states:us-east-1:111122223333:execution:classify:one"
PLACE = ImageReference("uploads", "cat.jpg")
VERSION = ImageReference("uploads", "cat.jpg", "v1")
Ask = Callable[[Any], object]
# How each adapter asks, and of what its errors speak.
ADAPTERS: dict[str, tuple[Ask, str]] = {
    "endpoint": (lambda aws: ClassificationEndpoint("dogs", 1, aws, lambda name: None).infer(JPEG), "dogs"),
    "function": (lambda aws: ClassifierFunction("dogs", 1, aws).infer(JPEG), "dogs"),
    "pictures": (lambda aws: S3Images(aws).get(PLACE), "s3://uploads/cat.jpg"),
    "copies": (lambda aws: S3Images(aws).put("made", "cat.jpg", b""), "s3://made/cat.jpg"),
    "deletions": (lambda aws: S3Images(aws).delete(PLACE), "s3://uploads/cat.jpg"),
    "records": (lambda aws: ImagesTable("images", aws).get("1f"), "DynamoDB|Images table"),
    "topic": (lambda aws: Topic("arn:aws:sns:eu-west-1:1:results", aws).publish({}), "SNS|:results"),
}
DENIED, FAILED = errors.AccessDeniedError, errors.EndpointFailedError
REJECTED, THROTTLED = errors.EndpointRejectedError, errors.EndpointThrottledError
STORAGE = errors.StorageUnavailableError


class Failing:
    """A client that answers every call with an error."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getattr__(self, operation: str) -> Any:
        def call(**given: object) -> None:
            raise self._error

        return call


def failure(adapter: str, error: Exception) -> errors.LoupeError:
    ask, _ = ADAPTERS[adapter]
    with pytest.raises(errors.LoupeError) as raised:
        ask(Failing(error))
    return raised.value


def answer(status: int, code: str = "") -> ClientError:
    said: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(said, "Operation")


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize(
    "error",
    [
        ClientError({}, "Operation"),
        ClientError({"Error": {}, "ResponseMetadata": {}}, "Operation"),  # type: ignore[typeddict-item]
        answer(503, "SomethingNew"),
        answer(403, "AccessDeniedException"),
        EndpointConnectionError(endpoint_url="https://aws"),
    ],
    ids=["nothing", "empty", "new", "denied", "away"],
)
def test_whatever_aws_answers_becomes_an_error_that_says_of_what(adapter: str, error: Exception) -> None:
    said = str(failure(adapter, error))

    assert any(subject in said for subject in ADAPTERS[adapter][1].split("|"))
    assert "None" not in said


@pytest.mark.parametrize(
    ("adapter", "expected"),
    [
        ("endpoint", {400: REJECTED, 401: DENIED, 403: DENIED, 404: REJECTED, 429: THROTTLED, 499: REJECTED}),
        ("endpoint", {500: FAILED, 503: FAILED}),
        ("function", {400: REJECTED, 401: DENIED, 403: DENIED, 404: REJECTED, 429: THROTTLED, 499: REJECTED}),
        ("function", {500: FAILED, 503: FAILED}),
        ("pictures", {401: DENIED, 403: DENIED, 500: STORAGE, 503: STORAGE}),
    ],
)
def test_a_code_that_nobody_knows_is_judged_by_its_status(
    adapter: str, expected: dict[int, type[errors.LoupeError]]
) -> None:
    found = {status: type(failure(adapter, answer(status, "SomethingNew"))) for status in expected}

    assert found == expected


@pytest.mark.parametrize(
    ("ask", "action"),
    [
        (ADAPTERS["endpoint"][0], "sagemaker:InvokeEndpoint"),
        (ADAPTERS["function"][0], "lambda:InvokeFunction"),
        (ADAPTERS["pictures"][0], "s3:GetObject"),
        (lambda aws: S3Images(aws).get(VERSION), "s3:GetObjectVersion"),
        (ADAPTERS["copies"][0], "s3:PutObject"),
        (ADAPTERS["deletions"][0], "s3:DeleteObject"),
        (lambda aws: S3Images(aws).delete(VERSION), "s3:DeleteObjectVersion"),
        (ADAPTERS["records"][0], "dynamodb:GetItem"),
        (lambda aws: ImagesTable("images", aws).record_batch("1f", None, {}, []), "dynamodb:UpdateItem"),
        (lambda aws: list(ImagesTable("images", aws).pending(datetime.now(UTC), 1)), "dynamodb:Query"),
        (ADAPTERS["topic"][0], "sns:Publish"),
    ],
)
def test_a_refusal_names_the_action_as_a_policy_does(ask: Ask, action: str) -> None:
    with pytest.raises(errors.AccessDeniedError, match=rf"\b{action} on "):
        ask(Failing(answer(403, "AccessDeniedException")))


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("TooManyRequestsException", THROTTLED),
        ("EC2ThrottledException", THROTTLED),
        ("AccessDeniedException", DENIED),
        ("ResourceNotFoundException", errors.EndpointNotFoundError),
        ("ResourceNotReadyException", FAILED),
    ],
)
def test_a_function_that_cannot_be_called_is_known_by_the_code_whatever_the_status(
    code: str, expected: type[errors.LoupeError]
) -> None:
    assert type(failure("function", answer(400, code))) is expected


def test_an_execution_that_cannot_be_asked_about_is_not_known_to_be_over() -> None:
    for error in (answer(500), EndpointConnectionError(endpoint_url="https://aws")):
        executions = Executions(Failing(error))  # type: ignore[arg-type] # a fake

        assert executions.state(EXECUTION).status == UNKNOWN
        assert not executions.is_over(EXECUTION)


@pytest.fixture
def _somewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "eu-west-1")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)


@pytest.mark.usefixtures("_somewhere")
def test_a_call_that_nobody_answers_ends_before_its_function_does() -> None:
    """Else Lambda kills the function, and the failure has no name."""
    template = load_template(ROOT / "template.yaml")
    usual = template["Globals"]["Function"]["Timeout"]
    classify = template["Resources"]["ClassifyImageDataFunction"]["Properties"]["Timeout"]
    annotate = template["Resources"]["AnnotateImageFunction"]["Properties"]["Timeout"]
    finalize = template["Resources"]["FinalizeImagesFunction"]["Properties"]["Timeout"]
    timeout = DEFAULT_ENDPOINT_TIMEOUT_SECONDS
    adapters: list[tuple[Any, float, int]] = [
        (ClassificationEndpoint("dogs", timeout), classify, 1),
        (ClassifierFunction("dogs", timeout), classify, 1),
        (S3Images(), annotate, 2),
        (ImagesTable("images"), usual, 3),
        (Executions(), usual, 3),
        (Topic("arn:aws:sns:eu-west-1:1:results"), finalize, 3),
    ]
    for adapter, seconds, attempts in adapters:
        config = adapter._client.meta.config

        assert config.retries["total_max_attempts"] == attempts, adapter
        assert attempts * (config.connect_timeout + config.read_timeout) < seconds, adapter
