"""A function's log group is the stack's: its role writes into it, and can make none again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from ministack.core.iam_evaluator import EvalContext, evaluate, parse_policy_document

from tests.unit.template.rendered import ACCOUNT, PARTITIONS, Partition, of_kind, rendered, templates

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
LOGS = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
TRACES = ["xray:PutTraceSegments", "xray:PutTelemetryRecords", "xray:GetSampling*"]
# What AWS's managed policies of these names allow.
# Source: https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSLambdaBasicExecutionRole.html
MANAGED = {
    "AWSLambdaBasicExecutionRole": LOGS,
    "AWSLambdaSQSQueueExecutionRole": [
        *LOGS,
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
    ],
    "AWSLambdaDynamoDBExecutionRole": [
        *LOGS,
        "dynamodb:DescribeStream",
        "dynamodb:GetRecords",
        "dynamodb:GetShardIterator",
        "dynamodb:ListStreams",
    ],
    "AWSXRayDaemonWriteAccess": TRACES,
    "AWSXrayWriteOnlyAccess": TRACES,
}
EACH = pytest.mark.parametrize("template", [each for each in templates() if not each.startswith("pipeline")])


def functions(document: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Each function's logical id, its log group, and its role's ARN."""
    for name, properties in of_kind(document, "AWS::Lambda::Function").items():
        own = properties.get("LoggingConfig", {}).get("LogGroup")
        yield name, own or f"/aws/lambda/{properties['FunctionName']}", properties["Role"]


def policies_of(document: Mapping[str, Any], arn: str, partition: Partition) -> list[Any]:
    for name, properties in of_kind(document, "AWS::IAM::Role").items():
        if arn.endswith(f"-{name}-1ABC"):
            documents = [each["PolicyDocument"] for each in properties.get("Policies", [])]
            for managed in properties.get("ManagedPolicyArns", []):
                allowed = {"Effect": "Allow", "Action": MANAGED[managed.rpartition("/")[2]], "Resource": "*"}
                documents.append({"Version": "2012-10-17", "Statement": [allowed]})
            return [parse_policy_document(json.dumps(each)) for each in documents]
    raise KeyError(arn)


def decides(action: str, resource: str, policies: list[Any], partition: Partition) -> str:
    context = EvalContext(
        principal_arn=f"arn:{partition.name}:sts::{ACCOUNT}:assumed-role/r/s",
        principal_type="AssumedRole",
        principal_account=ACCOUNT,
        action=action,
        resource_arn=resource,
        region=partition.region,
    )
    return str(evaluate(context, policies).decision)


@EACH
@pytest.mark.parametrize("partition", PARTITIONS, ids=lambda each: each.name)
def test_a_function_writes_its_log_and_makes_no_group(template: str, partition: Partition) -> None:
    document = rendered(template, partition)
    found = list(functions(document))

    for name, group, role in found:
        having = policies_of(document, role, partition)
        arn = f"arn:{partition.name}:logs:{partition.region}:{ACCOUNT}:log-group:{group}"
        for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
            assert decides(action, f"{arn}:log-stream:one", having, partition) == "Allow", (name, action)
        assert decides("logs:CreateLogGroup", arn, having, partition) != "Allow", name
    assert found


@EACH
def test_every_functions_log_group_is_the_stacks_and_ends(template: str) -> None:
    document = rendered(template)
    groups = {
        properties["LogGroupName"]: properties
        for properties in of_kind(document, "AWS::Logs::LogGroup").values()
    }

    for name, group, _ in functions(document):
        assert group in groups, name
    assert all(each["RetentionInDays"] for each in groups.values())
