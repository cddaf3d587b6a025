"""The container Lambda on the local cloud, with no container engine: its package and its template."""

from __future__ import annotations

import base64
import io
import json
import uuid
from typing import Any

import pytest
from botocore.credentials import Credentials
from PIL import Image

from tests.cloud import DeployedStack
from tests.integration.container.conftest import Container
from tests.polling import wait_for

CONTRACT = {"statusCode", "body", "predictions"}


def digit(container: Container, name: str = "digit-5.png") -> bytes:
    return (container.main.root / "events" / "images" / name).read_bytes()


def test_an_upload_becomes_an_item_that_the_api_finds_by_its_class(container: Container) -> None:
    key = container.upload(digit(container), "eine 5 + (Kopie).png")

    item = container.item(key)

    assert (item["status"], item["className"]) == ("CLASSIFIED", "5")
    assert item["confidence"] > 0.99
    status, page = container.ask("GET", "/predictions?class=5&limit=1")
    assert (status, page["items"][0]["key"]) == (200, key)
    assert page["items"][0]["confidence"] == float(item["confidence"])


@pytest.mark.parametrize("form", ["TIFF", "WEBP", "GIF", "BMP"])
def test_what_a_browser_or_scanner_saves_is_classified_too(container: Container, form: str) -> None:
    file = io.BytesIO()
    Image.open(io.BytesIO(digit(container, "digit-0.png"))).convert("RGB").save(file, form)

    assert container.item(container.upload(file.getvalue(), f"0.{form.lower()}"))["className"] == "0"


def test_a_broken_upload_does_not_vanish(container: Container) -> None:
    key = container.upload(digit(container)[:300])

    item = container.item(key)

    assert (item["status"], item["error"]["name"]) == ("FAILED", "CorruptImageError")
    _, page = container.ask("GET", "/predictions?status=FAILED&limit=1")
    assert page["items"][0]["key"] == key


def test_reading_and_deleting_take_a_signature_and_the_permission(container: Container) -> None:
    item = container.item(container.upload(digit(container)))
    path = f"/predictions/{item['predictionId']}"
    reader, remover, nobody = (
        container.user("GET/predictions", "GET/predictions/*"),
        container.user("DELETE/predictions/*"),
        container.user(),
    )

    forged = Credentials(reader.access_key, "not its secret")
    for signer in (None, nobody, remover, forged):
        assert container.ask("GET", path, signer)[0] == 403
        assert container.ask("GET", "/predictions?class=5", signer)[0] == 403
    for signer in (None, nobody, reader):
        assert container.ask("DELETE", path, signer)[0] == 403
    assert container.ask("GET", path, reader)[0] == 200
    assert container.ask("DELETE", path, remover) == (204, None)
    assert container.ask("GET", path, reader)[0] == 404


@pytest.mark.parametrize(
    ("sid", "action"), [("KeepPredictions", "dynamodb:PutItem"), ("ReadUploads", "s3:GetObject")]
)
def test_an_upload_that_cannot_be_recorded_waits_in_the_queue_and_says_why(
    container: Container, sid: str, action: str
) -> None:
    with container.without("RecorderRole", sid):
        key = container.upload(digit(container))
        left = wait_for(lambda: left_in_queue(container, key), f"{key} in the queue", 90)

    assert left is not None
    assert left["responsePayload"]["errorType"] == "AccessDeniedError"
    assert action in left["responsePayload"]["errorMessage"]
    # Sent again, as docs/container.md says, it is recorded.
    container.main.client("lambda").invoke(
        FunctionName=f"{container.stack.name}-record-prediction", Payload=json.dumps(left["requestPayload"])
    )
    assert container.item(key)["className"] == "5"


@pytest.mark.parametrize(
    ("sid", "method", "path"),
    [
        ("QueryPredictions", "GET", "/predictions?class=5"),
        ("ReadAndDeletePredictions", "GET", f"/predictions/{'0' * 32}"),
        ("ReadAndDeletePredictions", "DELETE", f"/predictions/{'0' * 32}"),
    ],
)
def test_without_a_statement_of_its_role_the_api_fails_and_tells_no_more(
    container: Container, sid: str, method: str, path: str
) -> None:
    with container.without("QueryRole", sid):
        status, answer = container.ask(method, path)

    assert (status, json.loads(answer)) == (500, {"error": "Internal error."})


