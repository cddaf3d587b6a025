"""Pictures, executions and faults on the deployed stack."""

from __future__ import annotations

import io
import json
import tarfile
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from loupe.inbox import Message
from loupe.results import image_id
from loupe.stack import physical_ids
from loupe_core.claims import iso
from loupe_core.finalizing import FINALIZE_LEASE
from tests.cloud import DeployedStack, OwnStack
from tests.polling import wait_for

DIGITS = "events/images"
ENDED = ("SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")
FINAL = ("CLASSIFIED", "REJECTED", "FAILED", "DELETED")
# The template's minute of grace is long in a test. A message that could not be handled comes back so soon.
QUEUE_DELAY_SECONDS, QUEUE_VISIBILITY_SECONDS = 15, 10
LONG_AGO = "2026-01-01T00:00:00.000Z"


@pytest.fixture(scope="session")
def stack(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DeployedStack]:
    """The core alone: the workflow needs no other stack."""
    with OwnStack(request.config.rootpath, tmp_path_factory.mktemp("core"), stacks=("core",)) as deployed:
        yield deployed


class Workflow:
    """Short ways to put pictures into the deployed stack and to see what became of them."""

    def __init__(self, stack: DeployedStack) -> None:
        self.stack = stack
        self.bucket = stack.outputs["UploadsBucketName"]
        self.processed = stack.outputs["ProcessedBucketName"]
        self.machine = stack.outputs["ClassifyStateMachineArn"]
        self.s3, self.states = stack.client("s3"), stack.client("stepfunctions")
        self.finalizer = f"{stack.name}-finalize-images"

    def picture(self, name: str = "digit-3.png") -> bytes:
        return (self.stack.root / DIGITS / name).read_bytes()

    def put(self, content: bytes, name: str = "picture.png", prefix: str = "tests") -> str:
        """A new object under a key of its own; only the prefix `uploads` starts the workflow by itself."""
        key = f"{prefix}/{uuid.uuid4().hex}/{name}"
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=content)
        return key

    def manual(self, key: str, **more: Any) -> dict[str, Any]:
        """The input that a person types in the console."""
        return {"image_data": "", "s3_bucket": self.bucket, "s3_key": key, **more}

    def start(self, execution_input: Any) -> str:
        text = json.dumps(execution_input)
        return str(self.states.start_execution(stateMachineArn=self.machine, input=text)["executionArn"])

    def ended(self, arn: str, seconds: float = 240) -> dict[str, Any]:
        """DescribeExecution of an execution, once it has ended."""

        def description() -> dict[str, Any] | None:
            described: dict[str, Any] = self.states.describe_execution(executionArn=arn)
            return described if described["status"] in ENDED else None

        return wait_for(description, f"the end of {arn}", seconds) or {}

    def run(self, execution_input: Any, seconds: float = 240) -> dict[str, Any]:
        return self.ended(self.start(execution_input), seconds)

    def history(self, arn: str) -> list[dict[str, Any]]:
        pages = self.states.get_paginator("get_execution_history").paginate(executionArn=arn)
        return [event for page in pages for event in page["events"]]

    def attempts(self, arn: str, function: str) -> int:
        """How often a function was asked for: its TaskScheduled events."""
        scheduled = [event.get("taskScheduledEventDetails", {}) for event in self.history(arn)]
        return sum(f"-{function}" in details.get("parameters", "") for details in scheduled)

    def image_id(self, key: str) -> str:
        return image_id(self.stack.outputs["ImagesTableName"], self.bucket, key)

    def record(self, key: str) -> dict[str, Any]:
        """The picture's record, its attributes typed as DynamoDB gives them; empty if there is none."""
        table = self.stack.cloud.table(self.stack.outputs["ImagesTableName"])
        item: dict[str, Any] = table.get_item(Key={"imageId": self.image_id(key)}, ConsistentRead=True).get(
            "Item", {}
        )
        return item

    def finished(self, key: str, seconds: float = 300) -> dict[str, Any]:
        """The picture's record, once it is final and nothing about it is pending."""

        def final() -> dict[str, Any] | None:
            record = self.record(key)
            return record if record.get("status") in FINAL and "pending" not in record else None

        return wait_for(final, f"{key} to be recorded and notified", seconds, 0.5) or {}

    def end_leases(self, keys: Sequence[str]) -> None:
        """What is pending of these pictures, as it is when its lease has ended; but who finishes one of them
        just now keeps it.
        """
        ends = iso(datetime.now(UTC) + FINALIZE_LEASE + timedelta(minutes=1))
        table = self.stack.cloud.table(self.stack.outputs["ImagesTableName"])
        for key in keys:
            with suppress(table.meta.client.exceptions.ConditionalCheckFailedException):
                table.update_item(
                    Key={"imageId": self.image_id(key)},
                    ConditionExpression="attribute_exists(pending) AND leaseUntil > :ends",
                    UpdateExpression="SET leaseUntil = :then",
                    ExpressionAttributeValues={":then": LONG_AGO, ":ends": ends},
                )

    def finalize(self) -> dict[str, Any]:
        """finalize_images, started as its schedule starts it; Lambda's answer."""
        answer: dict[str, Any] = self.stack.client("lambda").invoke(
            FunctionName=f"{self.finalizer}:live", Payload=json.dumps({"source": "aws.events"}).encode()
        )
        return {**answer, "Payload": json.load(answer["Payload"])}

    def resource(self, kind: str, logical_id: str) -> str:
        """The physical id of a resource of the core."""
        return physical_ids(self.stack.client("cloudformation"), self.stack.name, kind)[logical_id]

    @contextmanager
    def without_status_events(self) -> Iterator[None]:
        """Every status event of an execution is lost: AWS sends them as best effort."""
        rule = self.resource("AWS::Events::Rule", "ExecutionFailed")
        self.stack.client("events").disable_rule(Name=rule)
        try:
            yield
        finally:
            self.stack.client("events").enable_rule(Name=rule)

    def messages(self, key: str) -> list[Message]:
        """The e-mails about one picture."""
        line = f"s3://{self.bucket}/{key}"
        return [
            message
            for message in self.stack.inbox.messages()
            if any(each.endswith(line) for each in message.body.splitlines())
        ]

    def only_message(self, key: str, seconds: float = 30) -> Message:
        """The one e-mail about a picture, once it is there."""
        wait_for(lambda: self.messages(key), f"an e-mail about {key}", seconds)
        (message,) = self.messages(key)
        return message

    def event(self, key: str) -> dict[str, Any]:
        """S3's "Object Created" event for what the key holds now, to be put into an execution by a test."""
        head = self.s3.head_object(Bucket=self.bucket, Key=key)
        s3_object = {"key": key, "size": head["ContentLength"], "etag": head["ETag"].strip('"')}
        s3_object |= {"version-id": head["VersionId"], "sequencer": "0066"}
        detail = {"version": "0", "bucket": {"name": self.bucket}, "object": s3_object, "reason": "PutObject"}
        moment = head["LastModified"].strftime("%Y-%m-%dT%H:%M:%SZ")
        return {"source": "aws.s3", "detail-type": "Object Created", "time": moment, "detail": detail}


