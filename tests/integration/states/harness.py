"""MiniStack with the package under test on a free port, and the few things the tests need from it."""

import io
import json
import os
import socket
import subprocess
import sys
import time
import uuid
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from local.ports import free_port

PROJECT = Path(__file__).parents[3]
ACCOUNT = "000000000000"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": ["states.amazonaws.com", "lambda.amazonaws.com"]},
        }
    ],
}


def until(check: Callable[[], Any], what: str, seconds: float = 30) -> Any:
    """The first true answer of `check`; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := check():
            return answer
        time.sleep(0.05)
    pytest.fail(f"not within {seconds} s: {what}")


@dataclass
class Cloud:
    url: str
    clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        """A client with root credentials, one for all tests."""
        if service not in self.clients:
            self.clients[service] = boto3.session.Session().client(  # type: ignore[call-overload]
                service,
                region_name="us-east-1",
                endpoint_url=self.url,
                aws_access_key_id="test",
                aws_secret_access_key="test",
                config=Config(
                    retries={"total_max_attempts": 1},
                    inject_host_prefix=False,
                    max_pool_connections=40,
                    s3={"addressing_style": "path"},
                ),
            )
        return self.clients[service]

    def role(self, *statements: dict[str, Any], trust: dict[str, Any] | None = None) -> str:
        """A role that Step Functions and Lambda may assume; all is allowed if no statement is given."""
        name = f"role-{uuid.uuid4().hex[:12]}"
        iam = self.client("iam")
        arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust or TRUST))[
            "Role"
        ]["Arn"]
        allowed = list(statements) or [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
        iam.put_role_policy(
            RoleName=name,
            PolicyName="p",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": allowed}),
        )
        return arn

    def machine(self, definition: dict[str, Any], role: str | None = None, **members: Any) -> str:
        arn: str = self.client("stepfunctions").create_state_machine(
            name=f"machine-{uuid.uuid4().hex[:12]}",
            definition=json.dumps(definition),
            roleArn=role or self.role(),
            **members,
        )["stateMachineArn"]
        return arn

    def start(self, machine: str, given: Any = None, **members: Any) -> str:
        arn: str = self.client("stepfunctions").start_execution(
            stateMachineArn=machine, input=json.dumps({} if given is None else given), **members
        )["executionArn"]
        return arn

    def ending(self, execution: str, seconds: float = 30) -> dict[str, Any]:
        """DescribeExecution once it has ended, output parsed."""
        states = self.client("stepfunctions")

        def ended() -> Any:
            found = states.describe_execution(executionArn=execution)
            return found if found["status"] != "RUNNING" else None

        found: dict[str, Any] = until(ended, f"the end of {execution}", seconds)
        if "output" in found:
            found["output"] = json.loads(found["output"])
        return found

    def run(
        self, definition: dict[str, Any], given: Any = None, role: str | None = None, seconds: float = 30
    ) -> dict[str, Any]:
        return self.ending(self.start(self.machine(definition, role), given), seconds)

    def history(self, execution: str) -> list[dict[str, Any]]:
        pages = (
            self.client("stepfunctions")
            .get_paginator("get_execution_history")
            .paginate(executionArn=execution)
        )
        return [event for page in pages for event in page["events"]]

    def function(self, source: str, **members: Any) -> str:
        """A Python function; `source` defines `handler(event, context)`."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("app.py", source)
        arn: str = self.client("lambda").create_function(
            FunctionName=f"function-{uuid.uuid4().hex[:12]}",
            Runtime="python3.13",
            Handler="app.handler",
            Role=self.role(),
            Code={"ZipFile": packed.getvalue()},
            Timeout=30,
            **members,
        )["FunctionArn"]
        return arn


def jsonata(states: dict[str, Any], **members: Any) -> dict[str, Any]:
    """A JSONata machine that begins with the first of `states`; a state without Next goes on to the following
    one.
    """
    names = list(states)
    for name, following in zip(names, [*names[1:], None], strict=True):
        state = states[name]
        if state["Type"] in ("Succeed", "Fail", "Choice") or "Next" in state or "End" in state:
            continue
        state.update({"Next": following} if following else {"End": True})
    for state in states.values():
        for inner in [
            *state.get("Branches", []),
            *([state["ItemProcessor"]] if "ItemProcessor" in state else []),
        ]:
            inner.pop("QueryLanguage", None)  # allowed in the machine and in states only
    return {"QueryLanguage": "JSONata", "StartAt": names[0], "States": states, **members}


@dataclass
class Server:
    """A MiniStack process; `environment` is added to it."""

    directory: Path
    environment: dict[str, str]
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> Cloud:
        self.port = self.port or free_port()
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("AWS_")},
            "GATEWAY_PORT": str(self.port),
            "AUTH": "true",
            "TMPDIR": str(self.directory),
            **self.environment,
        }
        log = (self.directory / "ministack.log").open("ab")
        with log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "local.states.serve"],
                cwd=PROJECT,
                env=environment,
                stdout=log,
                stderr=log,
            )
        cloud = Cloud(f"http://127.0.0.1:{self.port}")
        until(self._answers, "MiniStack answers", 180)
        return cloud

    def _answers(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            pytest.fail((self.directory / "ministack.log").read_text()[-2000:])
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(10)
