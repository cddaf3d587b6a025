"""What a deployer may do is what deploying the templates takes: enough, no more, and no way to more."""

from __future__ import annotations

import json
import re
import sysconfig
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from ministack.core.iam_evaluator import (
    EvalContext,
    ParsedStatement,
    evaluate,
    fnmatch_iam,
    parse_policy_document,
)

from iam.apply import policies
from local.cloud.gaps.stack_calls import SIMPLE, Call, Resource, to_create, to_delete, to_update
from loupe.stacks import STACKS, StackSource
from loupe.templates import parameter_names
from loupe_training.advice import advice
from loupe_training.outcome import Failure
from tests.policies import findings
from tests.unit.iam.values import ACCOUNT, REGION, STACK, Values
from tests.unit.template.rendered import of_kind, rendered
from tests.unit.template.transformed import ROOT, transformed

pytestmark = pytest.mark.usefixtures("in_a_region")
# Not imported: it takes seconds, and its files alone are wanted.
SCHEMAS = Path(sysconfig.get_path("purelib"), "cfnlint", "data", "schemas")
ACCEPTED = {
    "INVALID_ARN",  # CloudFormation's transforms belong to the account `aws`
    "MISMATCHED_TYPE_BUT_USABLE",  # AWS's own examples compare the boundary so
    "RESOURCE_MISMATCH",  # one statement for what a service knows under several kinds of ARN
    "RESOURCE_POLICY_PRIVILEGE_ESCALATION",  # who makes buckets writes their policies
    "RESOURCE_STAR",
    "UNKNOWN_ACTION",  # newer than parliament
    "UNKNOWN_PREFIX",
}
DEPLOYERS = ("deploy-stacks", "deploy-data", "deploy-code", "deploy-roles", "deploy-pipeline")
# What AWS's schemas list for features that no template of ours uses.
UNUSED = {
    "keys of one's own": r"kms:.*",
    "networks and file systems": r"ec2:.*|elasticfilesystem:.*|s3files:.*",
    "buckets' other features": r"s3tables:.*|s3:Delete(Bucket\w+|Object)"
    r"|s3:\w*(Abac|Accelerate|Acl|Analytics|IntelligentTiering|Inventory|Logging|Metadata)\w*"
    r"|s3:\w*(Metrics|ObjectLock|Replication|Website|TagResource|UntagResource|TagsForResource)\w*",
    "tables' other features": r"kinesis:.*"
    r"|dynamodb:\w*(Replica|ResourcePolicy|ContributorInsights|Import|Kinesis)\w*",
    "tables' items, which an import writes": r"dynamodb:(BatchWrite|Delete|Get|Put|Update)Item"
    r"|dynamodb:(Query|Scan)",
    "an import's log": r"logs:(CreateLogStream|DescribeLogStreams|PutLogEvents)",
    "log groups' other features": r"firehose:.*|s3:REST.*"
    r"|logs:\w*(Bearer|DataProtection|DeletionProtection|Index|Kms|ResourcePolicy)\w*",
    "topics' other features": r"sns:PutDataProtectionPolicy",
    "functions' other features": r"lambda:\w*(CodeSigning|Recursion|Scaling|Provisioned)\w*"
    r"|lambda:\w*(RuntimeManagement|CapacityProvider|RuntimeAlias)\w*",
    "user pools' other features": r"iam:CreateServiceLinkedRole|cloudfront:updateDistribution"
    r"|cognito-idp:AddCustomAttributes",
    "APIs from S3, tags taken off": r"s3:getObject|apigateway:UntagResource",
    "distributions' other features": r"cloudfront:\w*(ConnectionGroup|VpcOrigin|StagingConfig)",
    "servers": r"codedeploy:RegisterOnPremisesInstance",
    "a boundary once given stays": r"iam:DeleteRolePermissionsBoundary",
    "stages are switched and started in the console": r"codepipeline:(Disable|Enable|Start)\w+",
}


@pytest.fixture
def in_a_region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)


@cache
def documents() -> Mapping[str, Any]:
    return policies("loupe", ACCOUNT)


def statements(*names: str) -> list[Any]:
    return [each for name in names for each in documents()[name]["Statement"]]


def actions(having: list[Any]) -> list[str]:
    return [each for one in having if one["Effect"] == "Allow" for each in _listed(one["Action"])]


def allowed(call: Call, having: list[Any]) -> bool:
    context = EvalContext(
        principal_arn=f"arn:aws:iam::{ACCOUNT}:user/deployer",
        principal_type="User",
        principal_account=ACCOUNT,
        action=call.action,
        resource_arn=call.resource,
        region=REGION,
        service_context=dict(call.context),
    )
    return bool(evaluate(context, [_parsed(json.dumps(having))]).decision == "Allow")


