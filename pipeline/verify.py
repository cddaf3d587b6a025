"""The claims of docs/aws-readiness.md, asked of a deployed core and its site: pass, fail or skip.

usage: verify.py --stack-name NAME [--remove]

Prints a line a claim, and exits with 1 when one fails. --remove deletes the stack with its site, and then
what CloudFormation keeps of them.
"""

import argparse
import os
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from functools import cached_property, partial
from typing import Any, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from loupe.results import image_id
from loupe.stack import reachable_here

BROKEN_PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
FINAL = ("CLASSIFIED", "REJECTED", "IN_REVIEW", "FAILED")
RECORD_SECONDS = 240
LOG_SECONDS = 180
Found = TypeVar("Found")
MADE = "loupe-verify-"
STEPS = ("claim-image", "serialize-image-data", "record-outcome", "finalize-images")


class SkipError(Exception):
    """A claim that cannot be asked here; the text says why."""


class Account:
    """The stack, by its name, and pictures put through it."""

    def __init__(self, stack: str) -> None:
        self.stack = stack
        self.local = bool(os.environ.get("AWS_ENDPOINT_URL"))

    def client(self, service: str) -> Any:
        s3 = Config(
            signature_version="s3v4",
            s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"},
        )
        return boto3.client(service, config=s3 if service == "s3" and not self.local else None)  # type: ignore[call-overload]

    @cached_property
    def outputs(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for name in (self.stack, f"{self.stack}-site"):
            try:
                [said] = self.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
            except ClientError:
                continue
            found |= {each["OutputKey"]: each["OutputValue"] for each in said.get("Outputs", [])}
        return reachable_here(found, os.environ["AWS_ENDPOINT_URL"]) if self.local else found

    def output(self, name: str) -> str:
        if name not in self.outputs:
            raise SkipError(f"the stack has no output {name}")
        return self.outputs[name]

    def resources(self, kind: str, stack: str | None = None) -> dict[str, str]:
        pages = self.client("cloudformation").get_paginator("list_stack_resources")
        found = [
            each
            for page in pages.paginate(StackName=stack or self.stack)
            for each in page["StackResourceSummaries"]
        ]
        return {
            each["LogicalResourceId"]: each["PhysicalResourceId"]
            for each in found
            if each["ResourceType"] == kind
        }

    def upload(self, **more: Any) -> dict[str, Any]:
        """Put a broken picture; gives its record, once it is final."""
        bucket, key = self.output("UploadsBucketName"), f"uploads/verify/{uuid.uuid4().hex}.png"
        self.client("s3").put_object(Bucket=bucket, Key=key, Body=BROKEN_PNG, **more)
        table = self.output("ImagesTableName")
        identity = {"imageId": {"S": image_id(table, bucket, key)}}

        def final() -> dict[str, Any] | None:
            answer = self.client("dynamodb").get_item(TableName=table, Key=identity, ConsistentRead=True)
            item: dict[str, Any] = answer.get("Item", {})
            done = item.get("status", {}).get("S") in FINAL and "pending" not in item
            return item if done else None

        return wait_for(final, "a final record, notified", RECORD_SECONDS)

    @cached_property
    def record(self) -> dict[str, Any]:
        return self.upload()


def wait_for(ask: Callable[[], Found | None], what: str, seconds: float) -> Found:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := ask():
            return found
        time.sleep(3)
    raise AssertionError(f"no {what} within {seconds:.0f} s")


def definitions_are_of_the_partition(account: Account) -> None:
    partition = account.client("sts").get_caller_identity()["Arn"].split(":")[1]
    machine = account.output("ClassifyStateMachineArn")
    text = account.client("stepfunctions").describe_state_machine(stateMachineArn=machine)["definition"]
    assert f"arn:{partition}:states:::" in text
    assert partition == "aws" or "arn:aws:" not in text


def an_upload_is_recorded_and_notified(account: Account) -> None:
    error = account.record.get("error", {}).get("M", {}).get("name", {}).get("S")
    assert error == "CorruptImageError", error


def functions_write_into_the_stacks_log_groups(account: Account) -> None:
    account.record  # noqa: B018 # something must have run
    logs = account.client("logs")
    for step in STEPS:
        group = f"/aws/lambda/{account.stack}-{step}"
        wait_for(partial(_streams, logs, group), f"log in {group}", LOG_SECONDS)


def _streams(logs: Any, group: str) -> list[Any]:
    return list(logs.describe_log_streams(logGroupName=group)["logStreams"])


def no_function_may_make_a_log_group(account: Account) -> None:
    iam = account.client("iam")
    for name in account.resources("AWS::Lambda::Function").values():
        role = account.client("lambda").get_function_configuration(FunctionName=name)["Role"]
        try:
            said = iam.simulate_principal_policy(PolicySourceArn=role, ActionNames=["logs:CreateLogGroup"])
        except (ClientError, BotoCoreError) as error:
            raise SkipError(f"simulate-principal-policy: {error}") from error
        assert said["EvaluationResults"][0]["EvalDecision"] != "allowed", role


def a_signed_form_goes_to_the_regions_host(account: Account) -> None:
    s3, bucket = account.client("s3"), account.output("UploadsBucketName")
    url = s3.generate_presigned_post(bucket, "uploads/verify/form.png")["url"]
    if account.local:
        raise SkipError("the local cloud signs for its own address")
    assert f".s3.{s3.meta.region_name}." in url, url


def tables_are_protected(account: Account) -> None:
    for name in ("ImagesTableName", "GroupsTableName"):
        if table := account.outputs.get(name):
            said = account.client("dynamodb").describe_table(TableName=table)["Table"]
            assert said["DeletionProtectionEnabled"], table


def people_may_add_a_second_factor(account: Account) -> None:
    pool = account.client("cognito-idp").describe_user_pool(UserPoolId=account.output("UserPoolId"))[
        "UserPool"
    ]
    assert pool["MfaConfiguration"] == "OPTIONAL"
    assert pool["DeletionProtection"] == "ACTIVE"


def the_sign_in_pages_answer(account: Account) -> None:
    if account.local:
        raise SkipError("the local cloud has them elsewhere")
    assert _status(f"{account.output('SignInDomain')}/login") < 500


def the_pages_client_has_a_style(account: Account) -> None:
    if account.local:
        raise SkipError("the local cloud has pages of its own")
    style = account.client("cognito-idp").describe_managed_login_branding_by_client(
        UserPoolId=account.output("UserPoolId"), ClientId=account.output("SignInClientId")
    )["ManagedLoginBranding"]
    assert style["Settings"]["categories"]["global"]["colorSchemeMode"] == "DYNAMIC", style
    assert style["Assets"], "its logo is missing"


def the_api_refuses_strangers_writes(account: Account) -> None:
    assert _status(f"{account.output('ApiUrl')}/groups", b"{}") == 401


def a_picture_under_a_foreign_key_says_which(account: Account) -> None:
    kms = account.client("kms")
    key = kms.create_key(Description="Loupe: verify_on_aws.sh")["KeyMetadata"]
    try:
        record = account.upload(ServerSideEncryption="aws:kms", SSEKMSKeyId=key["Arn"])
        cause = record["error"]["M"]["cause"]["S"]
        assert "kms:Decrypt" in cause, cause
        assert key["Arn"] in cause, cause
    finally:
        kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)