def left_in_queue(container: Container, key: str) -> dict[str, Any] | None:
    sqs, url = container.main.client("sqs"), container.stack.output("UnrecordedUploadsUrl")
    for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
        body: dict[str, Any] = json.loads(message["Body"])
        if body["requestPayload"]["detail"]["object"]["key"] == key:
            return body
    return None


def test_the_function_has_only_what_its_image_has(container: Container) -> None:
    answer = invoke(container, container.stack.output("ClassifierFunctionArn"), "digit")

    assert set(answer) == CONTRACT
    assert answer["predictions"][0]["label"] == "0"
    refused = invoke(container, container.stack.output("ClassifierFunctionArn"), "not_a_picture")
    assert refused["errorType"] == "UnsupportedImageError"


def invoke(container: Container, function: str, case: str) -> Any:
    event = (container.main.root / "events" / "classify_image_data" / f"{case}.json").read_bytes()
    answer = container.main.client("lambda").invoke(FunctionName=function, Payload=event)
    return json.loads(answer["Payload"].read())


def test_an_image_that_is_not_here_is_said_to_be_missing(container: Container) -> None:
    client, name = container.main.client("lambda"), f"absent-{uuid.uuid4().hex[:8]}"
    role = client.get_function(FunctionName=container.stack.output("ClassifierFunctionArn"))["Configuration"][
        "Role"
    ]
    client.create_function(
        FunctionName=name,
        PackageType="Image",
        Code={"ImageUri": "000000000000.dkr.ecr.us-east-1.amazonaws.com/other:1"},
        Role=role,
    )

    answer = client.invoke(FunctionName=name, Payload=b"{}")

    assert "other:1" in json.loads(answer["Payload"].read())["errorMessage"]
    client.delete_function(FunctionName=name)


@pytest.mark.usefixtures("workflow_uses_container")
def test_the_workflow_classifies_without_an_endpoint(stack: DeployedStack, container: Container) -> None:
    bucket, machine = stack.outputs["UploadsBucketName"], stack.outputs["ClassifyStateMachineArn"]
    states, key = stack.client("stepfunctions"), f"tests/{uuid.uuid4().hex}.png"
    stack.client("s3").put_object(Bucket=bucket, Key=key, Body=digit(container))
    execution = {"image_data": "", "s3_bucket": bucket, "s3_key": key}
    arn = states.start_execution(stateMachineArn=machine, input=json.dumps(execution))["executionArn"]

    def ended() -> Any:
        described = states.describe_execution(executionArn=arn)
        return described if described["status"] != "RUNNING" else None

    ending = wait_for(ended, "the execution", 90)
    assert ending["status"] == "SUCCEEDED", ending.get("cause")
    assert json.loads(ending["output"])["label"] == "5"
    events = states.get_execution_history(executionArn=arn, maxResults=1000)["events"]
    parameters = [event.get("taskScheduledEventDetails", {}).get("parameters", "") for event in events]
    asked = [text for text in parameters if "classify-image-data" in text]
    assert len(asked) == 1
    assert container.stack.output("ClassifierFunctionArn") in asked[0]
    assert_predict_works(stack, container)


def assert_predict_works(stack: DeployedStack, container: Container) -> None:
    """The API's predictions go through the same function, and no statement is left for the endpoint."""
    event = json.loads((stack.root / "events" / "api" / "predict_inner_url.json").read_text())
    raw = {"method": "POST", "path": "/predict_with_auth"}
    event["requestContext"]["http"] |= raw
    event |= {"rawPath": "/predict_with_auth", "routeKey": "POST /predict_with_auth", "isBase64Encoded": True}
    event["headers"] = {**event.get("headers", {}), "content-type": "image/png"}
    event["body"] = base64.b64encode(digit(container)).decode()
    answer = stack.client("lambda").invoke(
        FunctionName=f"{stack.name}-site-predict", Payload=json.dumps(event)
    )
    told = json.loads(answer["Payload"].read())
    assert told["statusCode"] == 200, told
    assert json.loads(told["body"])["top5"][0] == "5"
