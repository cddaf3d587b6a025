"""What a function that decodes strangers' pictures could do if a picture took it over: its own work alone."""

from __future__ import annotations

import json

import pytest
from ministack.core.iam_evaluator import EvalContext, evaluate, parse_policy_document

from tests.policies import find_policies
from tests.unit.template.rendered import ACCOUNT, COMMERCIAL, rendered

PLACE = f"{COMMERCIAL.region}:{ACCOUNT}"
UPLOADS, PROCESSED = "arn:aws:s3:::loupe-uploadsbucket-1abc", "arn:aws:s3:::loupe-processedbucket-1abc"
FUNCTION, STEP = (f"arn:aws:lambda:{PLACE}:function:loupe-{each}" for each in ("x", "claim-image:live"))
TOPIC = f"arn:aws:sns:{PLACE}:loupe-NotificationsTopic-1ABC"
QUEUE = f"arn:aws:sqs:{PLACE}:loupe-OutcomesQueue-1ABC"
ENDPOINT = f"arn:aws:sagemaker:{PLACE}:endpoint/loupe-classifier"
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
    ("s3:GetObjectVersion", f"{UPLOADS}/uploads/a"),
    ("s3:ListBucket", UPLOADS),
    ("s3:PutObject", f"{PROCESSED}/faces/a"),
    ("sagemaker:InvokeEndpoint", ENDPOINT),
]
OF_OTHERS = [
    ("s3:DeleteObject", f"{UPLOADS}/uploads/a"),
    ("s3:DeleteObjectVersion", f"{UPLOADS}/uploads/a"),
    ("dynamodb:UpdateItem", "*"),
    ("iam:PassRole", "*"),
    ("states:StartExecution", "*"),
]


def decision(name: str, action: str, resource: str, function: str | None, template: str) -> str:
    """What the policies of that role decide about a call, from a function's code or without one."""
    found = [
        parse_policy_document(json.dumps(policy))
        for label, policy in find_policies(rendered(template))
        if label.partition(".")[0] == name
    ]
    assert found, name
    context = EvalContext(
        principal_arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/name/name",
        principal_type="AssumedRole",
        principal_account=ACCOUNT,
        action=action,
        resource_arn=resource,
        region=COMMERCIAL.region,
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
    assert (
        decision("AnnotateImageFunctionRole", action, resource, FUNCTION, "template.yaml") == "ImplicitDeny"
    )


@pytest.mark.parametrize(
    ("action", "resource"), [*OF_THE_MACHINE, *OF_OTHERS, ("s3:GetObject", f"{UPLOADS}/k")]
)
def test_predicting_reaches_neither_pictures_nor_records(action: str, resource: str) -> None:
    name = "PredictFunctionRole"
    assert decision(name, action, resource, FUNCTION, "site/template.yaml") == "ImplicitDeny"


def test_nobody_elses_buckets_are_read_for_training_unless_they_are_named() -> None:
    wide = [
        label
        for label, policy in find_policies(rendered("training/template.yaml"))
        for statement in policy["Statement"]
        if "s3:::*" in str(statement["Resource"])
    ]
    assert wide == []
