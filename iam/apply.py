"""Make what a person or a pipeline needs to deploy Loupe, as an administrator, once an account.

usage: iam/apply.py --app NAME [--dry-run]

Makes or updates, from the JSON files beside this one, the managed policies NAME-boundary and NAME-deploy-*,
and the role NAME-cloudformation that CloudFormation deploys with; prints their ARNs. --dry-run prints the
policies instead. Attach all of NAME-deploy-* to a person who deploys; docs/deploying.md says what each
allows. Policies are the account's, so they hold in every region. Credentials are taken as every AWS tool
takes them.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

FOLDER = Path(__file__).parent
# Not the stacks' own: what CloudFormation does not do itself, people and pipelines do.
ROLE_HAS = ("deploy-data", "deploy-code", "deploy-roles", "deploy-pipeline")
KEPT_VERSIONS = 4


def policies(app: str, account: str, partition: str = "aws") -> dict[str, Any]:
    """The documents by their file's name, with their placeholders filled in.

    A policy belongs to the account and not to a region: no region stands in it, or whoever deployed in a
    second one would overwrite the first.
    """
    found = {}
    for path in sorted(FOLDER.glob("*.json")):
        text = path.read_text(encoding="utf-8")
        for placeholder, value in (("APP", app), ("ACCOUNT", account), ("PARTITION", partition)):
            text = text.replace(placeholder, value)
        found[path.stem] = json.loads(text)
    return found


def apply_policy(iam: Any, arn: str, document: Any) -> None:
    """Make the managed policy, or give it this document as its new default version."""
    text = json.dumps(document, separators=(",", ":"))
    try:
        current = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    except iam.exceptions.NoSuchEntityException:
        iam.create_policy(PolicyName=arn.rpartition("/")[2], PolicyDocument=text)
        return
    if iam.get_policy_version(PolicyArn=arn, VersionId=current)["PolicyVersion"]["Document"] == document:
        return
    # AWS keeps five versions at most.
    versions = [each["VersionId"] for each in iam.list_policy_versions(PolicyArn=arn)["Versions"]]
    for old in [each for each in versions if each != current][KEPT_VERSIONS - 1 :]:
        iam.delete_policy_version(PolicyArn=arn, VersionId=old)
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=text, SetAsDefault=True)


def apply_role(iam: Any, name: str, account: str, attached: list[str]) -> str:
    """Make CloudFormation's role, and attach the policies."""
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudformation.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    trust["Condition"] = {"StringEquals": {"aws:SourceAccount": account}}
    text = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    try:
        role = iam.create_role(
            RoleName=name, AssumeRolePolicyDocument=text, Description="CloudFormation deploys Loupe with it"
        )
    except iam.exceptions.EntityAlreadyExistsException:
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=text)
        role = iam.get_role(RoleName=name)
    for arn in attached:
        iam.attach_role_policy(RoleName=name, PolicyArn=arn)
    return str(role["Role"]["Arn"])


def main(arguments: list[str] | None = None) -> int:
    """Apply or print; 1 when AWS refuses."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--app", default="loupe")
    parser.add_argument("--dry-run", action="store_true")
    given = parser.parse_args(arguments)
    try:
        identity = boto3.client("sts").get_caller_identity()
        account, partition = identity["Account"], identity["Arn"].split(":")[1]
        documents = policies(given.app, account, partition)
        if given.dry_run:
            print(json.dumps(documents, indent=2))
            return 0
        iam = boto3.client("iam")
        arns = {name: f"arn:{partition}:iam::{account}:policy/{given.app}-{name}" for name in documents}
        for name, document in documents.items():
            apply_policy(iam, arns[name], document)
            print(f"{name:16} {arns[name]}")
        role = apply_role(iam, f"{given.app}-cloudformation", account, [arns[name] for name in ROLE_HAS])
        print(f"{'cloudformation':16} {role}")
    except (BotoCoreError, ClientError) as error:
        print(f"iam/apply.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
