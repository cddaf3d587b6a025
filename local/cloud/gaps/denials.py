"""AccessDenied messages name the resource.

AWS: "User: ARN is not authorized to perform: ACTION on resource: RESOURCE because no identity-based policy
allows the ACTION action"; S3 quotes the resource and SNS writes its prefix in capitals. Stock MiniStack:
leaves the resource out for most services.
"""

from collections.abc import Callable
from typing import Any

from ministack.core import iam_actions


def install() -> None:
    """Word denials as AWS does."""
    iam_actions.access_denied_response = _worded(iam_actions.access_denied_response)


def denial(service: str, action: str, principal: str, resource: str, explicit: bool) -> str:
    """The message of a denial that an identity-based policy decided."""
    if service == "sns":
        action = action.replace("sns:", "SNS:", 1)
    if resource == "*" and service == "s3":
        where = ""
    else:
        where = f' on resource: "{resource}"' if service == "s3" else f" on resource: {resource}"
    reason = (
        "with an explicit deny in an identity-based policy"
        if explicit
        else f"because no identity-based policy allows the {action} action"
    )
    return f"User: {principal} is not authorized to perform: {action}{where} {reason}"


def _worded(respond: Callable[..., Any]) -> Callable[..., Any]:
    def respond_worded(service: str, action: str, principal: str, request_id: str, **named: Any) -> Any:
        explicit = bool(named.get("explicit_deny"))
        decided_by_resource = explicit and named.get("resource_policy_arn")
        if not named.get("message") and not named.get("error_code") and not decided_by_resource:
            resource = named.get("resource_arn") or "*"
            named["message"] = denial(service, action, principal, resource, explicit)
        return respond(service, action, principal, request_id, **named)

    return respond_worded
