"""The adapter to AWS: on moto where it keeps state, on answers in AWS's words where it refuses."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError
from moto import mock_aws

from loupe.aws import Cloud, Records, StackWorkflow
from loupe.aws_errors import translate_errors
from loupe.errors import (
    CommandError,
    CredentialsError,
    RecordNotFoundError,
    ServiceError,
    StackNotFoundError,
    TargetError,
)
from loupe.pictures import S3Location
from loupe.stack import Stack, physical_ids
from loupe.target import Target, local_session

TEMPLATE = """
Resources:
  Bucket: {Type: AWS::S3::Bucket}
Outputs:
  UploadsBucketName: {Value: !Ref Bucket}
"""


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with mock_aws():
        yield Cloud(Target(None, local=False, region="us-east-1"), local_session())


@pytest.fixture
def stack(cloud: Cloud) -> Stack:
    cloud.client("s3").create_bucket(Bucket="uploads")
    keys = [{"AttributeName": name, "AttributeType": "S"} for name in ("imageId", "status", "createdAt")]
    cloud.client("dynamodb").create_table(
        TableName="images",
        AttributeDefinitions=keys,
        KeySchema=[{"AttributeName": "imageId", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        GlobalSecondaryIndexes=[
            {
                "IndexName": "status-createdAt-index",
                "KeySchema": [
                    {"AttributeName": "status", "KeyType": "HASH"},
                    {"AttributeName": "createdAt", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    outputs = {"UploadsBucketName": "uploads", "ImagesTableName": "images", "ClassifyStateMachineArn": "arn"}
    return Stack("loupe", "CREATE_COMPLETE", outputs)


@pytest.fixture
def records(cloud: Cloud, stack: Stack) -> Records:
    for number, status in enumerate(("CLASSIFIED", "FAILED", "CLASSIFIED")):
        item = {"imageId": f"abcd{number}", "status": status, "createdAt": f"2026-01-0{number + 1}"}
        cloud.table("images").put_item(Item=item)
    return Records(cloud, stack)


def test_a_file_is_uploaded_once(cloud: Cloud, stack: Stack, tmp_path: Path) -> None:
    path = tmp_path / "seven.png"
    path.write_bytes(b"picture")
    cloud.client("s3").put_bucket_versioning(Bucket="uploads", VersioningConfiguration={"Status": "Enabled"})
    workflow = StackWorkflow(cloud, stack)

    first = workflow.upload(path, "console/1/seven.png")
    second = workflow.upload(path, "console/1/seven.png")

    assert first == second == S3Location("uploads", "console/1/seven.png")
    assert len(cloud.client("s3").list_object_versions(Bucket="uploads")["Versions"]) == 1


def test_an_upload_to_a_bucket_that_is_gone_is_the_commands_error(
    cloud: Cloud, stack: Stack, tmp_path: Path
) -> None:
    path = tmp_path / "seven.png"
    path.write_bytes(b"picture")
    cloud.client("s3").delete_bucket(Bucket="uploads")

    with pytest.raises(CommandError, match="bucket does not exist"):
        StackWorkflow(cloud, stack).upload(path, "console/1/seven.png")


def test_a_prefix_is_listed_to_its_end(cloud: Cloud, stack: Stack) -> None:
    keys = [f"in/{number:04}.png" for number in range(1005)]
    for key in keys:
        cloud.client("s3").put_object(Bucket="uploads", Key=key)

    found = StackWorkflow(cloud, stack).list_prefix(S3Location("uploads", "in/"))

    assert [each.key for each in found] == keys


class Synchronous:
    """Step Functions, answering with an execution's ending."""

    def __init__(self) -> None:
        self.started: list[dict[str, Any]] = []

    def start_sync_execution(self, **request: Any) -> dict[str, Any]:
        self.started.append(request)
        moment = datetime(2026, 1, 31, tzinfo=UTC)
        return {
            "executionArn": "arn:aws:states:us-east-1:1:express:loupe:one:1",
            "status": "FAILED",
            "startDate": moment,
            "stopDate": moment + timedelta(milliseconds=120),
            "error": "CorruptImageError",
            "cause": "broken",
        }


