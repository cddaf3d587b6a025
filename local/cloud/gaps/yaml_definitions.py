"""A state machine's definition in S3 may be YAML.

AWS: CloudFormation takes DefinitionS3Location as JSON or YAML, puts DefinitionSubstitutions in, and gives
Step Functions JSON. Stock MiniStack: hands the text over as it is, and Step Functions refuses it.
Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-stepfunctions-statemachine.html
"""

import json
from typing import Any

import yaml  # type: ignore[import-untyped]  # its stubs would be one more package to pin
from ministack.services.cloudformation import provisioners


def install() -> None:
    """Hand definitions over as JSON."""
    read = provisioners._sfn_definition

    def definition(properties: dict[str, Any]) -> str:
        return as_json(read(properties))

    provisioners._sfn_definition = definition


def as_json(definition: str) -> str:
    """The same definition in JSON; what is JSON already, or neither, stays as it is."""
    if definition.lstrip().startswith("{"):
        return definition
    try:
        return json.dumps(yaml.safe_load(definition))
    except (yaml.YAMLError, TypeError):
        return definition
