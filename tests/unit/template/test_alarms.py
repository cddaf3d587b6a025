"""Alarms and the dashboard ask for metrics that AWS has, with the dimensions under which it keeps them.

A metric that does not exist is no error in CloudWatch: the alarm would be silent for ever.
Sources: https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html,
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html,
https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html,
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from loupe.stacks import STACKS
from tests.unit.template.transformed import of_type, transformed

STATES = (
    "ExecutionTime",
    "ExecutionsFailed",
    "ExecutionsTimedOut",
    "ExecutionsAborted",
    "ExecutionsSucceeded",
)
ENDPOINT = ("Invocations", "Invocation4XXErrors", "Invocation5XXErrors")
KNOWN = {
    **{("AWS/States", name): ["StateMachineArn"] for name in STATES},
    **{("AWS/SageMaker", name): ["EndpointName", "VariantName"] for name in ENDPOINT},
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible"): ["QueueName"],
    ("AWS/Lambda", "Duration"): ["FunctionName"],
    ("AWS/Lambda", "Errors"): ["FunctionName"],
}


@pytest.fixture(autouse=True)
def _region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


def alarms() -> dict[str, Any]:
    """The properties of the alarms on AWS's own metrics."""
    properties = {
        f"{source.name}: {name}": alarm["Properties"]
        for source in STACKS
        for name, alarm in of_type(transformed(source.template), "AWS::CloudWatch::Alarm").items()
    }
    return {name: each for name, each in properties.items() if str(each.get("Namespace")).startswith("AWS/")}


def dashboard_metrics() -> Iterator[list[Any]]:
    """Every metric of the dashboard, its `.` and `...` written out."""
    (dashboard,) = of_type(transformed(), "AWS::CloudWatch::Dashboard").values()
    for widget in json.loads(dashboard["Properties"]["DashboardBody"]["Fn::Sub"])["widgets"]:
        before: list[Any] = []
        for row in widget["properties"]["metrics"]:
            words = [each for each in row if isinstance(each, str)]
            if words[0] == "...":
                words = before[: len(before) - len(words) + 1] + words[1:]
            before = [before[at] if word == "." else word for at, word in enumerate(words)]
            yield before


def test_each_alarm_watches_a_metric_that_aws_has_and_tells_somebody() -> None:
    for name, alarm in alarms().items():
        dimensions = sorted(each["Name"] for each in alarm["Dimensions"])
        assert KNOWN[alarm["Namespace"], alarm["MetricName"]] == dimensions, name
        assert ("Statistic" in alarm) != ("ExtendedStatistic" in alarm), name
        assert alarm["AlarmActions"], name
        assert alarm["TreatMissingData"] == "notBreaching", name


def test_failed_timed_out_slow_undelivered_and_the_endpoints_errors_ring() -> None:
    watched = {alarm["MetricName"] for alarm in alarms().values()}
    assert watched >= {"ExecutionsFailed", "ExecutionsTimedOut", "ExecutionTime", "Invocation5XXErrors"}
    assert "ApproximateNumberOfMessagesVisible" in watched


def test_the_dashboard_shows_metrics_that_aws_has() -> None:
    shown = list(dashboard_metrics())
    assert len(shown) >= 12
    for namespace, metric, *dimensions in shown:
        assert KNOWN[namespace, metric] == dimensions[::2]
        assert len(dimensions) % 2 == 0
