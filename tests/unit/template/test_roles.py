"""What a function that decodes strangers' pictures could do if a picture took it over: its own work alone."""

from __future__ import annotations

from typing import Any

import pytest
from cfnlint.decode import cfn_yaml
from ministack.core.iam_evaluator import EvalContext, evaluate, parse_policy_document

from tests.policies import Resolver, find_policies
from tests.unit.template.transformed import ROOT

BUCKET, FUNCTION = "arn:aws:s3:::bucket", "arn:aws:lambda:us-east-1:000000000000:function:name"
TOPIC, QUEUE = "arn:aws:sns:us-east-1:000000000000:name", "arn:aws:sqs:us-east-1:000000000000:name"
ENDPOINT = "arn:aws:sagemaker:us-east-1:000000000000:endpoint/name"
STEP = "arn:aws:lambda:us-east-1:000000000000:function:loupe-claim-image:live"
# What the state machine does with the role that it shares with the three functions.
OF_THE_MACHINE = [
    ("sns:Publish", TOPIC),
    ("sqs:SendMessage", QUEUE),
    ("lambda:InvokeFunction", STEP),
    ("rekognition:DetectFaces", "*"),
    ("logs:PutResourcePolicy", "*"),
    ("logs:UpdateLogDelivery", "*"),
]
OF_THE_FUNCTIONS = [
    ("s3:GetObjectVersion", f"{BUCKET}/uploads/a"),
    ("s3:ListBucket", BUCKET),
    ("s3:PutObject", f"{BUCKET}/faces/a"),
    ("sagemaker:InvokeEndpoint", ENDPOINT),
]
OF_OTHERS = [
    ("s3:DeleteObject", f"{BUCKET}/uploads/a"),
    ("s3:DeleteObjectVersion", f"{BUCKET}/uploads/a"),
    ("dynamodb:UpdateItem", "*"),
    ("iam:PassRole", "*"),
    ("states:StartExecution", "*"),
]


def decision(name: str, action: str, resource: str, function: str | None, template: str) -> str:
    """What the policies of that role decide about a call, from a function's code or without one."""
    document: dict[str, Any] = cfn_yaml.load(str(ROOT / template))
    resolver = Resolver({each: body["Type"] for each, body in document["Resources"].items()})
    found = [
        parse_policy_document(resolver.resolve(policy))
        for label, policy in find_policies(document)
        if label.partition(".")[0] == name
    ]
    assert found, name
    context = EvalContext(
        principal_arn="arn:aws:sts::000000000000:assumed-role/name/name",
        principal_type="AssumedRole",
        principal_account="000000000000",
        action=action,
        resource_arn=resource,
        region="us-east-1",
        principal_keys={"lambda:sourcefunctionarn": function} if function else {},
    )
    return str(evaluate(context, found).decision)


@pytest.mark.parametrize(("action", "resource"), OF_THE_MACHINE)
def test_what_is_for_the_state_machine_no_function_may_do(action: str, resource: str) -> None:
    assert decision("WorkflowRole", action, resource, None, "template.yaml") == "Allow"
    assert decision("WorkflowRole", action, resource, FUNCTION, "template.yaml") == "Deny"


@pytest.mark.parametrize(("action", "resource"), OF_THE_FUNCTIONS)
def test_the_functions_of_the_shared_role_may_do_their_work(action: str, resource: str) -> None:
    assert decision("WorkflowRole", action, resource, FUNCTION, "template.yaml") == "Allow"


@pytest.mark.parametrize(("action", "resource"), OF_OTHERS)
def test_the_shared_role_removes_records_and_starts_nothing(action: str, resource: str) -> None:
    assert decision("WorkflowRole", action, resource, None, "template.yaml") == "ImplicitDeny"


@pytest.mark.parametrize(("action", "resource"), [*OF_THE_MACHINE, *OF_OTHERS])
def test_annotating_writes_pictures_and_nothing_else(action: str, resource: str) -> None:
    assert decision("AnnotateImageFunction", action, resource, FUNCTION, "template.yaml") == "ImplicitDeny"


@pytest.mark.parametrize(
    ("action", "resource"), [*OF_THE_MACHINE, *OF_OTHERS, ("s3:GetObject", f"{BUCKET}/k")]
)
def test_predicting_reaches_neither_pictures_nor_records(action: str, resource: str) -> None:
    name = "PredictFunction"
    assert decision(name, action, resource, FUNCTION, "site/template.yaml") == "ImplicitDeny"


def test_nobody_elses_buckets_are_read_for_training_unless_they_are_named() -> None:
    document: dict[str, Any] = cfn_yaml.load(str(ROOT / "training/template.yaml"))

    assert document["Parameters"]["DatasetBuckets"]["Default"] == ""
    assert document["Conditions"]["HasDatasetBuckets"]
    wide = [
        label
        for label, policy in find_policies(document)
        for statement in policy["Statement"]
        if "s3:::*" in str(statement["Resource"])
    ]
    assert wide == []
