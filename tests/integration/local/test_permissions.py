"""IAM is enforced, and refuses in AWS's words."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.local.conftest import ACCOUNT, Credentials, LocalCloud, Statement, failure

NOT_ALLOWED = (
    "is not authorized to perform: {action} on resource: {resource} because no identity-based policy allows"
)
MACHINE = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}


def allow(*actions: str, resource: str | list[str] = "*") -> Statement:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource}


@pytest.fixture
def bucket(cloud: LocalCloud) -> str:
    name = f"bucket-{uuid.uuid4().hex[:12]}"
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="there", Body=b"content")
    return name


@pytest.fixture
def caller(cloud: LocalCloud) -> Callable[..., Credentials]:
    def assume(*statements: Statement) -> Credentials:
        return cloud.assume(cloud.role(f"role-{uuid.uuid4().hex[:12]}", *statements))

    return assume


def test_a_missing_key_is_not_found_for_those_who_may_list(
    cloud: LocalCloud, bucket: str, caller: Callable[..., Credentials]
) -> None:
    s3 = cloud.client("s3", caller(allow("s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket")))

    assert failure(lambda: s3.get_object(Bucket=bucket, Key="absent"))[:2] == (404, "NoSuchKey")
    assert failure(lambda: s3.head_object(Bucket=bucket, Key="absent"))[:2] == (404, "404")
    version = "3" * 32
    assert failure(lambda: s3.get_object(Bucket=bucket, Key="there", VersionId=version))[1] == "NoSuchVersion"


def test_a_missing_key_is_forbidden_for_those_who_may_not_list(
    cloud: LocalCloud, bucket: str, caller: Callable[..., Credentials]
) -> None:
    s3 = cloud.client("s3", caller(allow("s3:GetObject", "s3:GetObjectVersion", "s3:PutObject")))
    assert s3.get_object(Bucket=bucket, Key="there")["Body"].read() == b"content"

    status, code, message = failure(lambda: s3.get_object(Bucket=bucket, Key="absent"))

    assert (status, code) == (403, "AccessDenied")
    assert NOT_ALLOWED.format(action="s3:ListBucket", resource=f'"arn:aws:s3:::{bucket}"') in message
    assert failure(lambda: s3.head_object(Bucket=bucket, Key="absent"))[:2] == (403, "403")
    source = {"Bucket": bucket, "Key": "absent"}
    assert failure(lambda: s3.copy_object(Bucket=bucket, Key="copy", CopySource=source))[:2] == (
        403,
        "AccessDenied",
    )


def test_a_missing_bucket_is_missing_for_everybody(
    cloud: LocalCloud, caller: Callable[..., Credentials]
) -> None:
    s3 = cloud.client("s3", caller())
    absent = f"absent-{uuid.uuid4().hex}"

    assert failure(lambda: s3.get_object(Bucket=absent, Key="x"))[:2] == (404, "NoSuchBucket")
    assert failure(lambda: s3.put_object(Bucket=absent, Key="x"))[:2] == (404, "NoSuchBucket")
    assert failure(lambda: s3.head_object(Bucket=absent, Key="x"))[:2] == (404, "404")


def test_a_tls_only_bucket_policy_locks_nobody_out(
    cloud: LocalCloud, bucket: str, caller: Callable[..., Credentials]
) -> None:
    plain = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [plain]})
    cloud.client("s3").put_bucket_policy(Bucket=bucket, Policy=policy)
    s3 = cloud.client("s3", caller(allow("s3:GetObject")))

    assert s3.get_object(Bucket=bucket, Key="there")["Body"].read() == b"content"


def test_an_explicit_deny_wins(cloud: LocalCloud, bucket: str, caller: Callable[..., Credentials]) -> None:
    deny = {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"}
    s3 = cloud.client("s3", caller(allow("s3:*"), deny))

    status, code, message = failure(lambda: s3.get_object(Bucket=bucket, Key="there"))

    assert (status, code) == (403, "AccessDenied")
    assert "with an explicit deny in an identity-based policy" in message


@pytest.mark.parametrize(
    ("service", "method", "arguments", "action", "resource"),
    [
        (
            "lambda",
            "invoke",
            {"FunctionName": "f"},
            "lambda:InvokeFunction",
            f"lambda:us-east-1:{ACCOUNT}:function:f",
        ),
        (
            "dynamodb",
            "get_item",
            {"TableName": "t", "Key": {"id": {"S": "1"}}},
            "dynamodb:GetItem",
            f"dynamodb:us-east-1:{ACCOUNT}:table/t",
        ),
        (
            "events",
            "put_events",
            {"Entries": [{"Source": "s", "DetailType": "d", "Detail": "{}"}]},
            "events:PutEvents",
            f"events:us-east-1:{ACCOUNT}:event-bus/default",
        ),
        (
            "stepfunctions",
            "start_execution",
            {"stateMachineArn": f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:m"},
            "states:StartExecution",
            f"states:us-east-1:{ACCOUNT}:stateMachine:m",
        ),
        (
            "sagemaker-runtime",
            "invoke_endpoint",
            {"EndpointName": "Loupe", "Body": b""},
            "sagemaker:InvokeEndpoint",
            f"sagemaker:us-east-1:{ACCOUNT}:endpoint/loupe",
        ),
        (
            "sagemaker",
            "describe_endpoint",
            {"EndpointName": "Loupe"},
            "sagemaker:DescribeEndpoint",
            f"sagemaker:us-east-1:{ACCOUNT}:endpoint/loupe",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and ":" not in value else "",
)
def test_a_denial_names_caller_action_and_resource(
    cloud: LocalCloud,
    caller: Callable[..., Credentials],
    service: str,
    method: str,
    arguments: dict[str, Any],
    action: str,
    resource: str,
) -> None:
    client = cloud.client(service, caller())

    _, code, message = failure(lambda: getattr(client, method)(**arguments))

    assert code == "AccessDeniedException"
    assert message.startswith(f"User: arn:aws:sts::{ACCOUNT}:assumed-role/role-")
    assert (
        f"{NOT_ALLOWED.format(action=action, resource=f'arn:aws:{resource}')} the {action} action" in message
    )


def test_publishing_takes_permission_on_a_topic_of_a_stack_too(
    cloud: LocalCloud, caller: Callable[..., Credentials]
) -> None:
    template = json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})
    cloudformation = cloud.client("cloudformation")
    cloudformation.create_stack(StackName="topic-of-a-stack", TemplateBody=template)
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName="topic-of-a-stack", WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )
    resources = cloudformation.describe_stack_resources(StackName="topic-of-a-stack")["StackResources"]
    topic = resources[0]["PhysicalResourceId"]
    denied, allowed = caller(), caller(allow("sns:Publish", resource=topic))

    status, code, message = failure(
        lambda: cloud.client("sns", denied).publish(TopicArn=topic, Message="hello")
    )

    assert (status, code) == (403, "AuthorizationError")
    assert NOT_ALLOWED.format(action="SNS:Publish", resource=topic) in message
    assert cloud.client("sns", allowed).publish(TopicArn=topic, Message="hello")["MessageId"]


def test_handing_a_role_to_a_service_takes_permission_to_pass_it(
    cloud: LocalCloud, caller: Callable[..., Credentials]
) -> None:
    role = cloud.role(f"passed-{uuid.uuid4().hex[:8]}", service="states.amazonaws.com")
    request = {"name": f"machine-{uuid.uuid4().hex[:8]}", "roleArn": role, "definition": json.dumps(MACHINE)}
    may_create = allow("states:*")
    passing = allow("iam:PassRole", resource=role)
    elsewhere = passing | {"Condition": {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}}

    for statements in ([may_create], [may_create, elsewhere]):
        client = cloud.client("stepfunctions", caller(*statements))
        _, code, message = failure(lambda client=client: client.create_state_machine(**request))  # type: ignore[misc]
        assert code == "AccessDeniedException"
        assert NOT_ALLOWED.format(action="iam:PassRole", resource=role) in message

    client = cloud.client("stepfunctions", caller(may_create, passing))
    assert client.create_state_machine(**request)["stateMachineArn"]


def test_a_function_has_its_roles_permissions_and_no_others(cloud: LocalCloud, bucket: str) -> None:
    source = """
