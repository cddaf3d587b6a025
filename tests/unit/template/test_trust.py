"""Who may take a role: a service, for this account alone where AWS says that it names one."""

from __future__ import annotations

from typing import Any

import pytest

from local.cloud.gaps.service_role import SENDING_SOURCE, trusts
from tests.unit.template.rendered import ACCOUNT, of_kind, rendered, templates

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
GRADUALLY = {"TrafficShifting": "Canary10Percent5Minutes"}


def services(trust: Any) -> set[str]:
    found: set[str] = set()
    for each in trust["Statement"]:
        # GitHub's role is taken by a token and not by a service.
        named = each["Principal"].get("Service", [])
        found |= {named} if isinstance(named, str) else set(named)
    return found


@pytest.mark.parametrize("template", templates())
def test_each_service_may_take_its_role_for_this_account_alone(template: str) -> None:
    parameters = GRADUALLY if template in ("template.yaml", "site/template.yaml") else {}
    for role, properties in of_kind(rendered(template, **parameters), "AWS::IAM::Role").items():
        trust = properties["AssumeRolePolicyDocument"]
        for service in services(trust):
            assert trusts(trust, service, ACCOUNT), (role, service)
            # Of the others AWS documents no such key; a role is handed over within its account only.
            assert trusts(trust, service, "210987654321") == (service not in SENDING_SOURCE), (role, service)


@pytest.mark.parametrize(
    ("service", "condition", "taken"),
    [
        ("states.amazonaws.com", {"StringEquals": {"aws:SourceAccount": ACCOUNT}}, True),
        ("states.amazonaws.com", {"StringEquals": {"aws:SourceAccount": "210987654321"}}, False),
        ("states.amazonaws.com", {}, True),
        # It sends none: such a role would be nobody's.
        ("lambda.amazonaws.com", {"StringEquals": {"aws:SourceAccount": ACCOUNT}}, False),
        ("lambda.amazonaws.com", {}, True),
    ],
)
def test_the_local_cloud_knows_who_says_for_whom_it_acts(
    service: str, condition: dict[str, Any], taken: bool
) -> None:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}

    assert trusts({"Statement": [statement | {"Condition": condition}]}, service, ACCOUNT) == taken
