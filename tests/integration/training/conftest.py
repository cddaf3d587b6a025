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
        """The ARN of an execution; `kind` begins the model's name (container.py tells what it asks for)."""
        name = f"{kind}-{uuid.uuid4().hex[:8]}"
        given = {"name": name, "source": source, **more}
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
        """The states that an execution entered."""
        pages = self.states.get_paginator("get_execution_history").paginate(executionArn=arn)
        details = [event.get("stateEnteredEventDetails") for page in pages for event in page["events"]]
        return [each["name"] for each in details if each]

    def output_of(self, arn: str, state: str) -> Any:
        """What a state gave, parsed."""
        pages = self.states.get_paginator("get_execution_history").paginate(executionArn=arn)
        exited = [event.get("stateExitedEventDetails") for page in pages for event in page["events"]]
        (output,) = [each["output"] for each in exited if each and each["name"] == state]
        return json.loads(output)

    def message(self, arn: str, seconds: float = 60) -> Message:
        """The one e-mail about an execution, once it is there."""

        def found() -> list[Message]:
            return [each for each in self.stack.inbox.messages() if f"{arn}\n" in each.body + "\n"]

        wait_for(found, f"an e-mail about {arn}", seconds)
        (message,) = found()
        return message

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

    def remove_trial(self, arn: str) -> None:
        """The trial that an execution left, once it can be deleted."""
        trial = f"{arn.rpartition(':')[2]}-trial"
        wait_for(lambda: self._status(trial) == "InService", f"{trial} to be up", 60)
        self.sagemaker.delete_endpoint(EndpointName=trial)
        wait_for(lambda: not self.left_behind(arn), "nothing to be left", 60)

    def _status(self, endpoint: str) -> str:
        return str(self.sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointStatus"])


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
