"""Settings of a template that CloudFormation applies by further calls.

AWS: a table's TimeToLiveSpecification and PointInTimeRecoverySpecification, a function's
ReservedConcurrentExecutions and a role's PermissionsBoundary hold when the stack is made. Stock MiniStack:
ignores them.
"""

from collections.abc import Callable, Mapping
from typing import Any

from ministack.services import dynamodb, iam, lambda_svc
from ministack.services.cloudformation import provisioners

Properties = Mapping[str, Any]


def install() -> None:
    """Apply the settings after a resource is made or updated."""
    for kind, apply in (
        ("AWS::DynamoDB::Table", _apply_to_table),
        ("AWS::Lambda::Function", _apply_to_function),
        ("AWS::IAM::Role", _apply_to_role),
    ):
        handler = provisioners._RESOURCE_HANDLERS[kind]
        handler["create"] = _creating(handler["create"], apply)
        handler["update"] = _updating(handler["update"], apply)


def _apply_to_table(name: str, properties: Properties) -> None:
    ttl = properties.get("TimeToLiveSpecification")
    if ttl:
        # A template's booleans may come as strings.
        specification = {"AttributeName": ttl.get("AttributeName", ""), "Enabled": _true(ttl.get("Enabled"))}
        dynamodb._update_ttl({"TableName": name, "TimeToLiveSpecification": specification})
    else:
        dynamodb._ttl_settings.pop(name, None)
    recovery = properties.get("PointInTimeRecoverySpecification") or {}
    dynamodb._pitr_settings[name] = _true(recovery.get("PointInTimeRecoveryEnabled"))


def _apply_to_function(name: str, properties: Properties) -> None:
    reserved = properties.get("ReservedConcurrentExecutions")
    if reserved is None:
        lambda_svc._delete_function_concurrency(name)
    else:
        lambda_svc._put_function_concurrency(name, {"ReservedConcurrentExecutions": int(reserved)})


def _apply_to_role(name: str, properties: Properties) -> None:
    iam._roles[name]["PermissionsBoundary"] = properties.get("PermissionsBoundary")


def _true(value: Any) -> bool:
    return value is True or str(value).lower() == "true"


def _creating(create: Callable[..., Any], apply: Callable[[str, Properties], None]) -> Callable[..., Any]:
    def create_resource(logical_id: str, properties: Properties, stack: str) -> Any:
        answer = create(logical_id, properties, stack)
        apply(answer[0], properties)
        return answer

    return create_resource


def _updating(update: Callable[..., Any], apply: Callable[[str, Properties], None]) -> Callable[..., Any]:
    def update_resource(physical_id: str, old: Properties, new: Properties, *rest: Any, **named: Any) -> Any:
        answer = update(physical_id, old, new, *rest, **named)
        apply(answer[0], new)
        return answer

    return update_resource
