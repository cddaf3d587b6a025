"""Whether an AWS service may do something as a role: its trust policy and its own policies are asked."""

import json
from typing import Any

from ministack.core.arn import ArnParseError, parse_arn
from ministack.core.iam_evaluator import EvalContext, _gather_role_policies, evaluate
from ministack.services import iam


def refusal(role_arn: str, service: str, action: str, resource: str) -> str | None:
    """Why `service` (say, events.amazonaws.com) may not do `action` on `resource` as the role; None if it
    may.
    """
    try:
        account = parse_arn(role_arn).account_id
    except ArnParseError:
        return f"{role_arn!r} is not a role's ARN"
    name = role_arn.rpartition("/")[2]
    role = iam._roles.get_scoped(account, None, name)
    if role is None:
        return f"Role {role_arn} does not exist"
    if not _trusts(role.get("AssumeRolePolicyDocument") or "{}", service):
        return f"{service} is not authorized to perform: sts:AssumeRole on resource: {role_arn}"
    principal = f"arn:aws:sts::{account}:assumed-role/{name}/{service.partition('.')[0]}"
    context = EvalContext(
        principal_arn=principal,
        principal_type="AssumedRole",
        principal_account=account,
        action=action,
        resource_arn=resource,
        region=resource.split(":")[3] if resource.count(":") > 3 else "",
    )
    result = evaluate(context, _gather_role_policies(name, account))
    if result.decision == "Allow":
        return None
    return f"User: {principal} is not authorized to perform: {action} on resource: {resource}"


def _trusts(document: str | dict[str, Any], service: str) -> bool:
    policy = json.loads(document) if isinstance(document, str) else document
    statements = policy.get("Statement", [])
    for statement in statements if isinstance(statements, list) else [statements]:
        principal = statement.get("Principal")
        services = principal.get("Service", []) if isinstance(principal, dict) else []
        if statement.get("Effect") == "Allow" and service in (
            services if isinstance(services, list) else [services]
        ):
            return True
    return False