CLAIMS: list[Callable[[Account], None]] = [
    definitions_are_of_the_partition,
    an_upload_is_recorded_and_notified,
    functions_write_into_the_stacks_log_groups,
    no_function_may_make_a_log_group,
    a_signed_form_goes_to_the_regions_host,
    tables_are_protected,
    people_may_add_a_second_factor,
    the_sign_in_pages_answer,
    the_pages_client_has_a_style,
    the_api_refuses_strangers_writes,
    a_picture_under_a_foreign_key_says_which,
]


def _status(url: str, data: bytes | None = None) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data=data), timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def verify(account: Account, claims: list[Callable[[Account], None]]) -> int:
    """Print a line a claim; gives how many failed."""
    failed = 0
    for claim in claims:
        outcome, why = "pass", ""
        try:
            claim(account)
        except SkipError as error:
            outcome, why = "skip", str(error)
        except (AssertionError, BotoCoreError, ClientError, OSError, KeyError) as error:
            outcome, why = "fail", str(error) or type(error).__name__
            failed += 1
        print(f"{outcome}  {claim.__name__.replace('_', ' ')}{f': {why}' if why else ''}", flush=True)
    return failed


def remove(account: Account) -> None:
    """Delete both stacks, and what they keep: buckets with what is in them, tables, user pools.

    ValueError for a stack that this script cannot have made.
    """
    if not account.stack.startswith(MADE):
        raise ValueError(f"{account.stack} is not called {MADE}…: it is not removed.")
    kept = list(_kept(account))
    for stack in (f"{account.stack}-site", account.stack):
        account.client("cloudformation").delete_stack(StackName=stack)
        account.client("cloudformation").get_waiter("stack_delete_complete").wait(StackName=stack)
    for kind, name in kept:
        if kind == "AWS::S3::Bucket":
            bucket = boto3.resource("s3").Bucket(name)
            bucket.object_versions.delete()
            bucket.delete()
        elif kind == "AWS::DynamoDB::Table":
            account.client("dynamodb").update_table(TableName=name, DeletionProtectionEnabled=False)
            account.client("dynamodb").delete_table(TableName=name)
        else:
            cognito = account.client("cognito-idp")
            cognito.update_user_pool(UserPoolId=name, DeletionProtection="INACTIVE")
            cognito.delete_user_pool(UserPoolId=name)
        print(f"removed {name}")


def _kept(account: Account) -> Iterator[tuple[str, str]]:
    for stack in (account.stack, f"{account.stack}-site"):
        for kind in ("AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::Cognito::UserPool"):
            try:
                yield from ((kind, name) for name in account.resources(kind, stack).values())
            except ClientError:
                continue


def main(arguments: list[str] | None = None) -> int:
    """Verify, or remove."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--stack-name", required=True)
    parser.add_argument("--remove", action="store_true")
    given = parser.parse_args(arguments)
    account = Account(given.stack_name)
    if given.remove:
        remove(account)
        return 0
    return 1 if verify(account, CLAIMS) else 0


if __name__ == "__main__":
    sys.exit(main())
