"""What a function that decodes strangers' pictures could do if a picture took it over: its own work alone."""

from __future__ import annotations

import json

import pytest
from ministack.core.iam_evaluator import EvalContext, evaluate, parse_policy_document

from loupe.stacks import STACKS
from tests.policies import find_policies
from tests.unit.template.rendered import ACCOUNT, COMMERCIAL, rendered
from tests.unit.template.transformed import of_type, transformed

PLACE = f"{COMMERCIAL.region}:{ACCOUNT}"
UPLOADS, PROCESSED = "arn:aws:s3:::loupe-uploadsbucket-1abc", "arn:aws:s3:::loupe-processedbucket-1abc"
FUNCTION, STEP = (f"arn:aws:lambda:{PLACE}:function:loupe-{each}" for each in ("x", "claim-image:live"))
TOPIC = f"arn:aws:sns:{PLACE}:loupe-NotificationsTopic-1ABC"
QUEUE = f"arn:aws:sqs:{PLACE}:loupe-OutcomesQueue-1ABC"
ENDPOINT = f"arn:aws:sagemaker:{PLACE}:endpoint/loupe-classifier"
TOKENS = f"arn:aws:dynamodb:{PLACE}:table/loupe-TokensTable-1ABC"
# Every way to read a table.
READING = ["GetItem", "BatchGetItem", "Query", "Scan", "PartiQLSelect", "ExportTableToPointInTime"]
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
    ("s3:PutObject", f"{PROCESSED}/copies/a"),
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


@pytest.mark.parametrize("action", READING)
def test_what_wakes_executions_alone_reads_the_tokens_for_which_they_wait(action: str) -> None:
    templates = [each.template for each in STACKS]
    roles = {
        (name, label.partition(".")[0]) for name in templates for label, _ in find_policies(rendered(name))
    }
    readers = [
        role for name, role in roles if decision(role, f"dynamodb:{action}", TOKENS, None, name) == "Allow"
    ]
    assert readers == (["RingReviewsFunctionRole"] if action == "GetItem" else [])


def test_nobody_elses_buckets_are_read_for_training_unless_they_are_named() -> None:
    wide = [
        label
        for label, policy in find_policies(rendered("training/template.yaml"))
        for statement in policy["Statement"]
        if "s3:::*" in str(statement["Resource"])
    ]
    assert wide == []


def test_predictions_have_a_concurrency_of_their_own_where_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    document = transformed("site/template.yaml")
    functions = of_type(document, "AWS::Lambda::Function")
    given = functions["PredictFunction"]["Properties"]["ReservedConcurrentExecutions"]
    asked = {"Ref": "PredictConcurrency"}

    # By default nothing is reserved: Lambda leaves at least 100 to the rest of an account.
    assert document["Parameters"]["PredictConcurrency"]["Default"] == 0
    assert document["Conditions"]["LimitsPredictions"] == {"Fn::Not": [{"Fn::Equals": [asked, "0"]}]}
    assert given == {"Fn::If": ["LimitsPredictions", asked, {"Ref": "AWS::NoValue"}]}
    assert "ReservedConcurrentExecutions" not in functions["ApiFunction"]["Properties"]


def test_what_writes_and_predicts_asks_for_an_access_tokens_scope(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    document = transformed("site/template.yaml")
    [api] = of_type(document, "AWS::ApiGatewayV2::Api").values()
    secured = {
        f"{method.upper()} {path}": operation["security"]
        for path, operations in api["Properties"]["Body"]["paths"].items()
        for method, operation in operations.items()
        if "security" in operation
    }

    writing = {name for name in secured if name.split()[0] in ("POST", "PATCH", "DELETE")}
    assert len(writing) == 14
    assert all(scheme == [{"SignIn": [{"Ref": "OidcScope"}]}] for scheme in secured.values()), secured
