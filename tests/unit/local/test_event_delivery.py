"""When EventBridge gives up a delivery, and which function's policy lets it invoke one."""

import time
from typing import Any

import pytest
from ministack.services import lambda_svc

from local.cloud.gaps import event_delivery
from local.cloud.gaps.event_delivery import Delivery, DeliveryError

RULE = "arn:aws:events:us-east-1:000000000000:rule/every-minute"
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:finalize"


def delivery(policy: dict[str, Any] | None, attempts: int, age: float = 0.0) -> Delivery:
    target: dict[str, Any] = {"Arn": "arn:aws:sqs:us-east-1:000000000000:q"}
    if policy is not None:
        target["RetryPolicy"] = policy
    return Delivery(target, "arn:rule", "{}", "{}", time.time() - age, attempts)


@pytest.mark.parametrize(
    ("policy", "attempts", "age", "limit"),
    [
        (None, 185, 0.0, None),
        (None, 186, 0.0, "MaximumRetryAttempts"),
        (None, 1, 90_000.0, "MaximumEventAgeInSeconds"),
        ({"MaximumRetryAttempts": 0}, 1, 0.0, "MaximumRetryAttempts"),
        ({"MaximumRetryAttempts": 2}, 2, 0.0, None),
        ({"MaximumRetryAttempts": 2}, 3, 0.0, "MaximumRetryAttempts"),
        ({"MaximumEventAgeInSeconds": 60}, 1, 61.0, "MaximumEventAgeInSeconds"),
    ],
)
def test_a_delivery_is_exhausted_by_its_targets_policy(
    policy: dict[str, Any] | None, attempts: int, age: float, limit: str | None
) -> None:
    assert delivery(policy, attempts, age).exhausted() == limit


def permission(resource: str) -> dict[str, Any]:
    """What AddPermission writes for a rule."""
    statement = {
        "Sid": "rule",
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": resource,
        "Condition": {"ArnLike": {"AWS:SourceArn": RULE}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


@pytest.mark.parametrize(
    ("granted", "target", "invoked"),
    [
        (f"{FUNCTION}:live", f"{FUNCTION}:live", True),
        (FUNCTION, FUNCTION, True),
        (FUNCTION, f"{FUNCTION}:live", False),
        (f"{FUNCTION}:live", FUNCTION, False),
        (None, f"{FUNCTION}:live", False),
    ],
)
def test_a_rule_reaches_a_function_by_the_policy_of_what_it_names(
    granted: str | None, target: str, invoked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The policy of an alias is kept with the function; the version that it points at has none."""
    calls: list[Any] = []
    version: dict[str, Any] = {"config": {"FunctionName": "finalize", "Version": "1"}}
    policy = permission(granted) if granted else {}
    monkeypatch.setattr(
        lambda_svc, "_get_func_record_for_ref", lambda arn: (version, version["config"], "finalize")
    )
    monkeypatch.setattr(lambda_svc, "function_policy_for_arn", lambda arn: (policy, None))
    monkeypatch.setattr(lambda_svc, "_execution_record_for_config", lambda func, config: func)
    monkeypatch.setattr(lambda_svc, "invoke_async_with_retry", lambda record, event: calls.append(event))
    sent = Delivery({"Arn": target}, RULE, '{"detail": {}}', "{}", time.time())
    if invoked:
        event_delivery._invoke_function(sent)
    else:
        with pytest.raises(DeliveryError, match="not authorized"):
            event_delivery._invoke_function(sent)
    assert calls == ([{"detail": {}}] if invoked else [])
