"""A local cloud of its own, whose image table knows a model server that misbehaves on demand."""

import io
import json
import os
import subprocess
import sys
import tarfile
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from local import cloud
from local.ports import free_port

IMAGE = "000000000000.dkr.ecr.us-east-1.amazonaws.com/test-model:1"
HERE = Path(__file__).parent
KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
EVERYTHING = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": ["s3:*", "logs:*"], "Resource": "*"}],
}


@dataclass
class Lab:
    """Clients of one local cloud, and short ways to make what tests need."""

    state: Path
    port: int
    environment: dict[str, str]
    bucket: str = ""
    role: str = ""
    process: subprocess.Popen[bytes] = field(init=False)
    clients: dict[str, Any] = field(default_factory=dict)

    @property
    def gateway(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self, service: str) -> Any:
        """A boto3 client that does not retry: tests want the first answer."""
        if service not in self.clients:
            config = Config(retries={"total_max_attempts": 1}, read_timeout=90)
            self.clients[service] = boto3.client(  # type: ignore[call-overload]
                service, endpoint_url=self.gateway, config=config, **KEYS
            )
        return self.clients[service]

    @property
    def sagemaker(self) -> Any:
        return self.client("sagemaker")

    def name(self, prefix: str = "t") -> str:
        return f"{prefix}-{uuid.uuid4().hex[:12]}"

    def new_role(self, policy: dict[str, Any] | None = None) -> str:
        """A role that SageMaker may assume, with the given inline policy named `all`."""
        name, iam = self.name("role"), self.client("iam")
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
        iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=json.dumps(policy or EVERYTHING))
        return str(role)

    def upload_model(self, **behaviour: Any) -> str:
        """A model.tar.gz for the test server; its S3 URI."""
        uri = f"models/{self.name()}/model.tar.gz"
        self.client("s3").put_object(Bucket=self.bucket, Key=uri, Body=archive({"behaviour.json": behaviour}))
        return f"s3://{self.bucket}/{uri}"

    def new_model(
        self, role: str | None = None, environment: dict[str, str] | None = None, **behaviour: Any
    ) -> str:
        name = self.name("model")
        container = {
            "Image": IMAGE,
            "ModelDataUrl": self.upload_model(**behaviour),
            "Environment": environment or {},
        }
        self.sagemaker.create_model(
            ModelName=name, PrimaryContainer=container, ExecutionRoleArn=role or self.role
        )
        return name

    def new_config(self, *models: str, **more: Any) -> str:
        """An endpoint configuration with one variant a model, called `v1`, `v2`, …, one instance each."""
        name = self.name("config")
        variants = [
            {
                "VariantName": f"v{i}",
                "ModelName": model,
                "InstanceType": "ml.t2.medium",
                "InitialInstanceCount": 1,
            }
            for i, model in enumerate(models, 1)
        ]
        self.sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=variants, **more)
        return name

    def new_endpoint(self, config: str, wait: bool = True) -> str:
        name = self.name("endpoint")
        self.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
        if wait:
            assert self.settled(name)["EndpointStatus"] == "InService"
        return name

    def settled(self, endpoint: str, timeout: float = 60) -> dict[str, Any]:
        """The endpoint's description once it is InService or Failed."""
        found: dict[str, Any] = self.until(
            lambda: self.sagemaker.describe_endpoint(EndpointName=endpoint),
            lambda found: found["EndpointStatus"] in ("InService", "Failed"),
            timeout,
        )
        return found

    def until(self, look: Callable[[], Any], good: Callable[[Any], bool], timeout: float = 30) -> Any:
        """What `look` gives once it is `good`; fails with the last look after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while True:
            found = look()
            if good(found):
                return found
            assert time.monotonic() < deadline, f"not so after {timeout} s: {found}"
            time.sleep(0.05)

    def invoke(self, endpoint: str, body: bytes = b"x", **more: Any) -> str:
        answer = self.client("sagemaker-runtime").invoke_endpoint(EndpointName=endpoint, Body=body, **more)
        return str(answer["Body"].read().decode())

    def start(self) -> None:
        """Start the cloud on the state it has, as a child that ends with these tests."""
        command = [sys.executable, "-m", "local.cloud", "--port", str(self.port), "--state", str(self.state)]
        self.state.mkdir(exist_ok=True)
        with (self.state / "cloud.log").open("ab") as log:
            command += ["--parent", str(os.getpid())]
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=self.environment)
        self.until(lambda: cloud.running(self.state) or self.process.poll(), lambda info: info is not None)
        assert self.process.poll() is None, (self.state / "cloud.log").read_text()

    def stop(self) -> None:
        """Stop it as Ctrl-C does."""
        self.process.terminate()
        self.process.wait(30)


def archive(files: dict[str, Any]) -> bytes:
    """A .tar.gz of JSON documents."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, document in files.items():
            content = json.dumps(document).encode()
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A running local cloud with a bucket and an execution role."""
    folder = tmp_path_factory.mktemp("sagemaker")
    images = folder / "images.json"
    row = {
        "repository": "test-model",
        "serve": [sys.executable, str(HERE / "model_server.py")],
        "train": [sys.executable, str(HERE / "job_script.py")],
    }
    images.write_text(json.dumps([row]))
    settings = {
        "LOUPE_SAGEMAKER_IMAGES": str(images),
        "LOUPE_SAGEMAKER_STARTUP_SECONDS": "8",
        "LOUPE_SAGEMAKER_INVOCATION_SECONDS": "3",
        "LOUPE_SAGEMAKER_STOP_GRACE_SECONDS": "3",
    }
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LOUPE_"))}
    running = Lab(folder / "state", free_port(), inherited | settings)
    running.start()
    try:
        running.bucket = running.name("bucket")
        running.client("s3").create_bucket(Bucket=running.bucket)
        running.role = running.new_role()
        yield running
    finally:
        running.stop()
