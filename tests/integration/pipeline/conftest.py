"""Deployers on the local cloud, with IAM enforced: what iam/apply.py makes, and users who have it."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cloud import DeployedStack

ROOT = Path(__file__).resolve().parents[3]
APP = "loupe"
SMALL = """
Parameters: {PermissionsBoundaryArn: {Type: String, Default: ""}}
Conditions: {HasBoundary: !Not [!Equals [!Ref PermissionsBoundaryArn, ""]]}
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      PermissionsBoundary: !If [HasBoundary, !Ref PermissionsBoundaryArn, !Ref AWS::NoValue]
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: "sts:AssumeRole"}]
  Topic: {Type: AWS::SNS::Topic}
"""


@pytest.fixture(scope="module")
def arns(stack: DeployedStack) -> dict[str, str]:
    """The policies and the role, as an administrator makes them."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "iam" / "apply.py"), "--app", APP],
        env=stack.environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(line.split() for line in done.stdout.splitlines())


Users = Callable[..., dict[str, str]]


@pytest.fixture
def user(stack: DeployedStack) -> Iterator[Users]:
    """Makes users: `user(arn, …, document=…)` has these managed policies and this document; gives the
    environment in which programs are that user.
    """
    iam, made = stack.client("iam"), []

    def make(*attached: str, document: str | None = None) -> dict[str, str]:
        name = f"deployer-{uuid.uuid4().hex[:8]}"
        iam.create_user(UserName=name)
        made.append((name, attached))
        for arn in attached:
            iam.attach_user_policy(UserName=name, PolicyArn=arn)
        if document:
            iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return stack.environ | {
            "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
        }

    yield make
    for name, attached in made:
        for key in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
            iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
        for arn in attached:
            iam.detach_user_policy(UserName=name, PolicyArn=arn)
        for policy in iam.list_user_policies(UserName=name)["PolicyNames"]:
            iam.delete_user_policy(UserName=name, PolicyName=policy)
        iam.delete_user(UserName=name)


def run(command: list[str], environ: dict[str, str], cwd: Path = ROOT, seconds: float = 400) -> Any:
    """A program's end: its return code, and all that it said."""
    return subprocess.run(
        command,
        cwd=cwd,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=seconds,
        check=False,
    )


def statements(policy: str) -> list[Any]:
    """The statements of one of iam's policies."""
    document = json.loads((ROOT / "iam" / f"{policy}.json").read_text(encoding="utf-8"))
    return list(document["Statement"])


def filled_in(having: list[Any]) -> str:
    """A policy of these statements, for the application and account of these tests."""
    text = json.dumps({"Version": "2012-10-17", "Statement": having})
    return text.replace("APP", APP).replace("ACCOUNT", "000000000000").replace("REGION", "us-east-1")
