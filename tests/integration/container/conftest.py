"""The container stack beside the main one, on the same local cloud, and short ways to use it."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from loupe.deploy import LocalDeployment
from loupe.settings import Settings
from loupe.stack import Stack, physical_ids
from tests.cloud import DeployedStack
from tests.polling import wait_for

ROOT_USER = Credentials("test", "test")


@dataclass
class Container:
    """The deployed container stack."""

    main: DeployedStack
    stack: Stack

    def upload(self, content: bytes, name: str = "picture.png") -> str:
        """A new picture under a key of its own."""
        key = f"{uuid.uuid4().hex}/{name}"
        bucket = self.stack.output("UploadsBucketName")
        self.main.client("s3").put_object(Bucket=bucket, Key=key, Body=content)
        return key

    def item(self, key: str, seconds: float = 60) -> dict[str, Any]:
        """The picture's item, once it is there."""
        table = self.main.cloud.table(self.stack.output("PredictionsTableName"))

        def found() -> dict[str, Any] | None:
            items = table.scan(ConsistentRead=True)["Items"]
            return next((dict(item) for item in items if item.get("key") == key), None)

        return wait_for(found, f"an item of {key}", seconds) or {}

    def ask(self, method: str, path: str, signer: Credentials | None = ROOT_USER) -> tuple[int, Any]:
        """A request to the HTTP API, signed unless `signer` is None."""
        request = AWSRequest(method, self.stack.output("ApiUrl") + path)
        if signer:
            SigV4Auth(signer, "execute-api", "us-east-1").add_auth(request)
        sent = urllib.request.Request(str(request.url), method=method, headers=dict(request.headers))
        try:
            with urllib.request.urlopen(sent, timeout=60) as answer:
                body = answer.read()
                return answer.status, json.loads(body) if body else None
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def user(self, *actions: str) -> Credentials:
        """A new IAM user who may invoke the API with these methods and paths, `GET/predictions`."""
        iam, name = self.main.client("iam"), f"caller-{uuid.uuid4().hex[:8]}"
        iam.create_user(UserName=name)
        if actions:
            arn = self.stack.output("ApiInvokeArn")
            statement = {"Effect": "Allow", "Action": "execute-api:Invoke"}
            document = {
                "Version": "2012-10-17",
                "Statement": [{**statement, "Resource": [f"{arn}/{a}" for a in actions]}],
            }
            iam.put_user_policy(UserName=name, PolicyName="call", PolicyDocument=json.dumps(document))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return Credentials(key["AccessKeyId"], key["SecretAccessKey"])

    @contextmanager
    def without(self, role: str, sid: str) -> Iterator[None]:
        """The stack while a role lacks one of its statements."""
        iam = self.main.client("iam")
        name = physical_ids(self.main.client("cloudformation"), self.stack.name, "AWS::IAM::Role")[role]
        [policy] = iam.list_role_policies(RoleName=name)["PolicyNames"]
        before = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
        left = [each for each in before["Statement"] if each["Sid"] != sid]
        assert len(left) == len(before["Statement"]) - 1

        def put(statements: list[Any]) -> None:
            document = json.dumps({**before, "Statement": statements})
            iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=document)

        put(left)
        try:
            yield
        finally:
            put(before["Statement"])


@pytest.fixture(scope="session")
def container(stack: DeployedStack) -> Container:
    settings = Settings.from_environ({"LOUPE_STATE": str(stack.state)}, stack.root)
    deployed = LocalDeployment(settings, stack.gateway_url).bring_up_container(stack.cloud)
    return Container(stack, deployed)


@pytest.fixture
def workflow_uses_container(stack: DeployedStack, container: Container) -> Iterator[None]:
    """The main stack with the container's function in the endpoint's place, by its one parameter."""
    before = set_classifier(stack, container.stack.output("ClassifierFunctionArn"))
    try:
        yield
    finally:
        set_classifier(stack, before)


def set_classifier(stack: DeployedStack, function: str) -> str:
    """Change the main stack's one parameter; gives what it was."""
    cloudformation = stack.client("cloudformation")
    [described] = cloudformation.describe_stacks(StackName=stack.name)["Stacks"]
    parameters = {each["ParameterKey"]: each["ParameterValue"] for each in described["Parameters"]}
    before = str(parameters["ClassifierFunctionArn"])
    if before == function:
        return before
    parameters["ClassifierFunctionArn"] = function
    cloudformation.update_stack(
        StackName=stack.name,
        UsePreviousTemplate=True,
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )

    def updated() -> bool:
        [now] = cloudformation.describe_stacks(StackName=stack.name)["Stacks"]
        assert "ROLLBACK" not in now["StackStatus"], now
        return bool(now["StackStatus"] == "UPDATE_COMPLETE")

    wait_for(updated, "the main stack's update", 120)
    return before
