"""Whether an AWS service may do something as a role: its trust policy and its own policies are asked."""

import json
from typing import Any

from ministack.core.arn import ArnParseError, parse_arn
from ministack.core.iam_evaluator import EvalContext, _conditions_met, _gather_role_policies, evaluate
from ministack.services import iam

# Services that say for whom they act when they take a role, as AWS's documents of each have it. Of the others
# (Lambda, SageMaker, CodeDeploy) a trust policy that asks for aws:SourceAccount trusts nobody.
_SENDING = ("cloudformation", "codebuild", "codepipeline", "events", "scheduler", "states")
SENDING_SOURCE = {f"{name}.amazonaws.com" for name in _SENDING}


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
    if not trusts(role.get("AssumeRolePolicyDocument") or "{}", service, account):
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


def trusts(document: str | dict[str, Any], service: str, account: str, called: tuple[str, ...] = ()) -> bool:
    """Whether a role's trust policy lets a service of AWS take it. `called`: other names of the service."""
    policy = json.loads(document) if isinstance(document, str) else document
    statements = policy.get("Statement", [])
    context = EvalContext("", "Service", account, "sts:AssumeRole", "*", "")
    if service in SENDING_SOURCE:
        context.service_context["aws:sourceaccount"] = account
    effects = {
        statement.get("Effect")
        for statement in (statements if isinstance(statements, list) else [statements])
        if {service, *called} & set(_services(statement.get("Principal")))
        and _conditions_met(statement.get("Condition") or {}, context)
    }
    return effects == {"Allow"}


def _services(principal: Any) -> list[str]:
    services = principal.get("Service", []) if isinstance(principal, dict) else []
    return services if isinstance(services, list) else [services]