import boto3
def handler(event, context):
    s3 = boto3.client("s3")
    answer = getattr(s3, event["call"])(Bucket=event["bucket"], Key="there")
    return answer["ResponseMetadata"]["HTTPStatusCode"]
"""
    name = f"reader-{uuid.uuid4().hex[:8]}"
    role = cloud.role(
        name, allow("s3:GetObject", resource=f"arn:aws:s3:::{bucket}/*"), service="lambda.amazonaws.com"
    )
    cloud.function(name, role, source, Timeout=20)

    assert cloud.invoke(name, {"call": "get_object", "bucket": bucket}) == (200, None)
    answer, kind = cloud.invoke(name, {"call": "delete_object", "bucket": bucket})

    assert (kind, answer["errorType"]) == ("Unhandled", "AccessDenied")
    denied = f"assumed-role/{name}/{name} is not authorized to perform: s3:DeleteObject"
    assert denied in answer["errorMessage"]


def test_unknown_and_false_credentials_are_refused(
    cloud: LocalCloud, caller: Callable[..., Credentials]
) -> None:
    unknown = Credentials("AKIAUNKNOWNUNKNOWN00", "secret")
    real = caller(allow("*"))
    false = Credentials(real.key, "not the secret", real.token)

    assert failure(lambda: cloud.client("s3", unknown).list_buckets())[:2] == (403, "InvalidAccessKeyId")
    assert failure(lambda: cloud.client("s3", false).list_buckets())[:2] == (403, "SignatureDoesNotMatch")
    request = {
        "name": "forged",
        "roleArn": f"arn:aws:iam::{ACCOUNT}:role/any",
        "definition": json.dumps(MACHINE),
    }
    _, code, _ = failure(lambda: cloud.client("stepfunctions", false).create_state_machine(**request))
    assert code == "InvalidSignatureException"


def test_an_object_under_a_customers_key_takes_rights_to_the_key(
    cloud: LocalCloud, bucket: str, caller: Callable[..., Credentials]
) -> None:
    key = cloud.client("kms").create_key()["KeyMetadata"]["Arn"]
    encrypted = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
    cloud.client("s3").put_object(Bucket=bucket, Key="secret", Body=b"content", **encrypted)
    may_s3 = allow("s3:GetObject", "s3:PutObject")
    without = cloud.client("s3", caller(may_s3))
    through_s3 = {"Condition": {"StringLike": {"kms:ViaService": "s3.*"}}}
    given = cloud.client("s3", caller(may_s3, {**allow("kms:Decrypt", resource=key), **through_s3}))

    status, code, message = failure(lambda: without.get_object(Bucket=bucket, Key="secret"))

    assert (status, code) == (403, "AccessDenied")
    assert NOT_ALLOWED.format(action="kms:Decrypt", resource=key) in message
    copied = {"Bucket": bucket, "Key": "copy", "CopySource": {"Bucket": bucket, "Key": "secret"}}
    assert "kms:Decrypt" in failure(lambda: without.copy_object(**copied))[2]
    assert without.head_object(Bucket=bucket, Key="secret")["ContentLength"] == 7
    assert given.get_object(Bucket=bucket, Key="secret")["Body"].read() == b"content"
    write = {"Bucket": bucket, "Key": "another", "Body": b"x", **encrypted}
    assert "kms:GenerateDataKey" in failure(lambda: given.put_object(**write))[2]
