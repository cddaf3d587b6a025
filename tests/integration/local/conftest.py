"""A local cloud of the tests' own, and what most of them do with it."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local.cloud import start, stop
from local.ports import free_port

ACCOUNT = "000000000000"
Statement = dict[str, Any]


@dataclass(frozen=True)
class Credentials:
    """What a client signs with; the root user's by default."""

    key: str = "test"
    secret: str = "test"
    token: str | None = None


@dataclass(frozen=True)
class LocalCloud:
    """A running local cloud."""

    url: str
    state: Path

    def client(self, service: str, credentials: Credentials | None = None, **config: Any) -> Any:
        """A boto3 client that tries once."""
        signer = credentials or Credentials()
        return boto3.client(
            service,  # type: ignore[call-overload] # the stubs list names, this is any of them
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id=signer.key,
            aws_secret_access_key=signer.secret,
            aws_session_token=signer.token,
            config=Config(retries={"total_max_attempts": 1}, **config),
        )

    def role(self, name: str, *statements: Statement, service: str | None = None) -> str:
        """Make a role with one policy of these statements; returns its ARN. A service may assume it, or the
        account.
        """
        principal = {"Service": service} if service else {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
        iam = self.client("iam")
        trust = _document({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"})
        arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="policy", PolicyDocument=_document(*statements))
        return arn

    def assume(self, arn: str) -> Credentials:
        """A session of the role."""
        answer = self.client("sts").assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
        return Credentials(answer["AccessKeyId"], answer["SecretAccessKey"], answer["SessionToken"])

    def function(self, name: str, role: str, source: str, **settings: Any) -> None:
        """Make a Python function whose `app.handler` is in this source."""
        self.client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.13",
            Handler="app.handler",
            Role=role,
            Code={"ZipFile": archive({"app.py": source})},
            **settings,
        )

    def invoke(self, name: str, event: Any, **arguments: Any) -> tuple[Any, str | None]:
        """Invoke a function; its answer, and the kind of its failure if it failed."""
        answer = self.client("lambda", read_timeout=70).invoke(
            FunctionName=name, Payload=json.dumps(event), **arguments
        )
        return json.loads(answer["Payload"].read()), answer.get("FunctionError")


def archive(files: dict[str, str]) -> bytes:
    """A zip archive of these files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as writer:
        for name, text in files.items():
            writer.writestr(name, text)
    return buffer.getvalue()


def failure(call: Callable[[], Any]) -> tuple[int, str, str]:
    """The status, code and message of the error that a call ends with."""
    with pytest.raises(ClientError) as caught:
        call()
    answer = caught.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"], answer["Error"]["Message"]


def _document(*statements: Statement) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """One local cloud for the tests of a worker; each test uses names of its own."""
    state = tmp_path_factory.mktemp("state")
    info = start(state, free_port(), detach=False)
    try:
        yield LocalCloud(info.gateway_url, state)
    finally:
        stop(state)


@pytest.fixture(scope="session")
def anything(cloud: LocalCloud) -> str:
    """The ARN of a role that Lambda assumes and that may do anything."""
    return cloud.role(
        "anything", {"Effect": "Allow", "Action": "*", "Resource": "*"}, service="lambda.amazonaws.com"
    )
