"""What a machine's role must allow before a machine is accepted.

AWS: with logging on, the role must be allowed to manage log deliveries, else CreateStateMachine and
UpdateStateMachine fail with AccessDeniedException; so they do when Step Functions may not assume the role.
MiniStack: checks that the role exists.
"""

from typing import Any

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id, get_region

from local.states import credentials
from local.states.log_delivery import camel

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


class AccessRefusedError(Exception):
    """AccessDeniedException; the message is AWS's."""


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


def check_machine(role_arn: str, logging_configuration: dict[str, Any] | None) -> None:
    """Raises AccessRefusedError where AWS refuses to create or update a machine."""
    try:
        credentials.check_role(role_arn)
    except credentials.RoleError as error:
        raise AccessRefusedError(str(error)) from error
    if camel(logging_configuration or {}).get("level", "OFF") == "OFF":
        return
    if not all(allows(role_arn, action) for action in _DELIVERY_ACTIONS):
        raise AccessRefusedError("The state machine IAM Role is not authorized to access the Log Destination")
