"""What CloudWatch, the pending index and the dead-letter queue count. boto3's errors end here: what cannot
be asked is unknown.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from loupe_api.figures import STEPS
from loupe_core.observability import logger

PENDING_INDEX = "pending-leaseUntil-index"
# The index has a partition for each first digit of an image's id.
PARTITIONS = "0123456789abcdef"
WAITING, TAKEN = "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"
STATISTICS = {"invocations": ("Invocations", "Sum"), "errors": ("Errors", "Sum"), "sum": ("Duration", "Sum"),
              "p50": ("Duration", "p50"), "p95": ("Duration", "p95")}  # fmt: skip


@dataclass(frozen=True)
class Measured:
    """By step and statistic; `execution` by statistic. What has no figures is not in them; `failed` where
    CloudWatch was not to be asked.
    """

    steps: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    execution: Mapping[str, float] = field(default_factory=dict)
    failed: bool = False


class Metrics:
    """Of the core's functions and its state machine."""

    def __init__(self, core: str, machine: str, cloudwatch: Any) -> None:
        self._core, self._machine, self._cloudwatch = core, machine, cloudwatch

    def of(self, since: datetime, until: datetime) -> Measured:
        """Sums of the period; of percentiles that CloudWatch gives for parts of it, the largest."""
        period = int((until - since).total_seconds())
        queries = {
            f"s{place}_{name}": self._query(*wanted, "AWS/Lambda", "FunctionName", f"{self._core}-{suffix}")
            for place, (suffix, _) in enumerate(STEPS.values())
            for name, wanted in STATISTICS.items()
        }
        for name, metric, statistic in (
            ("invocations", "ExecutionsSucceeded", "Sum"),
            ("errors", "ExecutionsFailed", "Sum"),
            ("p50", "ExecutionTime", "p50"),
            ("p95", "ExecutionTime", "p95"),
        ):
            queries[f"e_{name}"] = self._query(
                metric, statistic, "AWS/States", "StateMachineArn", self._machine
            )
        try:
            found = self._values(queries, period, since, until)
        except (ClientError, BotoCoreError) as error:
            logger.warning("CloudWatch gives no figures", extra={"error": str(error)})
            return Measured(failed=True)
        return Measured(
            {step: _named(found, f"s{place}_") for place, step in enumerate(STEPS)}, _named(found, "e_")
        )

    def _values(
        self, queries: Mapping[str, Any], period: int, since: datetime, until: datetime
    ) -> dict[str, float]:
        asked = [
            {"Id": name, "MetricStat": {**query, "Period": period}, "ReturnData": True}
            for name, query in queries.items()
        ]
        found: dict[str, float] = {}
        pages = self._cloudwatch.get_paginator("get_metric_data").paginate(
            MetricDataQueries=asked, StartTime=since, EndTime=until
        )
        for page in pages:
            for each in page["MetricDataResults"]:
                for value in each["Values"]:
                    known = found.get(each["Id"])
                    sums = queries[each["Id"]]["Stat"] == "Sum"
                    found[each["Id"]] = (
                        value if known is None else known + value if sums else max(known, value)
                    )
        return found

    def _query(self, metric: str, statistic: str, namespace: str, name: str, value: str) -> dict[str, Any]:
        dimensions = [{"Name": name, "Value": value}]
        return {
            "Metric": {"Namespace": namespace, "MetricName": metric, "Dimensions": dimensions},
            "Stat": statistic,
        }


class PendingRecords:
    """How many records have no recorded and notified outcome so far."""

    def __init__(self, client: Any, table: str) -> None:
        self._client, self._table = client, table

    def count(self) -> int | None:
        """None where it cannot be asked. Few are pending at a time; each partition is asked once."""
        try:
            return sum(self._partition(each) for each in PARTITIONS)
        except (ClientError, BotoCoreError) as error:
            logger.warning("what is pending cannot be counted", extra={"error": str(error)})
            return None

    def _partition(self, digit: str) -> int:
        answer = self._client.query(
            TableName=self._table,
            IndexName=PENDING_INDEX,
            KeyConditionExpression="pending = :digit",
            ExpressionAttributeValues={":digit": {"S": digit}},
            Select="COUNT",
        )
        return int(answer["Count"])


class UndeliveredEvents:
    """How many events wait in the core's dead-letter queue, because what they were for did not take them."""

    def __init__(self, sqs: Any, queue: str) -> None:
        self._sqs, self._queue = sqs, queue

    def count(self) -> int | None:
        """None where it cannot be asked. SQS's own approximation."""
        try:
            url = self._sqs.get_queue_url(QueueName=self._queue)["QueueUrl"]
            answer = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[WAITING, TAKEN])
        except (ClientError, BotoCoreError) as error:
            logger.warning("what was not delivered cannot be counted", extra={"error": str(error)})
            return None
        return int(answer["Attributes"][WAITING]) + int(answer["Attributes"][TAKEN])


def _named(found: Mapping[str, float], prefix: str) -> dict[str, float]:
    return {name.removeprefix(prefix): value for name, value in found.items() if name.startswith(prefix)}
