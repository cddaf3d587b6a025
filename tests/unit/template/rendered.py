"""A template as CloudFormation fills it in: for one partition, with these parameters."""

from __future__ import annotations

import os
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from unittest import mock

from loupe.templates import load_template, parameter_names
from tests.unit.template.transformed import ROOT, transformed

ACCOUNT = "123456789012"
KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"
ARNS = {
    "AWS::S3::Bucket": "arn:{partition}:s3:::{lower}",
    "AWS::DynamoDB::Table": "arn:{partition}:dynamodb:{place}:table/{name}",
    "AWS::SNS::Topic": "arn:{partition}:sns:{place}:{name}",
    "AWS::SQS::Queue": "arn:{partition}:sqs:{place}:{name}",
    "AWS::IAM::Role": "arn:{partition}:iam::{account}:role/{name}",
    "AWS::Lambda::Function": "arn:{partition}:lambda:{place}:function:{name}",
    "AWS::Lambda::Alias": "arn:{partition}:lambda:{place}:function:{name}:live",
    "AWS::Lambda::LayerVersion": "arn:{partition}:lambda:{place}:layer:{name}:1",
    "AWS::StepFunctions::StateMachine": "arn:{partition}:states:{place}:stateMachine:{name}",
    "AWS::StepFunctions::StateMachineAlias": "arn:{partition}:states:{place}:stateMachine:{name}:live",
    "AWS::Logs::LogGroup": "arn:{partition}:logs:{place}:log-group:{name}:*",
    "AWS::Events::Rule": "arn:{partition}:events:{place}:rule/{name}",
    "AWS::ECR::Repository": "arn:{partition}:ecr:{place}:repository/{lower}",
    "AWS::CodeBuild::Project": "arn:{partition}:codebuild:{place}:project/{name}",
    "AWS::Cognito::UserPool": "arn:{partition}:cognito-idp:{place}:userpool/{region}_abc",
    "AWS::KMS::Key": "arn:{partition}:kms:{place}:key/{name}",
}
# Ref gives an ARN, and the name otherwise.
REF_IS_ARN = (
    "AWS::SNS::Topic",
    "AWS::StepFunctions::StateMachine",
    "AWS::StepFunctions::StateMachineAlias",
    "AWS::Lambda::Alias",
    "AWS::Lambda::LayerVersion",
)
NOTHING = object()


@dataclass(frozen=True)
class Partition:
    """One of AWS's partitions, with a region of it."""

    name: str
    region: str
    suffix: str


COMMERCIAL = Partition("aws", "eu-central-1", "amazonaws.com")
GOVCLOUD = Partition("aws-us-gov", "us-gov-west-1", "amazonaws.com")
CHINA = Partition("aws-cn", "cn-north-1", "amazonaws.com.cn")
PARTITIONS = (COMMERCIAL, GOVCLOUD, CHINA)


@cache
def rendered(
    template: str = "template.yaml", partition: Partition = COMMERCIAL, **parameters: str
) -> Mapping[str, Any]:
    """Resources and outputs that there are with these parameters, every intrinsic function replaced.

    KeyError where something refers to what its conditions leave out.
    """
    from samtranslator.translator import arn_generator

    # SAM's own ARNs are of the partition that it runs in, which it remembers.
    arn_generator._get_region_from_session.cache_clear()
    with mock.patch.dict(os.environ, AWS_DEFAULT_REGION=partition.region):
        document = transformed.__wrapped__(template, None, **parameters)
    arn_generator._get_region_from_session.cache_clear()
    return _Rendering(document, partition, parameters).document()


def everything(template: str, partition: Partition) -> dict[str, str]:
    """Parameters with which as much as possible of a template is there."""
    place = f"{partition.region}:{ACCOUNT}"
    wanted = {
        "TrafficShifting": "Canary10Percent5Minutes",
        "NotificationEmail": "you@example.com",
        "DatasetBuckets": "datasets",
        "SourceBuckets": "pictures",
        "ModelBucketName": "models",
        "PermissionsBoundaryArn": f"arn:{partition.name}:iam::{ACCOUNT}:policy/boundary",
        "CloudFormationRoleArn": f"arn:{partition.name}:iam::{ACCOUNT}:role/cloudformation",
        "KmsKeyArn": f"arn:{partition.name}:kms:{place}:key/{KEY}",
        "ConnectionArn": f"arn:{partition.name}:codestar-connections:{place}:connection/{KEY}",
        "ImageUri": f"{ACCOUNT}.dkr.ecr.{partition.region}.{partition.suffix}/loupe@sha256:{'0' * 64}",
    }
    names = parameter_names(ROOT / template)
    return {name: value for name, value in wanted.items() if name in names}


def needed(template: str, partition: Partition) -> dict[str, str]:
    """Those parameters that have no default."""
    parameters = load_template(ROOT / template).get("Parameters", {})
    given = everything(template, partition)
    return {name: value for name, value in given.items() if "Default" not in parameters[name]}


def parameter_defaults(document: Mapping[str, Any]) -> dict[str, Any]:
    return {name: body.get("Default", "") for name, body in document.get("Parameters", {}).items()}


def templates() -> list[str]:
    """The root's template, that of every folder beside it, and what GitHub Actions need."""
    found = [*ROOT.glob("template.yaml"), *ROOT.glob("*/template.yaml"), ROOT / "pipeline" / "github.yaml"]
    return sorted(path.relative_to(ROOT).as_posix() for path in found)


