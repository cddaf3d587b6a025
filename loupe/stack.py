"""The deployed stack, as CloudFormation tells of it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from loupe.aws_errors import error_code
from loupe.errors import StackNotFoundError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

INVOKE_URL = re.compile(r"^https://([a-z0-9]+)\.execute-api\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?(?=/|$)")
DEPLOYED = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE")


@dataclass(frozen=True)
class Stack:
    """A stack's outputs and parameters by name, and where it stands.

    Of a core, as `Cloud.stack` reads it, the outputs are those of all stacks that stand on it as well.
    """

    name: str
    status: str
    outputs: dict[str, str]
    where: str = "AWS"
    parameters: dict[str, str] = field(default_factory=dict)
    stacks: tuple[str, ...] = ()

    @property
    def all_names(self) -> tuple[str, ...]:
        """The core's name and those of the stacks that stand on it, as far as they are there."""
        return self.stacks or (self.name,)

    @property
    def deployed(self) -> bool:
        return self.status in DEPLOYED

    def output(self, name: str) -> str:
        """An output that the command can't do without; StackNotFoundError when this stack has none of that
        name.
        """
        try:
            return self.outputs[name]
        except KeyError:
            raise StackNotFoundError(
                f"The stack {self.name} ({self.status}) at {self.where} has no output {name}, and no stack "
                f"that stands on it has one (there is {', '.join(self.all_names)}). `loupe up --detach` "
                "deploys what is missing here, `make deploy` on AWS; --stack names another core."
            ) from None


def read_stack(cloudformation: "CloudFormationClient", name: str, where: str) -> Stack:
    """DescribeStacks; StackNotFoundError when there is none of that name there."""
    try:
        [found] = cloudformation.describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        if error_code(error) in ("ValidationError", "StackNotFoundException") and "exist" in str(error):
            raise StackNotFoundError(
                f"There is no stack {name} at {where}. Deploy it (`loupe up` locally, `make deploy` on AWS), "
                "or name another with --stack."
            ) from error
        raise
    except ValueError:
        raise StackNotFoundError(f"There is no stack {name} at {where}.") from None
    outputs = {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])}
    parameters = {
        each["ParameterKey"]: each.get("ParameterValue", "") for each in found.get("Parameters", [])
    }
    return Stack(name, found["StackStatus"], outputs, where, parameters)


def reachable_here(outputs: Mapping[str, str], gateway_url: str) -> dict[str, str]:
    """Outputs with the API's address on AWS replaced by the one where a local gateway serves it."""
    return {
        name: INVOKE_URL.sub(rf"{gateway_url}/_aws/execute-api/\1", value) for name, value in outputs.items()
    }


def physical_ids(cloudformation: "CloudFormationClient", name: str, resource_type: str) -> dict[str, str]:
    """Physical ids by logical id, of every resource of one type."""
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=name)
    return {
        each["LogicalResourceId"]: each["PhysicalResourceId"]
        for page in pages
        for each in page["StackResourceSummaries"]
        if each["ResourceType"] == resource_type and each.get("PhysicalResourceId")
    }