def test_an_express_workflow_is_waited_for_and_tells_how_it_ended(
    cloud: Cloud, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    states = Synchronous()
    monkeypatch.setattr(cloud, "synchronous_states", lambda: states)
    express = replace(stack, outputs={**stack.outputs, "WorkflowType": "EXPRESS"})
    workflow = StackWorkflow(cloud, express)

    ending = workflow.describe(workflow.start({"s3_key": "uploads/é.png"}))

    assert (ending.status, ending.error, ending.duration_ms) == ("FAILED", "CorruptImageError", 120)
    assert [each["stateMachineArn"] for each in states.started] == ["arn"]


@pytest.mark.parametrize("endpoint", [None, "http://127.0.0.1:4566"])
def test_an_execution_is_waited_for_at_awss_host_for_it_once_and_long_enough(endpoint: str | None) -> None:
    cloud = Cloud(Target(endpoint, local=endpoint is not None, region="us-east-1"), local_session())
    config = cloud.synchronous_states().meta.config
    assert config.inject_host_prefix is (endpoint is None)
    assert config.read_timeout > 300
    assert config.retries["total_max_attempts"] == 1


def test_records_are_listed_the_newest_first(records: Records) -> None:
    assert [each["imageId"] for each in records.list()] == ["abcd2", "abcd1", "abcd0"]
    assert [each["imageId"] for each in records.list("CLASSIFIED")] == ["abcd2", "abcd0"]


def test_a_record_is_found_by_its_id_or_the_beginning_of_it(records: Records) -> None:
    assert records.get("abcd1")["status"] == "FAILED"
    with pytest.raises(RecordNotFoundError, match="3 pictures' ids begin with abcd"):
        records.get("abcd")
    with pytest.raises(RecordNotFoundError, match="no picture ffff"):
        records.get("ffff")
    assert records.find("ffff") is None


def test_what_was_deleted_is_not_there(cloud: Cloud, records: Records) -> None:
    cloud.table("images").put_item(Item={"imageId": "dead0", "status": "DELETED"})
    assert [each["imageId"] for each in records.list()] == ["abcd2", "abcd1", "abcd0"]
    for image_id in ("dead0", "dead", ""):
        with pytest.raises(RecordNotFoundError):
            records.get(image_id)


def test_a_stack_is_read_with_its_outputs(cloud: Cloud) -> None:
    cloud.client("cloudformation").create_stack(StackName="loupe", TemplateBody=TEMPLATE)

    stack = cloud.stack("loupe")

    assert stack.deployed
    ids = physical_ids(cloud.client("cloudformation"), "loupe", "AWS::S3::Bucket")
    assert stack.output("UploadsBucketName") == ids["Bucket"]
    with pytest.raises(StackNotFoundError, match="no output ApiUrl"):
        stack.output("ApiUrl")


def test_a_stack_that_is_not_there_says_how_to_deploy_it(cloud: Cloud) -> None:
    with pytest.raises(StackNotFoundError, match=r"no stack nothing at AWS.*make deploy"):
        cloud.stack("nothing")


def refusal(code: str, message: str = "said AWS") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "StartExecution")


@pytest.mark.parametrize(
    ("raised", "expected", "words"),
    [
        (refusal("ExpiredTokenException"), CredentialsError, "have expired"),
        (refusal("InvalidClientTokenId"), CredentialsError, "does not know your credentials"),
        (refusal("AccessDeniedException", "not authorized"), CredentialsError, "not authorized"),
        (refusal("ExecutionLimitExceeded"), ServiceError, r"said AWS \(ExecutionLimitExceeded\)"),
        (NoCredentialsError(), CredentialsError, "Unable to locate credentials"),
        (EndpointConnectionError(endpoint_url="http://x"), TargetError, "Nothing answers at the moon"),
    ],
)
def test_what_boto3_raises_becomes_the_commands_error(raised: Exception, expected: type, words: str) -> None:
    with pytest.raises(expected, match=words), translate_errors("the moon"):
        raise raised


def test_other_exceptions_pass() -> None:
    with pytest.raises(KeyError), translate_errors("the moon"):
        raise KeyError


def test_clients_are_made_once(cloud: Cloud) -> None:
    first: Any = cloud.client("s3")

    assert cloud.client("s3") is first
    assert isinstance(cloud.session, boto3.session.Session)