class _Rendering:
    def __init__(self, document: Mapping[str, Any], partition: Partition, given: Mapping[str, str]) -> None:
        self._document, self._partition = document, partition
        self._stack = "loupe"
        self._parameters = {**parameter_defaults(document), **given}
        self._there = {
            name: body
            for name, body in document["Resources"].items()
            if "Condition" not in body or self._holds(body["Condition"])
        }

    def document(self) -> dict[str, Any]:
        outputs = {
            name: body
            for name, body in self._document.get("Outputs", {}).items()
            if "Condition" not in body or self._holds(body["Condition"])
        }
        return {"Resources": self._filled(self._there), "Outputs": self._filled(outputs)}

    def _holds(self, name: str) -> bool:
        return self._decide(self._document["Conditions"][name])

    def _decide(self, condition: Any) -> bool:
        [(kind, argument)] = condition.items()
        match kind:
            case "Fn::Equals":
                first, second = (self._filled(each) for each in argument)
                return str(first) == str(second)
            case "Fn::Not":
                return not self._decide(argument[0])
            case "Fn::And":
                return all(self._decide(each) for each in argument)
            case "Fn::Or":
                return any(self._decide(each) for each in argument)
            case "Condition":
                return self._holds(argument)
        raise NotImplementedError(kind)

    def _filled(self, value: Any) -> Any:
        if isinstance(value, list):
            return [each for each in map(self._filled, value) if each is not NOTHING]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            [(name, argument)] = value.items()
            if name == "Ref" or name.startswith("Fn::"):
                return self._intrinsic(name, argument)
        filled = {name: self._filled(each) for name, each in value.items()}
        return {name: each for name, each in filled.items() if each is not NOTHING}

    def _intrinsic(self, name: str, argument: Any) -> Any:
        match name:
            case "Ref":
                return self._ref(argument)
            case "Fn::GetAtt":
                return self._attribute(argument if isinstance(argument, str) else ".".join(argument))
            case "Fn::If":
                return self._filled(argument[1 if self._holds(argument[0]) else 2])
            case "Fn::Sub":
                text, more = (argument, {}) if isinstance(argument, str) else argument
                given = {key: str(self._filled(each)) for key, each in more.items()}
                return re.sub(r"\$\{([\w.:]+)\}", lambda found: self._named(found[1], given), text)
            case "Fn::Join":
                return str(argument[0]).join(str(each) for each in self._filled(argument[1]))
            case "Fn::Base64":
                return b64encode(str(self._filled(argument)).encode()).decode()
            case "Fn::Select":
                return self._filled(argument[1])[int(argument[0])]
            case "Fn::Split":
                return str(self._filled(argument[1])).split(argument[0])
            case "Fn::FindInMap":
                first, second, third = (self._filled(each) for each in argument)
                return self._document["Mappings"][first][second][third]
            case "Fn::ImportValue":
                output = str(self._filled(argument)).removeprefix(f"{self._stack}-")
                return rendered("template.yaml", self._partition)["Outputs"][output]["Value"]
        raise NotImplementedError(name)

    def _named(self, path: str, given: Mapping[str, str]) -> str:
        return (
            given[path] if path in given else str(self._attribute(path) if "." in path else self._ref(path))
        )

    def _ref(self, name: str) -> Any:
        pseudo = {
            "AWS::Partition": self._partition.name,
            "AWS::Region": self._partition.region,
            "AWS::URLSuffix": self._partition.suffix,
            "AWS::AccountId": ACCOUNT,
            "AWS::StackName": self._stack,
            "AWS::StackId": f"arn:{self._partition.name}:cloudformation:{self._place}:stack/loupe/1a-2b",
            "AWS::NoValue": NOTHING,
        }
        if name in pseudo:
            return pseudo[name]
        if name in self._parameters:
            return self._parameters[name]
        body = self._there[name]
        if body["Type"] in REF_IS_ARN:
            return self._arn(name)
        for member in ("LogGroupName", "FunctionName"):
            if given := body.get("Properties", {}).get(member):
                return self._filled(given)
        return f"{self._stack}-{name}-1ABC"

    @property
    def _place(self) -> str:
        return f"{self._partition.region}:{ACCOUNT}"

    def _arn(self, name: str) -> str:
        body = self._there[name]
        properties = body.get("Properties", {})
        own = next(
            (properties[each] for each in ("Name", "FunctionName", "LogGroupName") if each in properties),
            None,
        )
        physical = str(self._filled(own)) if own else f"{self._stack}-{name}-1ABC"
        form = ARNS.get(body["Type"], "{name}")
        return form.format(
            partition=self._partition.name,
            place=self._place,
            region=self._partition.region,
            account=ACCOUNT,
            name=physical,
            lower=physical.lower(),
        )

    def _attribute(self, path: str) -> str:
        name, _, attribute = path.partition(".")
        if attribute.endswith("Arn"):
            return self._arn(name)
        if attribute == "RegionalDomainName":
            return f"{self._ref(name).lower()}.s3.{self._partition.region}.{self._partition.suffix}"
        if attribute == "DomainName":
            return "d1abc.cloudfront.net"
        return str(self._ref(name))


def of_kind(document: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Resources' properties by logical id."""
    return {
        name: body.get("Properties", {})
        for name, body in document["Resources"].items()
        if body["Type"] == kind
    }


def texts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text within a value, with where it stands."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from texts(inner, f"{path}.{name}")
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from texts(inner, f"{path}[{position}]")
    elif isinstance(value, str):
        yield path.removeprefix("."), value
