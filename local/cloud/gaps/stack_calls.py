"""What CloudFormation calls to make, change and remove a resource: the actions, and on which ARN.

Only what it calls for certain, by what the template says; AWS's resource schemas (`handlers`, `permissions`)
list all that it may call, and a test holds these lists against them. A type that isn't here calls nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Properties = Mapping[str, Any]
UNKNOWN = "X" * 12


@dataclass(frozen=True)
class Call:
    """One permission that is asked for; `context` holds condition keys, in lower case."""

    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Resource:
    """A resource of a stack, as it is, or as it will be where it has no id yet."""

    kind: str
    logical_id: str
    stack: str
    properties: Properties
    region: str
    account: str
    physical_id: str = ""

    def name(self, key: str = "") -> str:
        """Its own name, or the one that CloudFormation gives: the stack's, the logical id, some letters."""
        given = self.properties.get(key) if key else None
        physical = self.physical_id.rpartition("/")[2].rpartition(":")[2]
        return str(given or physical or f"{self.stack}-{self.logical_id}-{UNKNOWN}")

    def arn(self, service: str, path: str) -> str:
        return f"arn:aws:{service}:{self.region}:{self.account}:{path}"


Calls = Callable[[Resource], Iterator[Call]]
# Which property of a bucket takes which call.
BUCKET_SETTINGS = {
    "BucketEncryption": "s3:PutEncryptionConfiguration",
    "PublicAccessBlockConfiguration": "s3:PutBucketPublicAccessBlock",
    "OwnershipControls": "s3:PutBucketOwnershipControls",
    "VersioningConfiguration": "s3:PutBucketVersioning",
    "NotificationConfiguration": "s3:PutBucketNotification",
    "CorsConfiguration": "s3:PutBucketCORS",
    "LifecycleConfiguration": "s3:PutLifecycleConfiguration",
}
# Type: where its ARN comes from, and the actions that create, change and remove it.
SIMPLE: dict[str, tuple[Callable[[Resource], str], str, str, str]] = {
    "AWS::S3::BucketPolicy": (
        lambda r: f"arn:aws:s3:::{r.properties.get('Bucket')}",
        "s3:PutBucketPolicy",
        "s3:PutBucketPolicy",
        "s3:DeleteBucketPolicy",
    ),
    "AWS::SNS::Topic": (
        lambda r: r.arn("sns", r.name("TopicName")),
        "sns:CreateTopic",
        "sns:SetTopicAttributes",
        "sns:DeleteTopic",
    ),
    "AWS::SNS::Subscription": (lambda r: str(r.properties.get("TopicArn")), "sns:Subscribe", "", ""),
    "AWS::SQS::Queue": (
        lambda r: r.arn("sqs", r.name("QueueName")),
        "sqs:CreateQueue",
        "sqs:SetQueueAttributes",
        "sqs:DeleteQueue",
    ),
    "AWS::SQS::QueuePolicy": (
        lambda r: r.arn("sqs", str(r.properties["Queues"][0]).rpartition("/")[2]),
        "sqs:SetQueueAttributes",
        "sqs:SetQueueAttributes",
        "",
    ),
    "AWS::Lambda::Version": (lambda r: _function(r), "lambda:PublishVersion", "", "lambda:DeleteFunction"),
    "AWS::Lambda::Alias": (
        lambda r: _function(r),
        "lambda:CreateAlias",
        "lambda:UpdateAlias",
        "lambda:DeleteAlias",
    ),
    "AWS::Lambda::Permission": (
        lambda r: _function(r),
        "lambda:AddPermission",
        "",
        "lambda:RemovePermission",
    ),
    "AWS::Lambda::LayerVersion": (
        lambda r: r.arn("lambda", f"layer:{r.properties.get('LayerName') or r.logical_id}"),
        "lambda:PublishLayerVersion",
        "",
        "lambda:DeleteLayerVersion",
    ),
    "AWS::Lambda::EventSourceMapping": (
        lambda r: r.arn("lambda", f"event-source-mapping:{r.physical_id}") if r.physical_id else "*",
        "lambda:CreateEventSourceMapping",
        "lambda:UpdateEventSourceMapping",
        "lambda:DeleteEventSourceMapping",
    ),
    "AWS::Logs::LogGroup": (
        lambda r: r.arn("logs", f"log-group:{r.properties.get('LogGroupName') or r.name()}"),
        "logs:CreateLogGroup logs:PutRetentionPolicy",
        "logs:PutRetentionPolicy",
        "logs:DeleteLogGroup",
    ),
    "AWS::Logs::MetricFilter": (
        lambda r: r.arn("logs", f"log-group:{r.properties.get('LogGroupName')}"),
        "logs:PutMetricFilter",
        "logs:PutMetricFilter",
        "logs:DeleteMetricFilter",
    ),
    "AWS::CloudWatch::Alarm": (
        lambda r: r.arn("cloudwatch", f"alarm:{r.name('AlarmName')}"),
        "cloudwatch:PutMetricAlarm",
        "cloudwatch:PutMetricAlarm",
        "cloudwatch:DeleteAlarms",
    ),
    "AWS::CloudWatch::Dashboard": (
        lambda r: f"arn:aws:cloudwatch::{r.account}:dashboard/{r.name('DashboardName')}",
        "cloudwatch:PutDashboard",
        "cloudwatch:PutDashboard",
        "cloudwatch:DeleteDashboards",
    ),
    "AWS::ApiGatewayV2::Api": (
        lambda r: f"arn:aws:apigateway:{r.region}::/apis" + (f"/{r.physical_id}" if r.physical_id else ""),
        "apigateway:POST",
        "apigateway:PATCH",
        "apigateway:DELETE",
    ),
    "AWS::ApiGatewayV2::Stage": (
        lambda r: f"arn:aws:apigateway:{r.region}::/apis/{r.properties.get('ApiId')}/stages",
        "apigateway:POST",
        "apigateway:PATCH",
        "apigateway:DELETE",
    ),
    "AWS::Cognito::UserPool": (
        lambda r: r.arn("cognito-idp", f"userpool/{r.physical_id or '*'}") if r.physical_id else "*",
        "cognito-idp:CreateUserPool",
        "cognito-idp:UpdateUserPool",
        "cognito-idp:DeleteUserPool",
    ),
    "AWS::Cognito::UserPoolClient": (
        lambda r: r.arn("cognito-idp", f"userpool/{r.properties.get('UserPoolId')}"),
        "cognito-idp:CreateUserPoolClient",
        "cognito-idp:UpdateUserPoolClient",
        "cognito-idp:DeleteUserPoolClient",
    ),
    "AWS::Cognito::UserPoolDomain": (
        lambda r: r.arn("cognito-idp", f"userpool/{r.properties.get('UserPoolId')}"),
        "cognito-idp:CreateUserPoolDomain",
        "cognito-idp:UpdateUserPoolDomain",
        "cognito-idp:DeleteUserPoolDomain",
    ),
    "AWS::Cognito::ManagedLoginBranding": (
        lambda r: r.arn("cognito-idp", f"userpool/{r.properties.get('UserPoolId')}"),
        "cognito-idp:CreateManagedLoginBranding cognito-idp:DescribeManagedLoginBrandingByClient",
        "cognito-idp:UpdateManagedLoginBranding",
        "cognito-idp:DeleteManagedLoginBranding",
    ),
    "AWS::Cognito::UserPoolGroup": (
        lambda r: r.arn("cognito-idp", f"userpool/{r.properties.get('UserPoolId')}"),
        "cognito-idp:CreateGroup",
        "cognito-idp:UpdateGroup",
        "cognito-idp:DeleteGroup",
    ),
    "AWS::ECR::Repository": (
        lambda r: r.arn("ecr", f"repository/{r.name('RepositoryName')}"),
        "ecr:CreateRepository",
        "",
        "ecr:DeleteRepository",
    ),
}


