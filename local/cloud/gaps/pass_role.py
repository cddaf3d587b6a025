"""Handing a role to a service takes iam:PassRole on that role.

AWS: a call that names a role for a service to assume is refused unless its caller may pass that role. Stock
MiniStack: never asks.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

from ministack import app
from ministack.core import iam_actions
from ministack.core.iam_evaluator import AuthError, enforce
from ministack.core.router import detect_service, extract_access_key_id, extract_region

# Where a request names the role it passes, by action, and the service that will assume it.
_PASSED = {
    "states:CreateStateMachine": ("roleArn", "states.amazonaws.com"),
    "states:UpdateStateMachine": ("roleArn", "states.amazonaws.com"),
    "lambda:CreateFunction": ("Role", "lambda.amazonaws.com"),
    "lambda:UpdateFunctionConfiguration": ("Role", "lambda.amazonaws.com"),
    "sagemaker:CreateModel": ("ExecutionRoleArn", "sagemaker.amazonaws.com"),
    "sagemaker:CreateTrainingJob": ("RoleArn", "sagemaker.amazonaws.com"),
    "sagemaker:CreateProcessingJob": ("RoleArn", "sagemaker.amazonaws.com"),
    "events:PutTargets": ("Targets.RoleArn", "events.amazonaws.com"),
    "scheduler:CreateSchedule": ("Target.RoleArn", "scheduler.amazonaws.com"),
    "scheduler:UpdateSchedule": ("Target.RoleArn", "scheduler.amazonaws.com"),
}


def install() -> None:
    """Check iam:PassRole before a request is dispatched."""
    app._dispatch_service_request = _checking(app._dispatch_service_request)


def passed_roles(action: str, body: bytes) -> Iterator[tuple[str, str]]:
    """The roles a request passes, each with the service it passes it to."""
    if action not in _PASSED:
        return
    member, service = _PASSED[action]
    try:
        found = [json.loads(body or b"{}")]
    except ValueError:
        return
    for name in member.split("."):
        found = [item.get(name) for item in found if isinstance(item, dict)]
        found = [item for entry in found for item in (entry if isinstance(entry, list) else [entry])]
    for role in found:
        if isinstance(role, str) and role.startswith("arn:"):
            yield role, service


def _checking(dispatch: Callable[..., Any]) -> Callable[..., Any]:
    async def dispatch_checked(
        method: str, path: str, headers: dict[str, str], body: bytes, params: Any, request_id: str
    ) -> Any:
        return _refusal(method, path, headers, body, params, request_id) or await dispatch(
            method, path, headers, body, params, request_id
        )

    return dispatch_checked


def _refusal(
    method: str, path: str, headers: dict[str, str], body: bytes, params: Any, request_id: str
) -> tuple[int, dict[str, str], bytes] | None:
    routing = app._routing_params(method, path, headers, body, params)
    service = detect_service(method, path, headers, routing)
    if service not in {"states", "lambda", "sagemaker", "events", "scheduler"}:
        return None
    action = iam_actions.extract_iam_action(service, method, path, headers, body, routing)
    region = extract_region(headers)
    key = extract_access_key_id(headers, params)
    for role, receiver in passed_roles(action or "", body):
        denied = enforce(
            key, "iam:PassRole", "iam", region, role, service_context={"iam:PassedToService": receiver}
        )
        if isinstance(denied, AuthError):
            # The evaluator verifies a request's signature once: what it found must be answered here.
            forged: tuple[int, dict[str, str], bytes] = app._credential_failure(
                service, action, request_id, denied, headers
            )
            return forged
        if denied is not None:
            refused: tuple[int, dict[str, str], bytes] = iam_actions.access_denied_response(
                service,
                "iam:PassRole",
                denied.principal_arn,
                request_id,
                headers=headers,
                resource_arn=role,
                explicit_deny=denied.decision == "Deny",
                resource_policy_arn=denied.resource_policy_arn,
            )
            return refused
    return None