@cache
def resources() -> tuple[Resource, ...]:
    """All stacks' resources as CloudFormation makes them for the application."""
    exports: dict[str, str] = {}
    made: list[Resource] = []
    for source in STACKS:
        template, stack = _template(source), source.stack_name(STACK)
        values = Values(template["Resources"], stack, exports)
        for name, body in template["Resources"].items():
            properties = values.filled_in(body.get("Properties", {}))
            made.append(Resource(body["Type"], name, stack, properties, REGION, ACCOUNT))
        for output in template["Outputs"].values():
            if "Export" in output:
                exports[values.filled_in(output["Export"]["Name"])] = values.filled_in(output["Value"])
    return tuple(made)


def _template(source: StackSource) -> Mapping[str, Any]:
    shifting = "TrafficShifting" in parameter_names(ROOT / source.template)
    given = {"TrafficShifting": "Canary10Percent5Minutes"} if shifting else {}
    return transformed(source.template, **given)


@cache
def calls() -> tuple[Call, ...]:
    made = [call for each in resources() for call in to_create(each)]
    for each in resources():
        existing = replace(each, physical_id=f"{each.stack}-{each.logical_id}-1ABC")
        made += [*to_update(existing, {}), *to_delete(existing)]
    return tuple(made)


def test_everything_that_deploying_takes_is_allowed() -> None:
    having = statements(*DEPLOYERS)

    refused = [call for call in calls() if not allowed(call, having)]

    assert refused == []
    assert {call.action.partition(":")[0] for call in calls()} >= {"s3", "lambda", "iam", "states", "events"}


@pytest.mark.parametrize(
    "sid", [each["Sid"] for name in DEPLOYERS[1:4] for each in policies("a", "1")[name]["Statement"]]
)
def test_each_statement_is_needed_for_something(sid: str) -> None:
    if sid in ("ShiftTraffic", "ServeThePage", "DeliverLogs", "LeaveWhatDeploysAlone"):
        pytest.skip("no call of the local cloud's CloudFormation needs it")
    having = [each for each in statements(*DEPLOYERS[1:]) if each["Sid"] != sid]

    assert any(not allowed(call, having) for call in calls())


@pytest.mark.parametrize("template", ["template.yaml", "site/template.yaml", "pipeline/template.yaml"])
def test_every_permission_that_awss_schemas_name_is_there_or_is_of_an_unused_feature(template: str) -> None:
    document = transformed(template, TrafficShifting="Canary10Percent5Minutes")
    having = actions(statements(*DEPLOYERS))
    missing = {}

    for kind in {body["Type"] for body in document["Resources"].values()}:
        # CodeBuild's is of the old kind, without them: the test below.
        handlers = schema(kind).get("handlers", {})
        named = {each for name, one in handlers.items() if name != "list" for each in one["permissions"]}
        missing[kind] = sorted(
            each
            for each in named
            if not any(fnmatch_iam(each, pattern) for pattern in having)
            and not any(re.fullmatch(unused, each) for unused in UNUSED.values())
        )

    assert {kind: lacking for kind, lacking in missing.items() if lacking} == {}


def test_whoever_deploys_the_pipeline_may_make_each_of_its_builds() -> None:
    having = statements(*DEPLOYERS)
    projects = of_kind(rendered("pipeline/template.yaml"), "AWS::CodeBuild::Project")

    assert len(projects) >= 4
    for body in projects.values():
        arn = f"arn:aws:codebuild:{REGION}:{ACCOUNT}:project/{body['Name']}"
        for action in ("CreateProject", "UpdateProject", "DeleteProject", "BatchGetProjects"):
            assert allowed(Call(f"codebuild:{action}", arn), having), (action, arn)
    assert not allowed(
        Call("codebuild:UpdateProject", f"arn:aws:codebuild:{REGION}:{ACCOUNT}:project/others"), having
    )


@pytest.mark.parametrize("name", [*DEPLOYERS, "boundary"])
def test_a_policy_holds_in_every_region(name: str) -> None:
    """One a region would overwrite each other: a policy belongs to the account."""
    arns = re.findall(r'"(arn:[^"]+)"', json.dumps(documents()[name]))

    assert {arn.split(":")[3] for arn in arns} <= {"*", ""}


@pytest.mark.parametrize("kind", sorted(SIMPLE))
def test_the_local_cloud_asks_for_nothing_that_aws_does_not(kind: str) -> None:
    _, *asked = SIMPLE[kind]
    named = {each for one in schema(kind)["handlers"].values() for each in one["permissions"]}

    assert {action for part in asked for action in part.split()} <= named


