"""CloudFormation may do what its caller may do, or the role that it is handed.

AWS: it makes, changes and removes each resource with the permissions of whoever asked, or of the role given
as RoleARN (which takes iam:PassRole, and stays with the stack). What is refused fails the resource, and the
stack is rolled back. Stock MiniStack: makes everything for everybody.
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Iterator
from typing import Any

from ministack.core.iam_evaluator import (
    EvalContext,
    _gather_role_policies,
    _gather_user_policies,
    _permissions_boundary,
    caller_arn,
    evaluate,
)
from ministack.core.responses import get_account_id, get_region
from ministack.services import cloudformation, iam
from ministack.services.cloudformation import handlers, provisioners, stacks
from ministack.services.cloudformation.helpers import _error, _p

from local.cloud.gaps.stack_calls import Call, Properties, Resource, to_create, to_delete, to_update

_ROLE = "RoleARN"
_WITH_ROLE = (
    "CreateStack",
    "UpdateStack",
    "CreateChangeSet",
    "ExecuteChangeSet",
    "DeleteStack",
    "RollbackStack",
)
# Whose permissions count in this operation and in the task that it starts, which copies this context.
_actor: contextvars.ContextVar[str] = contextvars.ContextVar("loupe_stack_actor", default="")


def install() -> None:
    """Ask for every call that CloudFormation makes."""
    for operation in _WITH_ROLE:
        handlers._ACTION_HANDLERS[operation] = _acting(handlers._ACTION_HANDLERS[operation])
    create = _creating(provisioners._provision_resource)
    update = _updating(provisioners._update_resource)
    delete = _deleting(provisioners._delete_resource)
    for module in (provisioners, stacks):
        module._provision_resource, module._update_resource = create, update
        module._delete_resource = delete


def refusal(principal: str, call: Call) -> str | None:
    """Why the principal (a user's or role's ARN) may not make this call; None if it may. Root may all."""
    account = principal.split(":")[4]
    path = principal.split(":", 5)[5].split("/")
    name = path[1] if path[0] == "assumed-role" else path[-1]
    if path[0] == "user":
        policies = _gather_user_policies(name, account)
        limits = _permissions_boundary(iam._users, name, account)
    elif path[0] in ("role", "assumed-role"):
        policies = _gather_role_policies(name, account)
        limits = _permissions_boundary(iam._roles, name, account)
    else:
        return None
    context = EvalContext(
        principal_arn=principal,
        principal_type="User" if path[0] == "user" else "AssumedRole",
        principal_account=account,
        action=call.action,
        resource_arn=call.resource,
        region=get_region(),
        service_context=dict(call.context),
    )
    result = evaluate(context, policies, *limits)
    if result.decision == "Allow":
        return None
    why = "with an explicit deny" if result.decision == "Deny" else "because no identity-based policy allows"
    return (
        f"User: {principal} is not authorized to perform: {call.action} on resource: {call.resource} "
        f"{why} the {call.action} action"
    )


def _acting(handle: Callable[..., Any]) -> Callable[..., Any]:
    def handle_as_somebody(params: Any) -> Any:
        role = _p(params, _ROLE)
        if role:
            call = Call("iam:PassRole", role, {"iam:passedtoservice": "cloudformation.amazonaws.com"})
            if refused := refusal(caller_arn(), call):
                return _error("AccessDenied", refused, 403)
        scope = _actor.set(role or _role_of(_p(params, "StackName")) or caller_arn())
        try:
            answer = handle(params)
        finally:
            _actor.reset(scope)
        if role and (stack := _stack(_p(params, "StackName"))) is not None:
            stack[_ROLE] = role
        return answer

    return handle_as_somebody


def _stack(name: str) -> Any:
    return cloudformation._stacks.get(name.split("/")[1] if name.startswith("arn:") else name)


def _role_of(stack_name: str) -> str:
    return str((_stack(stack_name) or {}).get(_ROLE) or "") if stack_name else ""


def _check(calls: Iterator[Call]) -> None:
    principal = _actor.get()
    if not principal:
        return
    for call in calls:
        if refused := refusal(principal, call):
            raise PermissionError(refused)


def _resource(
    kind: str, logical_id: str | None, properties: Any, stack: str | None, physical_id: str = ""
) -> Resource:
    return Resource(
        kind, logical_id or "", stack or "", properties or {}, get_region(), get_account_id(), physical_id
    )


def _creating(create: Callable[..., Any]) -> Callable[..., Any]:
    def create_if_allowed(kind: str, logical_id: str, properties: Properties, stack: str) -> Any:
        _check(to_create(_resource(kind, logical_id, properties, stack)))
        return create(kind, logical_id, properties, stack)

    return create_if_allowed


def _updating(update: Callable[..., Any]) -> Callable[..., Any]:
    def update_if_allowed(
        kind: str,
        physical_id: str,
        before: Properties,
        after: Properties,
        stack: str,
        logical_id: str | None = None,
        *rest: Any,
        **named: Any,
    ) -> Any:
        if before != after:
            _check(to_update(_resource(kind, logical_id, after, stack, physical_id), before))
        return update(kind, physical_id, before, after, stack, logical_id, *rest, **named)

    return update_if_allowed


def _deleting(delete: Callable[..., Any]) -> Callable[..., Any]:
    def delete_if_allowed(
        kind: str,
        physical_id: str,
        properties: Properties,
        stack: str | None = None,
        logical_id: str | None = None,
    ) -> Any:
        _check(to_delete(_resource(kind, logical_id, properties, stack, physical_id)))
        return delete(kind, physical_id, properties, stack, logical_id)

    return delete_if_allowed
