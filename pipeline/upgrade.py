"""Carry what the release of one stack kept over into the stacks of this one.

usage: pipeline/upgrade.py note STACK FILE     before: write down which tables, buckets and pools there are
       pipeline/upgrade.py adopt STACK FILE    after the core's deployment: give them to its other stacks

The former release had groups, accounts and datasets in the core's stack. When the core's new template takes
its place, CloudFormation lets go of them and deletes none. `adopt` imports each into the stack that has it
now, which must not be there yet; deploying that stack afterwards goes on with it. docs/upgrading.md tells the
whole way. Credentials and region are taken as every AWS tool takes them.
"""

import json
import sys
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError, WaiterError

# By the stack that has it now: the resource under its logical id, with what may not change any more, and what
# CloudFormation identifies it by.
ADOPTED: dict[str, dict[str, tuple[str, str, dict[str, Any]]]] = {
    "training": {"TrainingBucket": ("AWS::S3::Bucket", "BucketName", {})},
    "site": {
        "GroupsTable": (
            "AWS::DynamoDB::Table",
            "TableName",
            {
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            },
        ),
        "UserPool": (
            "AWS::Cognito::UserPool",
            "UserPoolId",
            {"UsernameAttributes": ["email"], "UsernameConfiguration": {"CaseSensitive": False}},
        ),
    },
}
WAIT = {"Delay": 3, "MaxAttempts": 200}


def note(stack: str, file: Path) -> None:
    """Write the physical ids of what will be adopted, by logical id."""
    pages = boto3.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack)
    there = {
        each["LogicalResourceId"]: each["PhysicalResourceId"]
        for page in pages
        for each in page["StackResourceSummaries"]
    }
    wanted = [name for resources in ADOPTED.values() for name in resources]
    found = {name: there[name] for name in wanted if name in there}
    file.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    for name, physical_id in found.items():
        print(f"{name:16} {physical_id}")


def adopt(stack: str, file: Path) -> None:
    """Import what was noted, into a new stack each."""
    noted: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
    for part, resources in ADOPTED.items():
        mine = {name: each for name, each in resources.items() if name in noted}
        if mine:
            _import(f"{stack}-{part}", mine, noted)
            print(f"{stack}-{part} has now {', '.join(mine)}")


def _import(stack: str, resources: dict[str, tuple[str, str, dict[str, Any]]], noted: dict[str, str]) -> None:
    cloudformation = boto3.client("cloudformation")
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Resources": {
            name: {
                "Type": kind,
                "DeletionPolicy": "Retain",
                "UpdateReplacePolicy": "Retain",
                "Properties": properties,
            }
            for name, (kind, _, properties) in resources.items()
        },
    }
    made = cloudformation.create_change_set(
        StackName=stack,
        ChangeSetName="adopt",
        ChangeSetType="IMPORT",
        TemplateBody=json.dumps(template),
        ResourcesToImport=[
            {"ResourceType": kind, "LogicalResourceId": name, "ResourceIdentifier": {key: noted[name]}}
            for name, (kind, key, _) in resources.items()
        ],
    )
    waiter: Any = cloudformation.get_waiter("change_set_create_complete")
    waiter.wait(ChangeSetName=made["Id"], WaiterConfig=WAIT)
    cloudformation.execute_change_set(ChangeSetName=made["Id"])
    imported: Any = cloudformation.get_waiter("stack_import_complete")
    imported.wait(StackName=stack, WaiterConfig=WAIT)


ACTIONS = {"note": note, "adopt": adopt}


def main(arguments: list[str]) -> int:
    """2 for a call that is none, 1 when AWS refuses."""
    if len(arguments) != 3 or arguments[0] not in ACTIONS:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        ACTIONS[arguments[0]](arguments[1], Path(arguments[2]))
    except (BotoCoreError, ClientError, WaiterError, OSError) as error:
        print(f"upgrade.py {arguments[0]}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
