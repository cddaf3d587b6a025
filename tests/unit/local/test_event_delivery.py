"""When EventBridge gives up a delivery."""

import time
from typing import Any

import pytest

from local.cloud.gaps.event_delivery import Delivery


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
