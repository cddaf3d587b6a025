"""EventBridge tells what S3 stores, with permission, and buries what it cannot deliver."""

import json
import uuid
from dataclasses import dataclass
from typing import Any

import pytest

from tests.integration.local.conftest import ACCOUNT, LocalCloud
from tests.polling import WaitFor

PREFIX = f"arn:aws:sqs:us-east-1:{ACCOUNT}:"
MACHINE = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}


@dataclass(frozen=True)
class Queue:
    """A queue that EventBridge may send to."""

    cloud: LocalCloud
    name: str
    url: str

    @property
    def arn(self) -> str:
        return PREFIX + self.name

    def receive(self) -> list[dict[str, Any]]:
        answer = self.cloud.client("sqs").receive_message(
            QueueUrl=self.url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        )
        messages: list[dict[str, Any]] = answer.get("Messages", [])
        return messages


def make_queue(cloud: LocalCloud, **attributes: str) -> Queue:
    name = f"queue-{uuid.uuid4().hex[:12]}"
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": PREFIX + name,
    }
    policy = {"Policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})} | attributes
    return Queue(cloud, name, cloud.client("sqs").create_queue(QueueName=name, Attributes=policy)["QueueUrl"])


@pytest.fixture
def queue(cloud: LocalCloud) -> Queue:
    return make_queue(cloud)


@pytest.fixture
def dead_letters(cloud: LocalCloud) -> Queue:
    return make_queue(cloud)


@pytest.fixture
def bucket(cloud: LocalCloud) -> str:
    name = f"bucket-{uuid.uuid4().hex[:12]}"
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_notification_configuration(
        Bucket=name, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    return name


def watch(cloud: LocalCloud, bucket: str, target: dict[str, Any], key: object = None) -> str:
    """A rule for the bucket's new objects; returns its ARN."""
    detail: dict[str, Any] = {"bucket": {"name": [bucket]}}
    if key is not None:
        detail["object"] = {"key": key}
    pattern = {"source": ["aws.s3"], "detail-type": ["Object Created"], "detail": detail}
    events = cloud.client("events")
    name = f"rule-{bucket}"
    arn: str = events.put_rule(Name=name, EventPattern=json.dumps(pattern))["RuleArn"]
    events.put_targets(Rule=name, Targets=[{"Id": "1"} | target])
    return arn


def test_an_upload_is_told_with_its_key_version_and_sequencer(
    cloud: LocalCloud, bucket: str, queue: Queue, wait_for: WaitFor
) -> None:
    watch(cloud, bucket, {"Arn": queue.arn})
    s3 = cloud.client("s3")

    first = s3.put_object(Bucket=bucket, Key="uploads/a b+ü.jpg", Body=b"12345")
    told = [json.loads(wait_for(queue.receive, "the first event")[0]["Body"])]
    s3.put_object(Bucket=bucket, Key="uploads/a b+ü.jpg", Body=b"123456")
    told += [json.loads(wait_for(queue.receive, "the second event")[0]["Body"])]

    detail = told[0]["detail"]
    assert told[0]["resources"] == [f"arn:aws:s3:::{bucket}"]
    assert len(told[0]["time"]) == len("2026-01-01T00:00:00Z")
    assert detail["reason"] == "PutObject"
    assert detail["object"]["key"] == "uploads/a b+ü.jpg"
    assert detail["object"]["size"] == 5
    assert detail["object"]["etag"] == first["ETag"].strip('"')
    assert detail["object"]["version-id"] == first["VersionId"]
    sequencers = [event["detail"]["object"]["sequencer"] for event in told]
    assert int(sequencers[0], 16) < int(sequencers[1], 16)


def test_a_rule_picks_by_prefix_and_suffix_and_exception(
    cloud: LocalCloud, bucket: str, queue: Queue, wait_for: WaitFor
) -> None:
    transformer = {"InputPathsMap": {"k": "$.detail.object.key"}, "InputTemplate": '{"told": "<k>"}'}
    key = [{"anything-but": {"prefix": "processed/"}}]
    watch(cloud, bucket, {"Arn": queue.arn, "InputTransformer": transformer}, key)
    s3 = cloud.client("s3")

    for name in ("processed/no.jpg", "uploads/yes.jpg"):
        s3.put_object(Bucket=bucket, Key=name)

    messages = wait_for(queue.receive, "the event")
    assert [json.loads(message["Body"]) for message in messages] == [{"told": "uploads/yes.jpg"}]
    assert queue.receive() == []


def test_a_state_machine_is_started_as_the_targets_role(
    cloud: LocalCloud, bucket: str, wait_for: WaitFor
) -> None:
    states, machine = make_machine(cloud)
    role = cloud.role(f"starts-{bucket}", start(machine), service="events.amazonaws.com")
    watch(cloud, bucket, {"Arn": machine, "RoleArn": role})

    cloud.client("s3").put_object(Bucket=bucket, Key="uploads/a.jpg")

    started = wait_for(lambda: states.list_executions(stateMachineArn=machine)["executions"], "the execution")
    described = states.describe_execution(executionArn=started[0]["executionArn"])
    assert json.loads(described["input"])["detail"]["object"]["key"] == "uploads/a.jpg"


@pytest.mark.parametrize("fault", ["no permission", "no trust", "no machine"])
def test_what_may_not_be_delivered_goes_to_the_dead_letter_queue_at_once(
    cloud: LocalCloud, bucket: str, dead_letters: Queue, wait_for: WaitFor, fault: str
) -> None:
    states, machine = make_machine(cloud)
    statement = start(machine) if fault != "no permission" else start(machine + "-another")
    service = "lambda.amazonaws.com" if fault == "no trust" else "events.amazonaws.com"
    role = cloud.role(f"starts-{bucket}", statement, service=service)
    target = machine + "-absent" if fault == "no machine" else machine
    rule = watch(
        cloud,
        bucket,
        {"Arn": target, "RoleArn": role, "DeadLetterConfig": {"Arn": dead_letters.arn}},
    )

    cloud.client("s3").put_object(Bucket=bucket, Key="uploads/a.jpg")

    message = wait_for(dead_letters.receive, "the dead letter")[0]
    attributes = {name: entry["StringValue"] for name, entry in message["MessageAttributes"].items()}
    assert attributes["ERROR_CODE"] == ("NO_RESOURCE" if fault == "no machine" else "NO_PERMISSIONS")
    assert (attributes["RULE_ARN"], attributes["TARGET_ARN"]) == (rule, target)
    assert json.loads(message["Body"])["detail"]["object"]["key"] == "uploads/a.jpg"
    assert states.list_executions(stateMachineArn=machine)["executions"] == []


def test_a_function_is_invoked_only_if_its_policy_lets_the_rule(
    cloud: LocalCloud, bucket: str, anything: str, dead_letters: Queue, wait_for: WaitFor
) -> None:
    name = f"told-{bucket}"
    cloud.function(
        name, anything, "def handler(event, context): print('told', event['detail']['object']['key'])"
    )
    arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{name}"
    rule = watch(cloud, bucket, {"Arn": arn, "DeadLetterConfig": {"Arn": dead_letters.arn}})
    s3 = cloud.client("s3")
    s3.put_object(Bucket=bucket, Key="refused")
    refused = wait_for(dead_letters.receive, "the dead letter")[0]
    assert refused["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"

    cloud.client("lambda").add_permission(
        FunctionName=name,
        StatementId="rule",
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn=rule,
    )
    s3.put_object(Bucket=bucket, Key="allowed")

    def log() -> list[str]:
        logs = cloud.client("logs")
        try:
            events = logs.filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
        except logs.exceptions.ResourceNotFoundException:
            return []
        return [event["message"] for event in events if event["message"].startswith("told")]

    assert wait_for(log, "the invocation") == ["told allowed"]


def make_machine(cloud: LocalCloud) -> tuple[Any, str]:
    """A Step Functions client and a machine that succeeds."""
    states = cloud.client("stepfunctions")
    name = f"machine-{uuid.uuid4().hex[:12]}"
    role = cloud.role(name, service="states.amazonaws.com")
    machine = states.create_state_machine(name=name, roleArn=role, definition=json.dumps(MACHINE))
    return states, machine["stateMachineArn"]


def start(machine: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "states:StartExecution", "Resource": machine}