def hasten_queue(workflow: Workflow) -> None:
    """Let the queue of outcomes take seconds where it takes minutes on AWS."""
    workflow.stack.client("sqs").set_queue_attributes(
        QueueUrl=workflow.resource("AWS::SQS::Queue", "OutcomesQueue"),
        Attributes={
            "DelaySeconds": str(QUEUE_DELAY_SECONDS),
            "VisibilityTimeout": str(QUEUE_VISIBILITY_SECONDS),
        },
    )


@pytest.fixture(scope="session")
def deployed_workflow(stack: DeployedStack) -> Workflow:
    workflow = Workflow(stack)
    hasten_queue(workflow)
    return workflow


@pytest.fixture
def workflow(deployed_workflow: Workflow) -> Workflow:
    return deployed_workflow


Behaving = Callable[..., AbstractContextManager[None]]


@pytest.fixture
def model_behaving(stack: DeployedStack) -> Behaving:
    """Replaces the endpoint's model by one that misbehaves as asked, for the length of a with block."""

    @contextmanager
    def behaving(variant: dict[str, Any] | None = None, **behaviour: Any) -> Iterator[None]:
        sagemaker, endpoint = stack.client("sagemaker"), stack.outputs["EndpointName"]
        before = sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointConfigName"]
        name = f"misbehaving-{uuid.uuid4().hex[:8]}"
        location = f"{name}/model.tar.gz"
        stack.client("s3").put_object(
            Bucket=stack.outputs["ModelsBucketName"], Key=location, Body=_archive(behaviour)
        )
        sagemaker.create_model(
            ModelName=name,
            ExecutionRoleArn=stack.outputs["WorkflowRoleArn"],
            PrimaryContainer={
                "Image": "000000000000.dkr.ecr.us-east-1.amazonaws.com/test-model:1",
                "ModelDataUrl": f"s3://{stack.outputs['ModelsBucketName']}/{location}",
            },
        )
        shape = variant or {"InstanceType": "ml.t2.medium", "InitialInstanceCount": 1}
        sagemaker.create_endpoint_config(
            EndpointConfigName=name,
            ProductionVariants=[{"VariantName": "AllTraffic", "ModelName": name, **shape}],
        )
        serve(sagemaker, endpoint, name)
        try:
            yield
        finally:
            serve(sagemaker, endpoint, before)

    return behaving


def _archive(behaviour: dict[str, Any]) -> bytes:
    packed, content = io.BytesIO(), json.dumps(behaviour).encode()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        member = tarfile.TarInfo("behaviour.json")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def serve(sagemaker: Any, endpoint: str, config: str) -> None:
    sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=config)

    def serving() -> bool:
        described = sagemaker.describe_endpoint(EndpointName=endpoint)
        return bool(described["EndpointStatus"] == "InService" and described["EndpointConfigName"] == config)

    wait_for(serving, f"{endpoint} to serve {config}", 60)
