"""What was acknowledged is there after a hard end, and a child that ends comes back."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.cloud import running, start, stop
from local.ports import free_port
from tests.integration.local.conftest import Credentials, LocalCloud
from tests.polling import WaitFor
from tests.polling import wait_for as poll

# Each starts clouds several times.
pytestmark = pytest.mark.timeout(600)

TEMPLATE = {
    "Resources": {
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "of-the-stack"}},
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "of-the-stack"}},
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "RoleName": "of-the-stack",
                "AssumeRolePolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"Service": "states.amazonaws.com"},
                            "Action": "sts:AssumeRole",
                        }
                    ],
                },
            },
        },
        "Table": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "TableName": "of-the-stack",
                "BillingMode": "PAY_PER_REQUEST",
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            },
        },
        "Machine": {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {
                "StateMachineName": "of-the-stack",
                "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
                "DefinitionString": json.dumps(
                    {
                        "StartAt": "Wait",
                        "States": {
                            "Wait": {"Type": "Wait", "SecondsPath": "$.seconds", "Next": "End"},
                            "End": {"Type": "Succeed"},
                        },
                    }
                ),
            },
        },
    }
}


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "state"
    yield folder
    stop(folder)


def begin(state: Path) -> LocalCloud:
    """Start the cloud on what the folder has."""
    return LocalCloud(start(state, free_port(), detach=False).gateway_url, state)


def kill(state: Path) -> None:
    """End it as a power user or the kernel does."""
    info = running(state)
    assert info is not None
    os.kill(info.pid, signal.SIGKILL)
    poll(lambda: running(state) is None, "the end")
    stop(state)


def deploy(cloud: LocalCloud, wait_for: WaitFor) -> str:
    """A stack with a machine; the machine's ARN."""
    stacks = cloud.client("cloudformation")
    stacks.create_stack(
        StackName="kept", TemplateBody=json.dumps(TEMPLATE), Capabilities=["CAPABILITY_NAMED_IAM"]
    )
    wait_for(lambda: status(cloud) == "CREATE_COMPLETE", "the stack", seconds=60)
    account = "arn:aws:states:us-east-1:000000000000"
    return f"{account}:stateMachine:of-the-stack"


def status(cloud: LocalCloud) -> str:
    stack = cloud.client("cloudformation").describe_stacks(StackName="kept")["Stacks"][0]
    return str(stack["StackStatus"])


def test_a_killed_cloud_has_all_that_it_acknowledged(state: Path, wait_for: WaitFor) -> None:
    cloud = begin(state)
    machine = deploy(cloud, wait_for)
    users, keys = make_users(cloud)
    fill_table(cloud)
    make_again(cloud)
    fill_bucket(cloud)
    states = cloud.client("stepfunctions")
    ended = states.start_execution(stateMachineArn=machine, name="ended", input='{"seconds": 0}')
    wait_for(
        lambda: states.describe_execution(executionArn=ended["executionArn"])["status"] == "SUCCEEDED", "it"
    )
    cloud.client("sqs").send_message(QueueUrl=queue(cloud), MessageBody="kept")
    running_one = states.start_execution(stateMachineArn=machine, name="running", input='{"seconds": 600}')

    kill(state)
    cloud = begin(state)

    assert status(cloud) == "CREATE_COMPLETE"
    items = cloud.client("dynamodb").scan(TableName="of-the-stack")["Items"]
    assert sorted(items, key=lambda item: item["id"]["S"]) == [
        {"id": {"S": "changed"}, "n": {"N": "7"}},
        {"id": {"S": "kept"}, "bytes": {"B": b"\x00\xff"}},
    ]
    assert cloud.client("dynamodb").scan(TableName="again")["Items"] == [{"id": {"S": "second"}}]
    s3 = cloud.client("s3")
    assert s3.get_object(Bucket="kept", Key="a b/ü")["Body"].read() == b"second"
    versions = s3.list_object_versions(Bucket="kept", Prefix="a b/")["Versions"]
    assert [version["IsLatest"] for version in versions] == [True, False]
    assert s3.get_bucket_versioning(Bucket="kept")["Status"] == "Enabled"
    assert "Contents" not in s3.list_objects_v2(Bucket="kept", Prefix="gone")
    found = cloud.client("cognito-idp").list_users(UserPoolId=users)["Users"]
    assert [each["Username"] for each in found] == ["somebody"]
    assert cloud.client("sts", keys).get_caller_identity()["Arn"].endswith(":user/kept")
    states = cloud.client("stepfunctions")
    assert states.describe_execution(executionArn=ended["executionArn"])["status"] == "SUCCEEDED"
    assert states.get_execution_history(executionArn=ended["executionArn"])["events"]
    # AWS never ends; what was running here is over, and says so.
    assert states.describe_execution(executionArn=running_one["executionArn"])["status"] == "ABORTED"
    message = cloud.client("sqs").receive_message(QueueUrl=queue(cloud))["Messages"][0]
    assert message["Body"] == "kept"


