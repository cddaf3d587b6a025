"""Lint the template's IAM policies with parliament: `python -m tests.policies template.yaml`.

Parliament reads finished policies: intrinsic functions are replaced by ARNs and names of the right form.
"""

import json
import re
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cfnlint.decode import cfn_yaml

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it leaves its data files open while it is imported
    import parliament

SUPPRESSED = {
    (
        "RESOURCE_MISMATCH",
        "states:DescribeExecution",
    ): "the machine is a Standard one, parliament wants Express too",
    (
        "RESOURCE_MISMATCH",
        "states:ListExecutions",
    ): "it lists a machine's executions, parliament wants a map run too",
    ("RESOURCE_STAR", "rekognition:DetectFaces"): "AWS knows no resource for it",
    (
        "INVALID_ARN",
        "Account expected to be of form like 123456789012",
    ): "CloudFormation's own transforms belong to the account `aws`",
    ("RESOURCE_STAR", "cloudwatch:DescribeAlarms"): "CodeDeploy asks for all at once",
    ("RESOURCE_STAR", "sns:Unsubscribe"): "AWS knows no resource for it",
    (
        "RESOURCE_MISMATCH",
        "codeconnections:UseConnection",
    ): "a connection's ARN has one of the service's two names; both are allowed for the one given",
    ("RESOURCE_STAR", "xray:PutTraceSegments"): "AWS knows no resource for it",
    ("RESOURCE_STAR", "xray:PutTelemetryRecords"): "AWS knows no resource for it",
    ("RESOURCE_STAR", "cloudwatch:PutMetricData"): "AWS knows no resource for it",
    ("RESOURCE_STAR", "ecr:GetAuthorizationToken"): "AWS knows no resource for it",
    ("RESOURCE_STAR", "logs:DescribeLogGroups"): "Step Functions asks for it without a resource",
    ("RESOURCE_STAR", "logs:PutResourcePolicy"): "Step Functions asks for it without a resource",
    ("RESOURCE_STAR", "logs:DescribeResourcePolicies"): "Step Functions asks for it without a resource",
}
ACCOUNT = "us-east-1:000000000000"
ARNS = {
    "AWS::S3::Bucket": "arn:aws:s3:::bucket",
    "AWS::DynamoDB::Table": f"arn:aws:dynamodb:{ACCOUNT}:table/name",
    "AWS::SNS::Topic": f"arn:aws:sns:{ACCOUNT}:name",
    "AWS::SQS::Queue": f"arn:aws:sqs:{ACCOUNT}:name",
    "AWS::Serverless::Function": f"arn:aws:lambda:{ACCOUNT}:function:name",
    "AWS::Serverless::StateMachine": f"arn:aws:states:{ACCOUNT}:stateMachine:name",
    "AWS::IAM::Role": "arn:aws:iam::000000000000:role/name",
    "AWS::Logs::LogGroup": f"arn:aws:logs:{ACCOUNT}:log-group:name:*",
    "AWS::KMS::Key": f"arn:aws:kms:{ACCOUNT}:key/00000000-0000-0000-0000-000000000000",
    "AWS::ECR::Repository": f"arn:aws:ecr:{ACCOUNT}:repository/name",
    "AWS::CodeBuild::Project": f"arn:aws:codebuild:{ACCOUNT}:project/name",
    "AWS::Cognito::UserPool": f"arn:aws:cognito-idp:{ACCOUNT}:userpool/us-east-1_abc",
}
REF_IS_ARN = ("AWS::SNS::Topic", "AWS::Serverless::StateMachine")
PARAMETERS = {
    "CloudFormationRoleArn": "arn:aws:iam::000000000000:role/name",
    "PermissionsBoundaryArn": "arn:aws:iam::000000000000:policy/name",
    "ConnectionArn": f"arn:aws:codestar-connections:{ACCOUNT}:connection/{'0' * 8}-0000-0000-0000-{'0' * 12}",
}
PSEUDO = {
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::AccountId": "000000000000",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackName": "loupe",
}


