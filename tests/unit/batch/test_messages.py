"""What people are written of a run."""

from __future__ import annotations

import json
from typing import Any

import pytest

from loupe_batch.messages import message

DONE: dict[str, Any] = {
    "status": "SUCCEEDED",
    "pictures": 8,
    "classified": 3,
    "rejected": 5,
    "failed": 0,
    "durationMs": 6_000,
    "cost": 0.001,
    "report": "s3://batches/runs/zoo-1/report/summary.html",
}
FAILED = {"status": "FAILED", "error": "States.Timeout", "cause": "too slow"}


def mail(outcome: dict[str, Any], partition: str = "aws", account: str = "111122223333") -> str:
    arn = f"arn:{partition}:states:eu-west-1:{account}:execution:loupe-batch-classify-batch:zoo-1"
    return str(json.loads(message("zoo-1", outcome, (), arn)["Message"])["email"])


@pytest.mark.parametrize(("asked", "said"), [({}, False), ({"inReview": 0}, False), ({"inReview": 3}, True)])
def test_what_waits_for_a_person_is_counted(asked: dict[str, int], said: bool) -> None:
    assert ("In review:   3 of these (loupe review)" in mail({**DONE, **asked})) == said


@pytest.mark.parametrize("outcome", [DONE, FAILED])
@pytest.mark.parametrize(
    ("partition", "host"),
    [
        ("aws", "eu-west-1.console.aws.amazon.com"),
        ("aws-cn", "console.amazonaws.cn"),
        ("aws-us-gov", "console.amazonaws-us-gov.com"),
    ],
)
def test_the_link_leads_to_the_console_of_the_partition(
    outcome: dict[str, Any], partition: str, host: str
) -> None:
    assert f"Open it:     https://{host}/states/home?region=eu-west-1#" in mail(outcome, partition)


@pytest.mark.parametrize("outcome", [DONE, FAILED])
def test_a_local_cloud_has_no_console(outcome: dict[str, Any]) -> None:
    assert "Open it" not in mail(outcome, account="000000000000")