def to_create(resource: Resource) -> Iterator[Call]:
    """What making it takes."""
    kind, properties = resource.kind, resource.properties
    if kind in SIMPLE:
        arn, create, _, _ = SIMPLE[kind]
        yield from (Call(action, arn(resource), _context(resource)) for action in create.split())
    match kind:
        case "AWS::S3::Bucket":
            arn_of_bucket = f"arn:aws:s3:::{resource.name('BucketName').lower()}"
            yield Call("s3:CreateBucket", arn_of_bucket)
            yield from (
                Call(action, arn_of_bucket) for key, action in BUCKET_SETTINGS.items() if key in properties
            )
        case "AWS::DynamoDB::Table":
            table = resource.arn("dynamodb", f"table/{resource.name('TableName')}")
            yield Call("dynamodb:CreateTable", table)
            if "TimeToLiveSpecification" in properties:
                yield Call("dynamodb:UpdateTimeToLive", table)
            if "PointInTimeRecoverySpecification" in properties:
                yield Call("dynamodb:UpdateContinuousBackups", table)
        case "AWS::IAM::Role":
            yield _role_call(resource, "iam:CreateRole")
            yield from _role_policies(resource, "iam:PutRolePolicy", "iam:AttachRolePolicy")
        case "AWS::Lambda::Function":
            yield Call("lambda:CreateFunction", _function(resource))
            yield from _needs_of_a_function(resource)
        case "AWS::StepFunctions::StateMachine":
            yield Call("states:CreateStateMachine", _machine(resource))
            yield from _passed(properties.get("RoleArn"), "states.amazonaws.com")
            yield from _read(properties.get("DefinitionS3Location") or {}, "Bucket", "Key")
        case "AWS::Events::Rule":
            yield from _rule_calls(resource, "events:PutRule", "events:PutTargets")