def find_problems(template: Path) -> list[str]:
    """One line a finding that nobody has given a reason for."""
    document = cfn_yaml.load(str(template))
    resolver = Resolver({name: body["Type"] for name, body in document["Resources"].items()})
    problems = []
    for name, policy in find_policies(document):
        for finding in findings(json.dumps(resolver.resolve(policy))):
            for about in _listed(finding.detail):
                action = str(about.get("action", "")) if isinstance(about, dict) else str(about)
                if not _suppressed(finding.issue, action):
                    problems.append(f"{name}: {finding.issue} {about}")
    return problems


def findings(policy: str) -> list[Any]:
    """What parliament finds in a policy's text."""
    return list(parliament.analyze_policy_string(policy).findings)


def find_policies(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Identity policies with their names: those of roles, of policies that stand alone, of functions."""
    for logical_id, body in document["Resources"].items():
        properties = body.get("Properties", {})
        if body["Type"] in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
            yield logical_id, properties["PolicyDocument"]
        for each in _listed(properties.get("Policies")):
            policy = each.get("PolicyDocument", each) if isinstance(each, dict) else {}
            if "Statement" in policy:
                statements = [each for one in _listed(policy["Statement"]) for each in _bodies(one)]
                label = each.get("PolicyName", "policy") if isinstance(each, dict) else "policy"
                yield f"{logical_id}.{label}", {"Version": "2012-10-17", "Statement": statements}


class Resolver:
    """Replaces intrinsic functions by a value of the right form."""

    def __init__(self, types: dict[str, str]) -> None:
        self._types = types

    def resolve(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self.resolve(each) for each in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            [(name, argument)] = value.items()
            if name == "Ref" or name.startswith("Fn::"):
                return self._intrinsic(name, argument)
        return {str(name): self.resolve(each) for name, each in value.items()}

    def _intrinsic(self, name: str, argument: Any) -> Any:
        match name:
            case "Ref":
                return self._ref(str(argument))
            case "Fn::GetAtt":
                path = argument if isinstance(argument, str) else ".".join(argument)
                return self._attribute(path)
            case "Fn::Sub":
                text = argument if isinstance(argument, str) else argument[0]
                return re.sub(r"\$\{([^}!]+)\}", lambda found: self._variable(found[1]), text)
            case "Fn::If":
                return self.resolve(argument[1])
            case "Fn::ImportValue":
                exported = self.resolve(argument)
                return ARNS["AWS::SNS::Topic"] if exported.endswith("TopicArn") else "name"
            case "Fn::Join":
                return str(argument[0]).join(str(self.resolve(each)) for each in argument[1])
        return "name"

    def _variable(self, name: str) -> str:
        return self._attribute(name) if "." in name else self._ref(name)

    def _ref(self, name: str) -> str:
        # A parameter that takes a function's ARN is called so.
        kind = "AWS::Serverless::Function" if name.endswith("FunctionArn") else self._types.get(name, "")
        if name not in self._types and kind:
            return ARNS[kind]
        return PSEUDO.get(name) or PARAMETERS.get(name) or (ARNS[kind] if kind in REF_IS_ARN else "name")

    def _attribute(self, path: str) -> str:
        name, _, attribute = path.partition(".")
        return ARNS.get(self._types.get(name, ""), "name") if attribute.endswith("Arn") else "name"


def _bodies(statement: Any) -> list[Any]:
    """A statement that a condition guards, both as it is and as what stands in its place."""
    if not isinstance(statement, dict) or "Fn::If" not in statement:
        return [statement]
    return [each for each in statement["Fn::If"][1:] if isinstance(each, dict) and "Effect" in each]


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _suppressed(issue: str, action: str) -> bool:
    # Step Functions' log delivery calls, a family of names, know no resource either.
    delivery = issue == "RESOURCE_STAR" and re.fullmatch(r"logs:\w+LogDeliver\w+", action)
    return (issue, action) in SUPPRESSED or bool(delivery)


def main() -> int:
    """Print what is wrong; 1 when anything is."""
    status = 0
    for template in map(Path, sys.argv[1:]):
        problems = find_problems(template)
        for problem in problems:
            print(f"{template}: {problem}")
        if not problems:
            print(f"{template}: policies are fine")
        status |= bool(problems)
    return status


if __name__ == "__main__":
    sys.exit(main())
