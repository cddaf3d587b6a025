"""The batch stack, as its tests ask for it."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import signal
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.cloud import DeployedStack, OwnStack
from tests.integration.workflow.conftest import Workflow
from tests.integration.workflow.faults import THROTTLE, Faults
from tests.polling import wait_for

ROOT = Path(__file__).parents[3]
FUNCTION = "loupe-batch-classify-batch"
UPLOADING = 8


@pytest.fixture(scope="module")
def batch_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedStack]:
    """The core and the batch stack on a cloud of their own."""
    with OwnStack(ROOT, tmp_path_factory.mktemp("batch"), ["batch"]) as deployed:
        yield deployed


class Batches:
    """Short ways to start runs, to disturb them, and to see what became of them."""

    def __init__(self, stack: DeployedStack) -> None:
        self.stack = stack
        self.s3, self.states = stack.client("s3"), stack.client("stepfunctions")
        self.uploads, self.bucket = stack.outputs["UploadsBucketName"], stack.outputs["BatchBucketName"]
        self.machine = stack.outputs["BatchStateMachineArn"]
        self._faults = Faults(Workflow(stack))

    def put(self, contents: Mapping[str, bytes]) -> None:
        """Objects by key."""

        def one(key: str) -> None:
            self.s3.put_object(Bucket=self.uploads, Key=key, Body=contents[key])

        with ThreadPoolExecutor(UPLOADING) as pool:
            list(pool.map(one, contents))

    def start(self, name: str, **given: Any) -> str:
        text = json.dumps(given)
        return str(
            self.states.start_execution(stateMachineArn=self.machine, name=name, input=text)["executionArn"]
        )

    def ended(self, arn: str) -> Any:
        """The execution where it has ended, else None."""
        found = self.states.describe_execution(executionArn=arn)
        return None if found["status"] == "RUNNING" else found

    def subjects(self, name: str) -> list[str]:
        """Subjects of the e-mails about a run."""
        return [each.subject for each in self.stack.inbox.messages() if name in each.subject]

    def parts(self, name: str) -> list[str]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=f"runs/{name}/rows/"
        )
        return [each["Key"] for page in pages for each in page.get("Contents", [])]

    def classified_rows(self, name: str) -> list[dict[str, Any]]:
        """What the run itself has classified, as its batches' calls have left it: nothing carried over."""
        bodies = [self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read() for key in self.parts(name)]
        return [row for part in map(json.loads, bodies) if not part.get("carried") for row in part["rows"]]

    def rows(self, name: str) -> list[dict[str, str]]:
        body = self.s3.get_object(Bucket=self.bucket, Key=f"runs/{name}/report/results.csv")["Body"].read()
        return list(csv.DictReader(io.StringIO(body.decode(), newline="")))

    def hosted(self) -> list[str]:
        """Temporary endpoints and their configurations."""
        sagemaker = self.stack.client("sagemaker")
        names = [each["EndpointName"] for each in sagemaker.list_endpoints()["Endpoints"]]
        configs = sagemaker.list_endpoint_configs()["EndpointConfigs"]
        names += [each["EndpointConfigName"] for each in configs]
        return [name for name in names if name.endswith("-batch")]

    def kill_workers(self) -> int:
        """Kill what runs classify_batch now; how many there were."""
        killed = 0
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                environment = (folder / "environ").read_bytes().split(b"\0")
                if f"AWS_LAMBDA_FUNCTION_NAME={FUNCTION}".encode() in environment:
                    if not any(str(self.stack.state).encode() in each for each in environment):
                        continue
                    os.kill(int(folder.name), signal.SIGKILL)
                    killed += 1
        return killed

    @contextlib.contextmanager
    def throttled(self, seconds: float) -> Iterator[None]:
        """The endpoint answers nobody for the length of a with block, from when somebody meets it."""
        fault = {"service": "sagemaker", "kind": THROTTLE, "containing": ["/invocations"]}
        with self._faults.put(fault):
            wait_for(lambda: self._faults.met([fault]), "a throttled picture", seconds, 0.5)
            yield


@pytest.fixture(scope="module")
def batches(batch_stack: DeployedStack) -> Batches:
    return Batches(batch_stack)
