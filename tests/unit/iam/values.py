"""A template's intrinsic functions, replaced by what they give in a stack: names and ARNs of AWS's forms."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

ACCOUNT, REGION, STACK = "123456789012", "eu-central-1", "loupe-staging"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/loupe-boundary"
PARAMETERS = {
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::AccountId": ACCOUNT,
    "CoreStackName": STACK,
    "AWS::URLSuffix": "amazonaws.com",
    "EndpointName": "loupe-classifier",
    "DatasetBuckets": "loupe-datasets",
    "SourceBuckets": "loupe-pictures",
    "KmsKeyArn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    "PermissionsBoundaryArn": BOUNDARY,
    "ReviewsTableName": f"{STACK}-review-ReviewsTable-1ABC",
    "TrainStateMachineArn": f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{STACK}-training-train-model",
    "BatchStateMachineArn": f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{STACK}-batch-classify-batch",
    "BatchBucketName": f"{STACK}-batch-batchbucket-1abc",
    "TrainingBucketName": f"{STACK}-training-trainingbucket-1abc",
    "ClassifierFunctionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:loupe-staging-container",
}
ARNS = {
    "AWS::S3::Bucket": "arn:aws:s3:::{lower}",
    "AWS::DynamoDB::Table": "arn:aws:dynamodb:{place}:table/{name}",
    "AWS::SNS::Topic": "arn:aws:sns:{place}:{name}",
    "AWS::SQS::Queue": "arn:aws:sqs:{place}:{name}",
    "AWS::IAM::Role": f"arn:aws:iam::{ACCOUNT}:role/{{name}}",
    "AWS::Lambda::Function": "arn:aws:lambda:{place}:function:{name}",
    "AWS::Lambda::Alias": "arn:aws:lambda:{place}:function:{name}:live",
    "AWS::Lambda::LayerVersion": "arn:aws:lambda:{place}:layer:{name}:1",
    "AWS::StepFunctions::StateMachine": "arn:aws:states:{place}:stateMachine:{name}",
    "AWS::StepFunctions::StateMachineAlias": "arn:aws:states:{place}:stateMachine:{name}:live",
    "AWS::Logs::LogGroup": "arn:aws:logs:{place}:log-group:/aws/lambda/{name}:*",
}
# Ref gives an ARN, and the name otherwise.
REF_IS_ARN = (
    "AWS::SNS::Topic",
    "AWS::StepFunctions::StateMachine",
    "AWS::StepFunctions::StateMachineAlias",
    "AWS::Lambda::Alias",
    "AWS::Lambda::LayerVersion",
)


class Values:
    """Of one template in a stack of this name, by its resources; `exports` are those of the core."""

    def __init__(
        self, resources: Mapping[str, Any], stack: str = STACK, exports: Mapping[str, str] | None = None
    ) -> None:
        self._stack, self._exports = stack, exports or {}
        self._types = {name: body["Type"] for name, body in resources.items()}
        self._given = {
            name: body["Properties"]["LogGroupName"]
            for name, body in resources.items()
            if body["Type"] == "AWS::Logs::LogGroup"
        }

    def filled_in(self, value: Any) -> Any:
        """The value with every intrinsic function replaced; of a condition, what holds where it is true."""
        if isinstance(value, list):
            return [self.filled_in(each) for each in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            [(name, argument)] = value.items()
            if name == "Ref" or name.startswith("Fn::"):
                return self._intrinsic(name, argument)
        return {name: self.filled_in(each) for name, each in value.items()}

    def ref(self, name: str) -> str:
        if name in self._given:
            return str(self.filled_in(self._given[name]))
        kind = self._types.get(name)
        if kind is None:
            return self._stack if name == "AWS::StackName" else PARAMETERS.get(name, name)
        return self.arn(name) if kind in REF_IS_ARN else f"{self._stack}-{name}-1ABC"

    def arn(self, name: str) -> str:
        physical = f"{self._stack}-{name}-1ABC"
        form = ARNS.get(self._types.get(name, ""), "{name}")
        return form.format(place=f"{REGION}:{ACCOUNT}", name=physical, lower=physical.lower())

    def _intrinsic(self, name: str, argument: Any) -> Any:
        match name:
            case "Ref":
                return self.ref(str(argument))
            case "Fn::GetAtt":
                return self._attribute(argument if isinstance(argument, str) else ".".join(argument))
            case "Fn::Sub":
                text, more = (argument, {}) if isinstance(argument, str) else argument
                given = {key: str(self.filled_in(each)) for key, each in more.items()}
                return re.sub(
                    r"\$\{([\w.:]+)\}", lambda found: given.get(found[1]) or self._named(found[1]), text
                )
            case "Fn::If":
                return self.filled_in(argument[1])
            case "Fn::Join":
                return str(argument[0]).join(str(self.filled_in(each)) for each in argument[1])
            case "Fn::Split":
                return str(self.filled_in(argument[1])).split(argument[0])
            case "Fn::Select":
                parts = self.filled_in(argument[1])
                # What only a deployment knows has no parts to choose from.
                return parts[int(argument[0])] if len(parts) > int(argument[0]) else name
            case "Fn::ImportValue":
                return self._exports[str(self.filled_in(argument))]
        return name

    def _named(self, path: str) -> str:
        return self._attribute(path) if "." in path else self.ref(path)

    def _attribute(self, path: str) -> str:
        name, _, attribute = path.partition(".")
        return self.arn(name) if attribute.endswith("Arn") else self.ref(name)
