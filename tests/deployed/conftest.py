"""A stack that is deployed somewhere, by its name in AWS_SAM_STACK_NAME: on AWS, or on a local cloud."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from botocore.config import Config

from loupe.errors import StackNotFoundError
from loupe.results import image_id
from loupe.stack import reachable_here, read_stack
from loupe.stacks import STACKS
from tests.polling import wait_for

STACK_NAME = os.environ.get("AWS_SAM_STACK_NAME", "")
FINAL = ("CLASSIFIED", "REJECTED", "FAILED")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(os.path.dirname(__file__)):
            item.add_marker(pytest.mark.skipif(not STACK_NAME, reason="AWS_SAM_STACK_NAME names no stack"))
            item.add_marker(pytest.mark.timeout(600))


@pytest.fixture(autouse=True)
def _own_aws_configuration() -> None:
    """These tests alone go where the person's AWS configuration points."""


@dataclass
class Deployed:
    """The stack's outputs, and pictures put through it."""

    outputs: dict[str, str]
    queue_url: str
    keys: list[str] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)

    def upload(self, content: bytes, name: str) -> str:
        """Put a picture where uploads go; gives its key."""
        key = f"uploads/smoke/{uuid.uuid4().hex}/{name}"
        client("s3").put_object(Bucket=self.outputs["UploadsBucketName"], Key=key, Body=content)
        self.keys.append(key)
        return key

    def record(self, key: str, seconds: float = 300) -> dict[str, Any]:
        """The picture's record, once it is final."""
        table, identity = self.outputs["ImagesTableName"], self.identity(key)

        def final() -> dict[str, Any] | None:
            answer = client("dynamodb").get_item(TableName=table, Key=identity, ConsistentRead=True)
            item: dict[str, Any] = answer.get("Item", {})
            return item if item.get("status", {}).get("S") in FINAL else None

        return wait_for(final, f"the final record of {key}", seconds, 1) or {}

    def notifications(self, key: str, seconds: float = 120) -> list[str]:
        """The message about the picture, once there is one."""

        def about_it() -> list[str]:
            answer = client("sqs").receive_message(
                QueueUrl=self.queue_url, WaitTimeSeconds=5, MaxNumberOfMessages=10
            )
            self.heard += [json.loads(each["Body"])["Message"] for each in answer.get("Messages", [])]
            return [text for text in self.heard if key in text]

        return wait_for(about_it, f"a notification about {key}", seconds)

    def identity(self, key: str) -> dict[str, Any]:
        return {
            "imageId": {
                "S": image_id(self.outputs["ImagesTableName"], self.outputs["UploadsBucketName"], key)
            }
        }


def client(service: str) -> Any:
    return boto3.client(service, config=Config(signature_version="s3v4") if service == "s3" else None)  # type: ignore[call-overload]


@pytest.fixture(scope="session")
def deployed() -> Iterator[Deployed]:
    """The stack, with a queue that hears its notifications. What the tests made is removed in the end."""
    outputs: dict[str, str] = {}
    for source in STACKS:
        with suppress(StackNotFoundError):
            outputs |= read_stack(client("cloudformation"), source.stack_name(STACK_NAME), "AWS").outputs
    if endpoint := os.environ.get("AWS_ENDPOINT_URL"):
        outputs = reachable_here(outputs, endpoint)
    sqs, sns, topic = client("sqs"), client("sns"), outputs["NotificationsTopicArn"]
    url = sqs.create_queue(QueueName=f"{STACK_NAME}-smoke-{uuid.uuid4().hex[:12]}")["QueueUrl"]
    subscription = None
    try:
        asked = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        queue = asked["Attributes"]["QueueArn"]
        allowed = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
        }
        allowed |= {"Resource": queue, "Condition": {"ArnEquals": {"aws:SourceArn": topic}}}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
        answer = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, ReturnSubscriptionArn=True)
        subscription = answer["SubscriptionArn"]
        deployed = Deployed(outputs, url)
        yield deployed
        for key in deployed.keys:
            client("s3").delete_object(Bucket=outputs["UploadsBucketName"], Key=key)
            client("dynamodb").delete_item(TableName=outputs["ImagesTableName"], Key=deployed.identity(key))
    finally:
        if subscription:
            sns.unsubscribe(SubscriptionArn=subscription)
        sqs.delete_queue(QueueUrl=url)
