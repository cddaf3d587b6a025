"""A local cloud of its own, and pictures with and without faces that Python packages ship."""

import io
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import matplotlib
import pytest
import skimage
import sklearn
from botocore.config import Config
from PIL import Image

from local import cloud
from local.ports import free_port

_SKIMAGE = Path(skimage.__file__).parent / "data"
_SKLEARN = Path(sklearn.__file__).parent / "datasets" / "images"
FACES = {
    "astronaut": _SKIMAGE / "astronaut.png",
    "grace_hopper": Path(matplotlib.__file__).parent / "mpl-data" / "sample_data" / "grace_hopper.jpg",
}
NO_FACES = {
    "china": _SKLEARN / "china.jpg",
    "flower": _SKLEARN / "flower.jpg",
    "coins": _SKIMAGE / "coins.png",
    "cat": _SKIMAGE / "chelsea.png",
    "coffee": _SKIMAGE / "coffee.png",
    "rocket": _SKIMAGE / "rocket.jpg",
}


@dataclass
class Lab:
    """Clients of one local cloud."""

    port: int
    bucket: str = ""
    clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str, **keys: str) -> Any:
        """A boto3 client without retries, root's unless other keys are given."""
        name = service + keys.get("aws_access_key_id", "")
        if name not in self.clients:
            keys = keys or {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
            url, config = f"http://127.0.0.1:{self.port}", Config(retries={"total_max_attempts": 1})
            session = boto3.Session(region_name="us-east-1", **keys)  # type: ignore[arg-type]
            self.clients[name] = session.client(service, endpoint_url=url, config=config)  # type: ignore[call-overload]
        return self.clients[name]

    @property
    def rekognition(self) -> Any:
        return self.client("rekognition")

    def faces(self, content: bytes) -> list[dict[str, Any]]:
        """What DetectFaces finds in a picture's bytes."""
        return list(self.rekognition.detect_faces(Image={"Bytes": content})["FaceDetails"])

    def put(self, content: bytes) -> str:
        """A new object with this content; its key."""
        key = f"pictures/{uuid.uuid4()}"
        self.client("s3").put_object(Bucket=self.bucket, Key=key, Body=content)
        return key

    def role_client(self, *statements: dict[str, Any]) -> Any:
        """A Rekognition client of a new role that has just these permissions."""
        name, iam = f"role-{uuid.uuid4().hex[:12]}", self.client("iam")
        trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(trust))["Role"]["Arn"]
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=policy(*statements))
        keys = self.client("sts").assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
        return self.client(
            "rekognition",
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
        )


def policy(*statements: dict[str, Any]) -> str:
    """An IAM policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def jpeg(picture: Image.Image, **options: Any) -> bytes:
    """A picture as JPEG."""
    buffer = io.BytesIO()
    picture.convert("RGB").save(buffer, "JPEG", **options)
    return buffer.getvalue()


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A running local cloud with a versioned bucket."""
    state, port = tmp_path_factory.mktemp("rekognition"), free_port()
    command = [sys.executable, "-m", "local.cloud", "--port", str(port), "--state", str(state)]
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LOUPE_"))
    }
    with (
        (state / "cloud.log").open("ab") as log,
        subprocess.Popen(
            [*command, "--parent", str(os.getpid())], stdout=log, stderr=log, env=environment
        ) as process,
    ):
        deadline = time.monotonic() + 60
        while cloud.running(state) is None:
            assert process.poll() is None, (state / "cloud.log").read_text()
            assert time.monotonic() < deadline, "the cloud was not ready in time"
            time.sleep(0.05)
        running = Lab(port, f"bucket-{uuid.uuid4().hex[:12]}")
        running.client("s3").create_bucket(Bucket=running.bucket)
        running.client("s3").put_bucket_versioning(
            Bucket=running.bucket, VersioningConfiguration={"Status": "Enabled"}
        )
        yield running
        process.terminate()
