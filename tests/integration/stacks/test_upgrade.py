"""What the release of one stack kept is adopted by the stacks that have it now."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cloud import DeployedStack
from tests.polling import wait_for

ROOT = Path(__file__).resolve().parents[3]
NAME = "former"
KEPT: dict[str, Any] = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
TABLE = {
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
}
POOL = {"UsernameAttributes": ["email"], "UsernameConfiguration": {"CaseSensitive": False}}
TOPIC = {"Topic": {"Type": "AWS::SNS::Topic"}}
FORMER = {
    "GroupsTable": {"Type": "AWS::DynamoDB::Table", **KEPT, "Properties": TABLE},
    "TrainingBucket": {"Type": "AWS::S3::Bucket", **KEPT},
    "UserPool": {"Type": "AWS::Cognito::UserPool", **KEPT, "Properties": POOL},
}

pytestmark = pytest.mark.timeout(300)


def deploy(stack: DeployedStack, resources: dict[str, Any], name: str = NAME, *, create: bool) -> None:
    cloudformation = stack.client("cloudformation")
    call = cloudformation.create_stack if create else cloudformation.update_stack
    call(StackName=name, TemplateBody=json.dumps({"Resources": resources}))
    ended = "CREATE_COMPLETE" if create else "UPDATE_COMPLETE"
    described = cloudformation.describe_stacks
    wait_for(lambda: described(StackName=name)["Stacks"][0]["StackStatus"] == ended, ended, 60)


def physical_ids(stack: DeployedStack, name: str) -> dict[str, str]:
    listed = stack.client("cloudformation").list_stack_resources(StackName=name)["StackResourceSummaries"]
    return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in listed}


def upgrade(stack: DeployedStack, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, str(ROOT / "pipeline" / "upgrade.py"), *arguments],
        env=stack.environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_groups_accounts_and_datasets_go_to_the_stacks_that_have_them_now(
    stack: DeployedStack, tmp_path: Path
) -> None:
    noted = tmp_path / "noted.json"
    deploy(stack, FORMER | TOPIC, create=True)
    before = physical_ids(stack, NAME)
    stack.cloud.table(before["GroupsTable"]).put_item(Item={"id": "g", "name": "Holiday"})

    upgrade(stack, "note", NAME, str(noted))
    deploy(stack, TOPIC, create=False)
    said = upgrade(stack, "adopt", NAME, str(noted))

    assert physical_ids(stack, f"{NAME}-training") == {"TrainingBucket": before["TrainingBucket"]}
    adopted = {name: before[name] for name in ("GroupsTable", "UserPool")}
    assert physical_ids(stack, f"{NAME}-site") == adopted
    assert f"{NAME}-site has now GroupsTable, UserPool" in said
    # What its stack deploys afterwards goes on with the table.
    recovery = {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}}
    table = {**FORMER["GroupsTable"], "Properties": {**TABLE, **recovery}}
    deploy(stack, {"GroupsTable": table, "UserPool": FORMER["UserPool"]}, f"{NAME}-site", create=False)
    assert physical_ids(stack, f"{NAME}-site") == adopted
    kept = stack.cloud.table(before["GroupsTable"]).get_item(Key={"id": "g"})["Item"]
    assert kept["name"] == "Holiday"
    assert physical_ids(stack, NAME) == {"Topic": before["Topic"]}
    for name in (NAME, f"{NAME}-training", f"{NAME}-site"):
        stack.client("cloudformation").delete_stack(StackName=name)