def to_update(resource: Resource, before: Properties) -> Iterator[Call]:
    """What changing it takes, where its properties were `before`."""
    changed = {
        key for key in {*before, *resource.properties} if before.get(key) != resource.properties.get(key)
    }
    if resource.kind in SIMPLE:
        arn, _, update, _ = SIMPLE[resource.kind]
        yield from (Call(action, arn(resource), _context(resource)) for action in update.split())
    match resource.kind:
        case "AWS::S3::Bucket":
            bucket = f"arn:aws:s3:::{resource.name('BucketName')}"
            yield from (Call(action, bucket) for key, action in BUCKET_SETTINGS.items() if key in changed)
        case "AWS::DynamoDB::Table":
            yield Call(
                "dynamodb:UpdateTable", resource.arn("dynamodb", f"table/{resource.name('TableName')}")
            )
        case "AWS::IAM::Role":
            if changed & {"Policies", "ManagedPolicyArns", "PermissionsBoundary"}:
                yield from _role_policies(resource, "iam:PutRolePolicy", "iam:AttachRolePolicy")
            if "AssumeRolePolicyDocument" in changed:
                yield _role_call(resource, "iam:UpdateAssumeRolePolicy")
        case "AWS::Lambda::Function":
            if "Code" in changed:
                yield Call("lambda:UpdateFunctionCode", _function(resource))
            if changed - {"Code", "Tags"}:
                yield Call("lambda:UpdateFunctionConfiguration", _function(resource))
            yield from _needs_of_a_function(resource)
        case "AWS::StepFunctions::StateMachine":
            yield Call("states:UpdateStateMachine", _machine(resource))
            yield from _passed(resource.properties.get("RoleArn"), "states.amazonaws.com")
        case "AWS::Events::Rule":
            yield from _rule_calls(resource, "events:PutRule", "events:PutTargets")


def to_delete(resource: Resource) -> Iterator[Call]:
    """What removing it takes."""
    if resource.kind in SIMPLE:
        arn, _, _, delete = SIMPLE[resource.kind]
        yield from (Call(action, arn(resource), _context(resource)) for action in delete.split())
    match resource.kind:
        case "AWS::S3::Bucket":
            yield Call("s3:DeleteBucket", f"arn:aws:s3:::{resource.name('BucketName')}")
        case "AWS::DynamoDB::Table":
            yield Call(
                "dynamodb:DeleteTable", resource.arn("dynamodb", f"table/{resource.name('TableName')}")
            )
        case "AWS::SNS::Subscription":
            yield Call("sns:Unsubscribe", "*")
        case "AWS::IAM::Role":
            yield from _role_policies(resource, "iam:DeleteRolePolicy", "iam:DetachRolePolicy")
            yield _role_call(resource, "iam:DeleteRole")
        case "AWS::Lambda::Function":
            yield Call("lambda:DeleteFunction", _function(resource))
        case "AWS::StepFunctions::StateMachine":
            yield Call("states:DeleteStateMachine", _machine(resource))
        case "AWS::Events::Rule":
            yield from _rule_calls(resource, "events:RemoveTargets", "events:DeleteRule", passes=False)


def _context(resource: Resource) -> dict[str, str]:
    """Condition keys that AWS gives with the calls: a mapping has an id and no name, but its function has."""
    if resource.kind != "AWS::Lambda::EventSourceMapping":
        return {}
    named = str(resource.properties.get("FunctionName", ""))
    return {
        "lambda:functionarn": named
        if named.startswith("arn:")
        else resource.arn("lambda", f"function:{named}")
    }


def _function(resource: Resource) -> str:
    name = resource.properties.get("FunctionName") or resource.name()
    return str(name) if str(name).startswith("arn:") else resource.arn("lambda", f"function:{name}")


def _machine(resource: Resource) -> str:
    return resource.arn("states", f"stateMachine:{resource.name('StateMachineName')}")


def _needs_of_a_function(resource: Resource) -> Iterator[Call]:
    yield from _passed(resource.properties.get("Role"), "lambda.amazonaws.com")
    yield from _read(resource.properties.get("Code") or {}, "S3Bucket", "S3Key")
    for layer in resource.properties.get("Layers") or []:
        yield Call("lambda:GetLayerVersion", str(layer).rpartition(":")[0])


def _rule_calls(resource: Resource, *actions: str, passes: bool = True) -> Iterator[Call]:
    rule = resource.arn("events", f"rule/{resource.name('Name')}")
    yield from (Call(action, rule) for action in actions)
    for target in resource.properties.get("Targets") or [] if passes else []:
        yield from _passed(target.get("RoleArn"), "events.amazonaws.com")


def _role_policies(resource: Resource, inline: str, managed: str) -> Iterator[Call]:
    if resource.properties.get("Policies"):
        yield _role_call(resource, inline)
    if resource.properties.get("ManagedPolicyArns"):
        yield _role_call(resource, managed)


def _role_call(resource: Resource, action: str) -> Call:
    boundary = resource.properties.get("PermissionsBoundary")
    context = {"iam:permissionsboundary": str(boundary)} if boundary else {}
    return Call(action, f"arn:aws:iam::{resource.account}:role/{resource.name('RoleName')}", context)


def _passed(role: Any, service: str) -> Iterator[Call]:
    if role:
        yield Call("iam:PassRole", str(role), {"iam:passedtoservice": service})


def _read(place: Properties, bucket: str, key: str) -> Iterator[Call]:
    if place.get(bucket):
        yield Call("s3:GetObject", f"arn:aws:s3:::{place[bucket]}/{place.get(key)}")