def test_a_second_hard_end_after_a_clean_one_loses_nothing(state: Path, wait_for: WaitFor) -> None:
    cloud = begin(state)
    machine = deploy(cloud, wait_for)
    states = cloud.client("stepfunctions")
    execution = states.start_execution(stateMachineArn=machine, input='{"seconds": 0}')["executionArn"]
    wait_for(lambda: states.describe_execution(executionArn=execution)["status"] == "SUCCEEDED", "it")
    fill_table(cloud)
    stop(state)
    cloud = begin(state)
    table = {"TableName": "of-the-stack"}
    cloud.client("dynamodb").put_item(**table, Item={"id": {"S": "later"}})
    cloud.client("stepfunctions").tag_resource(resourceArn=machine, tags=[{"key": "a", "value": "b"}])

    kill(state)
    cloud = begin(state)

    assert cloud.client("dynamodb").scan(**table, Select="COUNT")["Count"] == 3
    described = cloud.client("stepfunctions").describe_execution(executionArn=execution)
    assert described["status"] == "SUCCEEDED"
    assert cloud.client("stepfunctions").list_tags_for_resource(resourceArn=machine)["tags"]


def fill_table(cloud: LocalCloud) -> None:
    """Items that are put, changed and deleted, one by one, in a batch and in a transaction."""
    table, dynamodb = "of-the-stack", cloud.client("dynamodb")
    dynamodb.put_item(TableName=table, Item={"id": {"S": "kept"}, "bytes": {"B": b"\x00\xff"}})
    writes = [{"PutRequest": {"Item": {"id": {"S": name}}}} for name in ("changed", "gone")]
    dynamodb.batch_write_item(RequestItems={table: writes})
    change: dict[str, Any] = {
        "TableName": table,
        "Key": {"id": {"S": "changed"}},
        "UpdateExpression": "ADD n :seven",
        "ExpressionAttributeValues": {":seven": {"N": "7"}},
    }
    dynamodb.transact_write_items(TransactItems=[{"Update": change}])
    dynamodb.delete_item(TableName=table, Key={"id": {"S": "gone"}})


def make_again(cloud: LocalCloud) -> None:
    """A table that is made, deleted, and made again under its name."""
    dynamodb = cloud.client("dynamodb")
    for item in ("first", "second"):
        dynamodb.create_table(
            TableName="again",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        )
        dynamodb.put_item(TableName="again", Item={"id": {"S": item}})
        if item == "first":
            dynamodb.delete_table(TableName="again")


def fill_bucket(cloud: LocalCloud) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="kept")
    s3.put_bucket_versioning(Bucket="kept", VersioningConfiguration={"Status": "Enabled"})
    for body in (b"first", b"second"):
        s3.put_object(Bucket="kept", Key="a b/ü", Body=body)
    s3.put_object(Bucket="kept", Key="gone", Body=b"gone")
    s3.delete_object(Bucket="kept", Key="gone")


def make_users(cloud: LocalCloud) -> tuple[str, Credentials]:
    """A person of a pool, and a user with a key."""
    cognito, iam = cloud.client("cognito-idp"), cloud.client("iam")
    pool = cognito.create_user_pool(PoolName="kept")["UserPool"]["Id"]
    cognito.admin_create_user(UserPoolId=pool, Username="somebody", MessageAction="SUPPRESS")
    iam.create_user(UserName="kept")
    key = iam.create_access_key(UserName="kept")["AccessKey"]
    return pool, Credentials(key["AccessKeyId"], key["SecretAccessKey"])


def queue(cloud: LocalCloud) -> str:
    return str(cloud.client("sqs").get_queue_url(QueueName="of-the-stack")["QueueUrl"])


@pytest.mark.parametrize("service", ["sagemaker", "rekognition"])
def test_a_killed_service_comes_back(state: Path, wait_for: WaitFor, service: str) -> None:
    cloud = begin(state)
    for _ in range(2):
        for pid in processes_of(f"local.{service}", cloud):
            os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not healthy(state, service), "its end")
        wait_for(lambda: healthy(state, service), "its return", seconds=60)

    assert cloud.client("sagemaker").list_models()["Models"] == []
    stop(state)
    assert processes_of(f"local.{service}", cloud) == []


def healthy(state: Path, service: str) -> bool:
    info = running(state)
    return info is not None and info.services[service].healthy


def processes_of(module: str, cloud: LocalCloud) -> list[int]:
    """The processes that run this module for this cloud."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().decode().split("\0") if entry.name.isdigit() else []
        except OSError:
            continue
        if module in words and cloud.url in words:
            found.append(int(entry.name))
    return found
