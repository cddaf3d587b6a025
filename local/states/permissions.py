"""What a machine's role must allow before a machine is accepted.

AWS: with logging on, the role must be allowed to manage log deliveries, and for tasks that wait for a job to
make the rule by which Step Functions learns of its end; else CreateStateMachine and UpdateStateMachine fail
with AccessDeniedException; so they do when Step Functions may not assume the role.
MiniStack: checks that the role exists.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.services import iam

from local.cloud.gaps.service_role import trusts
from local.states.log_delivery import camel

SERVICE_PRINCIPAL = "states.amazonaws.com"

_DELIVERY_ACTIONS = (
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
)
_RULE_ACTIONS = ("events:PutTargets", "events:PutRule", "events:DescribeRule")
_RULE = "StepFunctionsGetEventsFor{}Rule"
# By service and action of the task.
_RULES = {
    "batch:submitJob": _RULE.format("BatchJobs"),
    "ecs:runTask": _RULE.format("ECSTask"),
    "sagemaker:createProcessingJob": _RULE.format("SageMakerProcessingJobs"),
    "sagemaker:createTrainingJob": _RULE.format("SageMakerTrainingJobs"),
    "sagemaker:createTransformJob": _RULE.format("SageMakerTransformJobs"),
    "states:startExecution": _RULE.format("StepFunctionsExecution"),
}
_SYNC = re.compile(r"^arn:[^:]+:states:::([a-z]+:\w+)\.sync(?::2)?$")


class AccessRefusedError(Exception):
    """AccessDeniedException; the message is AWS's."""


class RoleError(Exception):
    """The role doesn't exist or may not be assumed."""


def _trust_policy(role_arn: str) -> dict[str, Any]:
    parts = role_arn.split(":")
    role = iam._roles.get_scoped(parts[4], None, role_arn.rsplit("/", 1)[-1]) if len(parts) > 5 else None
    document = (role or {}).get("AssumeRolePolicyDocument") or {}
    return dict(json.loads(document) if isinstance(document, str) else document)


def check_role(role_arn: str) -> None:
    """Raises RoleError in AWS's words unless Step Functions, global or of the region, may assume the role."""
    regional = SERVICE_PRINCIPAL.replace(".", f".{get_region()}.", 1)
    account = role_arn.split(":")[4] if role_arn.count(":") > 4 else ""
    if not trusts(_trust_policy(role_arn), SERVICE_PRINCIPAL, account, (regional,)):
        raise RoleError(
            "Neither the global service principal states.amazonaws.com, nor the regional one is authorized "
            "to assume the provided role."
        )


def check_assumed(caller_arn: str, role_arn: str) -> None:
    """Raises RoleError unless a machine's role may assume the role that a Task names in Credentials."""
    account, name = caller_arn.split(":")[4], caller_arn.rsplit("/", 1)[-1]
    caller = f"arn:aws:sts::{account}:assumed-role/{name}/states"
    trusted = iam_evaluator.evaluate_trust_policy(_trust_policy(role_arn), caller)
    if not trusted or not allows(caller_arn, "sts:AssumeRole", role_arn):
        raise RoleError(
            f"The role {caller_arn} is not authorized to assume the task state's role, {role_arn}."
        )


def allows(role_arn: str, action: str, resource: str = "*") -> bool:
    """Whether the role's own policies allow an action."""
    account, name = role_arn.split(":")[4], role_arn.rsplit("/", 1)[-1]
    context = iam_evaluator.EvalContext(
        principal_arn=role_arn,
        principal_type="AssumedRole",
        principal_account=account or get_account_id(),
        action=action,
        resource_arn=resource,
        region=get_region(),
    )
    policies = iam_evaluator._gather_role_policies(name, account)
    return bool(iam_evaluator.evaluate(context, policies).decision == "Allow")


def check_machine(
    role_arn: str, logging_configuration: dict[str, Any] | None, definition: str | None = None
) -> None:
    """Raises AccessRefusedError where AWS refuses to create or update a machine."""
    try:
        check_role(role_arn)
    except RoleError as error:
        raise AccessRefusedError(str(error)) from error
    partition, account, region = role_arn.split(":")[1], role_arn.split(":")[4], get_region()
    for rule in managed_rules(definition or "{}"):
        arn = f"arn:{partition}:events:{region}:{account}:rule/{rule}"
        if not all(allows(role_arn, action, arn) for action in _RULE_ACTIONS):
            raise AccessRefusedError(f"'{role_arn}' is not authorized to create managed-rule.")
    if camel(logging_configuration or {}).get("level", "OFF") == "OFF":
        return
    if not all(allows(role_arn, action) for action in _DELIVERY_ACTIONS):
        raise AccessRefusedError("The state machine IAM Role is not authorized to access the Log Destination")


def managed_rules(definition: str) -> set[str]:
    """The rules that Step Functions makes for a definition's tasks that wait for a job."""
    matches = (_SYNC.match(resource) for resource in _resources(json.loads(definition)))
    return {_RULES[match[1]] for match in matches if match and match[1] in _RULES}


def _resources(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(resource := part.get("Resource"), str):
            yield resource
        part = list(part.values())
    if isinstance(part, list):
        for each in part:
            yield from _resources(each)
