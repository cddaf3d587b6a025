"""Datasets, executions of train_model, and what became of them, on the deployed stack."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from loupe.inbox import Message
from model.pictures import write_class_folders
from tests.cloud import DeployedStack
from tests.polling import wait_for

ENDED = ("SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")


# Kinds that take the starter model (container.py).
STARTERS = ("instant", "moody", "wrong")


class Training:
    """Short ways to train on the deployed stack and to see what it left."""

    def __init__(self, stack: DeployedStack) -> None:
        self.stack = stack
        self.machine = stack.outputs["TrainStateMachineArn"]
        self.bucket = stack.outputs["TrainingBucketName"]
        self.endpoint = stack.outputs["EndpointName"]
        self.s3, self.states = stack.client("s3"), stack.client("stepfunctions")
        self.sagemaker = stack.client("sagemaker")

    def put(self, bucket: str, objects: dict[str, bytes]) -> None:
        """Objects into a bucket, which is made if need be."""
        with suppress(ClientError):
            self.s3.create_bucket(Bucket=bucket)
        with ThreadPoolExecutor(4) as pool:
            list(
                pool.map(
                    lambda each: self.s3.put_object(Bucket=bucket, Key=each[0], Body=each[1]), objects.items()
                )
            )

    def start(self, source: str, kind: str = "instant", **more: Any) -> str:
        """The ARN of an execution; `kind` begins the model's name (container.py says what it asks for)."""
        name = f"{kind}-{uuid.uuid4().hex[:8]}"
        given = {"name": name, "source": source, **more}
        if kind in STARTERS:
            # The starter model's own filter: pictures that are prepared otherwise are refused.
            given["preparation"] = {"filter": "bilinear", **more.get("preparation", {})}
        started = self.states.start_execution(
            stateMachineArn=self.machine, name=name, input=json.dumps(given)
        )
        return str(started["executionArn"])

    def ended(self, arn: str, seconds: float = 240) -> dict[str, Any]:
        """DescribeExecution once it has ended, its output parsed."""

        def description() -> dict[str, Any] | None:
            described: dict[str, Any] = self.states.describe_execution(executionArn=arn)
            return described if described["status"] in ENDED else None

        described = wait_for(description, f"the end of {arn}", seconds) or {}
        return described | {"output": json.loads(described.get("output", "null"))}

    def run(self, source: str, kind: str = "instant", **more: Any) -> dict[str, Any]:
        return self.ended(self.start(source, kind, **more))

    def entered(self, arn: str) -> list[str]:
        """The states that an execution and those nested in it entered."""
        names: list[str] = []
        pages = self.states.get_paginator("get_execution_history").paginate(executionArn=arn)
        for event in (event for page in pages for event in page["events"]):
            if details := event.get("stateEnteredEventDetails"):
                names.append(details["name"])
            submitted = event.get("taskSubmittedEventDetails", {})
            if submitted.get("resourceType") == "states":
                names += self.entered(json.loads(submitted["output"])["ExecutionArn"])
        return names

    def copied(self, arn: str) -> int:
        """How many objects the import of an execution copied, as its map run's results say."""
        prefix = f"runs/{arn.rpartition(':')[2]}/copy/"
        listed = self.s3.list_objects_v2(Bucket=self.bucket, Prefix=prefix)["Contents"]
        (key,) = [each["Key"] for each in listed if each["Key"].endswith("SUCCEEDED_0.jsonl")]
        lines = self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read().splitlines()
        return sum(json.loads(json.loads(line)["Output"])["copied"] for line in lines)

    def message(self, arn: str, seconds: float = 60) -> Message:
        """The one e-mail about an execution, once it is there."""

        wait_for(lambda: self.messages(arn), f"an e-mail about {arn}", seconds)
        (message,) = self.messages(arn)
        return message

    def messages(self, arn: str) -> list[Message]:
        """The e-mails about an execution."""
        return [each for each in self.stack.inbox.messages() if f"{arn}\n" in each.body + "\n"]

    def function(self, name: str) -> str:
        """The ARN of a function's alias that is called."""
        stack = self.machine.rpartition(":")[2].removesuffix("-train-model")
        found = self.stack.client("lambda").get_alias(FunctionName=f"{stack}-{name}", Name="live")
        return str(found["AliasArn"])

    def sweep(self) -> None:
        """What the schedule does, now. What others left may make it fail: it goes on with the next run."""
        event = json.dumps({"detail-type": "Scheduled Event", "detail": {}})
        function = self.function("finalize-training")
        self.stack.client("lambda").invoke(FunctionName=function, Payload=event.encode())

    def live(self) -> tuple[str, str]:
        """The live endpoint's status and configuration."""
        described = self.sagemaker.describe_endpoint(EndpointName=self.endpoint)
        return described["EndpointStatus"], described["EndpointConfigName"]

    def role(self) -> str:
        """The ARN of the workflow's role."""
        return str(self.states.describe_state_machine(stateMachineArn=self.machine)["roleArn"])

    def job(self, name: str) -> dict[str, Any]:
        """The training job's description, empty before there is one."""
        with suppress(ClientError):
            return dict(self.sagemaker.describe_training_job(TrainingJobName=name))
        return {}

    def processes(self, job: str) -> list[int]:
        """The process of a local job and what it started, known by their environment."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if f"TRAINING_JOB_NAME={job}".encode() in (folder / "environ").read_bytes().split(b"\0"):
                    found.append(int(folder.name))
        return found

    def previous(self, config: str) -> str | None:
        """Where a configuration's tag says that the way back leads."""
        arn = self.sagemaker.describe_endpoint_config(EndpointConfigName=config)["EndpointConfigArn"]
        tags = {tag["Key"]: tag["Value"] for tag in self.sagemaker.list_tags(ResourceArn=arn)["Tags"]}
        return tags.get("loupe:previous-endpoint-config")

    def left_behind(self, arn: str) -> list[str]:
        """SageMaker's models, configurations and endpoints of an execution."""
        name = arn.rpartition(":")[2]
        calls = (
            (self.sagemaker.list_models, "Models", "ModelName"),
            (self.sagemaker.list_endpoint_configs, "EndpointConfigs", "EndpointConfigName"),
            (self.sagemaker.list_endpoints, "Endpoints", "EndpointName"),
        )
        return [each[key] for call, kind, key in calls for each in call(NameContains=name)[kind]]


@pytest.fixture
def training(stack: DeployedStack) -> Iterator[Training]:
    """What is live before a test is live after it."""
    training = Training(stack)
    _, before = training.live()
    yield training
    _, config = training.live()
    if config != before:
        training.sagemaker.update_endpoint(EndpointName=training.endpoint, EndpointConfigName=before)
        wait_for(lambda: training.live() == ("InService", before), f"{before} to be live again", 60)


@pytest.fixture(scope="session")
def digit_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Real digits as small PNGs, a folder a class: 20 of each."""
    folder = tmp_path_factory.mktemp("digits")
    write_class_folders(folder)
    files = [path for each in sorted(folder.iterdir()) for path in sorted(each.iterdir())[:20]]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.fixture(scope="session")
def digits(stack: DeployedStack, digit_files: dict[str, bytes]) -> str:
    """The digits in a bucket that is not the stack's."""
    Training(stack).put("digits-of-others", {f"data/{name}": body for name, body in digit_files.items()})
    return "s3://digits-of-others/data/"