def test_no_role_can_be_made_or_changed_outside_the_boundary() -> None:
    having, role = statements(*DEPLOYERS), f"arn:aws:iam::{ACCOUNT}:role/loupe-mine"
    boundary = f"arn:aws:iam::{ACCOUNT}:policy/loupe-boundary"

    for action in (
        "iam:CreateRole",
        "iam:PutRolePolicy",
        "iam:AttachRolePolicy",
        "iam:PutRolePermissionsBoundary",
    ):
        assert allowed(Call(action, role, {"iam:permissionsboundary": boundary}), having)
        assert not allowed(Call(action, role), having)
        other = f"arn:aws:iam::{ACCOUNT}:policy/other"
        assert not allowed(Call(action, role, {"iam:permissionsboundary": other}), having)
    assert not allowed(Call("iam:DeleteRolePermissionsBoundary", role), having)


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/Administrator"),
        ("iam:CreateUser", f"arn:aws:iam::{ACCOUNT}:user/loupe-me"),
        ("iam:CreatePolicyVersion", f"arn:aws:iam::{ACCOUNT}:policy/loupe-boundary"),
        ("iam:UpdateAssumeRolePolicy", f"arn:aws:iam::{ACCOUNT}:role/loupe-cloudformation"),
        ("iam:PutRolePolicy", f"arn:aws:iam::{ACCOUNT}:role/loupe-cloudformation"),
        ("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/loupe-cloudformation"),
        ("s3:GetObject", "arn:aws:s3:::loupe-staging-uploadsbucket-1/uploads/picture.jpg"),
        ("dynamodb:GetItem", f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/loupe-staging-ImagesTable-1"),
        ("s3:DeleteBucket", "arn:aws:s3:::somebody-elses"),
        ("cloudformation:DeleteStack", f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/other/1"),
    ],
)
def test_what_would_lead_further_is_refused(action: str, resource: str) -> None:
    context = {"iam:passedtoservice": "lambda.amazonaws.com"}
    context |= {"iam:permissionsboundary": f"arn:aws:iam::{ACCOUNT}:policy/loupe-boundary"}

    assert not allowed(Call(action, resource, context), statements(*DEPLOYERS))


def test_the_boundary_lets_the_applications_roles_do_what_their_policies_say() -> None:
    boundary = [parse_policy_document(documents()["boundary"])]
    refused = []

    for action, arn in _granted_to_roles():
        context = EvalContext(
            f"arn:aws:iam::{ACCOUNT}:role/loupe-x", "AssumedRole", ACCOUNT, action, arn, REGION
        )
        context.service_context["iam:passedtoservice"] = "sagemaker.amazonaws.com"
        if evaluate(context, boundary).decision != "Allow":
            refused.append((action, arn))

    assert refused == []


def test_datasets_that_the_boundary_keeps_out_are_said_where_people_look() -> None:
    boundary = documents()["boundary"]["Statement"]

    assert allowed(Call("s3:GetObject", "arn:aws:s3:::loupe-datasets/a.jpg"), boundary)
    assert not allowed(Call("s3:GetObject", "arn:aws:s3:::somebodys-data/a.jpg"), boundary)
    parameter = transformed("training/template.yaml")["Parameters"]["DatasetBuckets"]
    assert "Within the boundary" in parameter["Description"]
    assert "boundary" in advice(Failure("AccessDeniedError", "s3://theirs/"), "run", "endpoint")


def test_the_boundary_lets_no_role_make_roles_or_users() -> None:
    boundary = documents()["boundary"]["Statement"]

    for action in (
        "iam:CreateRole",
        "iam:CreateUser",
        "iam:PutRolePolicy",
        "sts:AssumeRole",
        "ec2:RunInstances",
    ):
        assert not allowed(Call(action, f"arn:aws:iam::{ACCOUNT}:role/loupe-x"), boundary)


@pytest.mark.parametrize("name", [*DEPLOYERS, "boundary"])
def test_each_policy_is_valid_and_fits_into_a_managed_policy(name: str) -> None:
    text = json.dumps(documents()[name], separators=(",", ":"))

    assert len(text) <= 6144
    found = findings(text)
    assert {each.issue for each in found} <= ACCEPTED, [str(each) for each in found]
    assert not {"APP", "ACCOUNT", "REGION"} & set(re.findall(r"[A-Z]{3,}", text))


def schema(kind: str) -> Any:
    """AWS's resource schema of this type, which cfn-lint brings along."""
    regions = json.loads((SCHEMAS / "providers" / f"{REGION}.json").read_text(encoding="utf-8"))
    return json.loads((SCHEMAS / "resources" / f"{regions[kind]}.json").read_text(encoding="utf-8"))


@cache
def _parsed(statements_text: str) -> list[ParsedStatement]:
    parsed: list[ParsedStatement] = parse_policy_document(f'{{"Statement": {statements_text}}}')
    return parsed


def _granted_to_roles() -> Iterator[tuple[str, str]]:
    for each in resources():
        if each.kind == "AWS::IAM::Role":
            for policy in each.properties.get("Policies", []):
                for statement in policy["PolicyDocument"]["Statement"]:
                    for action in _listed(statement.get("Action")):
                        for arn in _listed(statement["Resource"]):
                            yield action, arn


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
