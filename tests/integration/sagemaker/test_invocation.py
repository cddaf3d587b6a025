"""InvokeEndpoint: errors as AWS words them, and data capture."""

import base64
import json
import os
import re
import signal
import threading
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.sagemaker.conftest import Lab


def refused(lab: Lab, endpoint: str, body: bytes = b"x", **more: Any) -> dict[str, Any]:
    """The whole error answer of an invocation."""
    with pytest.raises(ClientError) as caught:
        lab.invoke(endpoint, body, **more)
    return dict(caught.value.response)


@pytest.mark.parametrize(("status", "side"), [(400, "client"), (429, "client"), (500, "server")])
def test_failure_of_the_model_is_a_model_error(lab: Lab, status: int, side: str) -> None:
    endpoint = lab.new_endpoint(lab.new_config(lab.new_model(status=status, answer="no such picture")))

    error = refused(lab, endpoint)

    assert error["ResponseMetadata"]["HTTPStatusCode"] == 424
    assert error["Error"]["Code"] == "ModelError"
    assert error["Error"]["Message"] == (
        f'Received {side} error ({status}) from primary with message "no such picture". See '
        "https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#logEventViewer:group="
        f"/aws/sagemaker/Endpoints/{endpoint} in account 000000000000 for more information."
    )
    assert (error["OriginalStatusCode"], error["OriginalMessage"]) == (status, "no such picture")
    assert error["LogStreamArn"].startswith(
        f"arn:aws:logs:us-east-1:000000000000:log-group:/aws/sagemaker/Endpoints/{endpoint}:log-stream:v1/i-"
    )


def test_model_that_takes_too_long_is_a_model_error(lab: Lab) -> None:
    endpoint = lab.new_endpoint(lab.new_config(lab.new_model(sleep=30)))

    error = refused(lab, endpoint)

    assert error["Error"]["Code"] == "ModelError"
    assert (
        "Your invocation timed out while waiting for a response from container primary"
        in error["Error"]["Message"]
    )


def test_crashed_instance_fails_its_request_and_is_replaced(lab: Lab) -> None:
    endpoint = lab.new_endpoint(lab.new_config(lab.new_model()))
    before = int(lab.invoke(endpoint, b"pid"))
    dying = lab.new_endpoint(lab.new_config(lab.new_model(die=True)))

    os.kill(before, signal.SIGKILL)
    after = lab.until(lambda: try_pid(lab, endpoint), lambda pid: pid not in (None, before))

    assert after != before
    assert refused(lab, dying)["Error"]["Code"] in ("ModelError", "ServiceUnavailable")


def try_pid(lab: Lab, endpoint: str) -> int | None:
    """The model server's process id; None while it is down, which must be told as 424 or 503."""
    try:
        return int(lab.invoke(endpoint, b"pid"))
    except ClientError as error:
        if error.response["Error"]["Code"] in ("ModelError", "ServiceUnavailable"):
            return None
        raise


def test_endpoint_that_is_missing_or_still_creating_is_not_found(lab: Lab) -> None:
    creating = lab.new_endpoint(lab.new_config(lab.new_model(ping=500)), wait=False)

    for endpoint in ("nobody", creating):
        error = refused(lab, endpoint)
        assert error["ResponseMetadata"]["HTTPStatusCode"] == 400
        assert error["Error"] == {
            "Code": "ValidationError",
            "Message": f"Endpoint {endpoint} of account 000000000000 not found.",
        }


def test_target_model_and_unknown_variant_are_refused(lab: Lab) -> None:
    endpoint = lab.new_endpoint(lab.new_config(lab.new_model()))

    assert refused(lab, endpoint, TargetModel="a.tar.gz")["Error"]["Message"] == (
        f"Endpoint {endpoint} is not a multi-model endpoint and does not support target model header."
    )
    assert refused(lab, endpoint, TargetVariant="v9")["Error"]["Code"] == "ValidationError"


def test_payload_over_six_megabytes_is_refused(lab: Lab) -> None:
    endpoint = lab.new_endpoint(lab.new_config(lab.new_model()))

    assert lab.invoke(endpoint, b"x" * 6 * 2**20) == "hello"
    error = refused(lab, endpoint, b"x" * (6 * 2**20 + 1))
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 413
    assert error["Error"]["Message"] == "HTTP content length exceeded 6291456 bytes."


def test_serverless_endpoint_throttles_beyond_its_concurrency(lab: Lab) -> None:
    name = lab.name("config")
    serverless = {"MemorySizeInMB": 1024, "MaxConcurrency": 1}
    variant = {"VariantName": "v1", "ModelName": lab.new_model(sleep=2), "ServerlessConfig": serverless}
    lab.sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    endpoint = lab.new_endpoint(name)
    codes: list[str] = []

    def invoke() -> None:
        try:
            codes.append(lab.invoke(endpoint))
        except ClientError as error:
            codes.append(error.response["Error"]["Code"])

    callers = [threading.Thread(target=invoke) for _ in range(3)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()

    assert sorted(codes) == ["ThrottlingException", "ThrottlingException", "hello"]
    assert "oversize body" in refused(lab, endpoint, b"x" * (4 * 2**20 + 1))["Error"]["Message"]


def test_captured_requests_arrive_in_s3_as_aws_writes_them(lab: Lab) -> None:
    prefix = lab.name("capture")
    capture = {
        "EnableCapture": True,
        "InitialSamplingPercentage": 100,
        "DestinationS3Uri": f"s3://{lab.bucket}/{prefix}",
        "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
        "CaptureContentTypeHeader": {"JsonContentTypes": ["application/json"]},
    }
    config = lab.new_config(lab.new_model(answer='{"a": 1}'), DataCaptureConfig=capture)
    endpoint = lab.new_endpoint(config)
    shown = lab.sagemaker.describe_endpoint(EndpointName=endpoint)["DataCaptureConfig"]
    assert shown["CaptureStatus"] == "Started"

    for i in range(3):
        lab.invoke(
            endpoint, b"\xff\xd8", ContentType="image/jpeg", Accept="application/json", InferenceId=f"id-{i}"
        )

    def captured() -> list[tuple[str, dict[str, Any]]]:
        listing = lab.client("s3").list_objects_v2(Bucket=lab.bucket, Prefix=prefix).get("Contents", [])
        return [(o["Key"], json.loads(line)) for o in listing for line in read(lab, o["Key"]).splitlines()]

    found = lab.until(captured, lambda lines: len(lines) == 3)
    key, record = found[0]
    assert re.fullmatch(
        rf"{prefix}/{endpoint}/v1/\d{{4}}/\d\d/\d\d/\d\d/\d\d-\d\d-\d{{3}}-[0-9a-f-]{{36}}\.jsonl", key
    )
    assert record["captureData"]["endpointInput"] == {
        "observedContentType": "image/jpeg",
        "mode": "INPUT",
        "data": base64.b64encode(b"\xff\xd8").decode(),
        "encoding": "BASE64",
    }
    assert record["captureData"]["endpointOutput"]["data"] == '{"a": 1}'
    assert record["captureData"]["endpointOutput"]["encoding"] == "JSON"
    assert {line["eventMetadata"]["inferenceId"] for _, line in found} == {"id-0", "id-1", "id-2"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", record["eventMetadata"]["inferenceTime"])
    assert record["eventVersion"] == "0"


def read(lab: Lab, key: str) -> str:
    """An object's text."""
    return str(lab.client("s3").get_object(Bucket=lab.bucket, Key=key)["Body"].read().decode())


def test_container_output_is_in_cloudwatch_logs(lab: Lab) -> None:
    endpoint = lab.new_endpoint(lab.new_config(lab.new_model()))
    lab.invoke(endpoint, b"12345")
    logs = lab.client("logs")

    def messages() -> list[str]:
        group = f"/aws/sagemaker/Endpoints/{endpoint}"
        try:
            return [event["message"] for event in logs.filter_log_events(logGroupName=group)["events"]]
        except logs.exceptions.ResourceNotFoundException:
            return []

    found = lab.until(messages, lambda lines: "invoked with 5 bytes" in lines)
    assert found[0] == "model server is up"
