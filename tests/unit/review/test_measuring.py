"""The drift that the alarm looks at: of the live model's pictures, against its own evaluation."""

from __future__ import annotations

import io
import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from loupe_core.claims import iso
from loupe_core.errors import AccessDeniedError, RecordsUnavailableError
from loupe_review.drift import Guess
from loupe_review.images import Said
from loupe_review.measuring import DriftMeter, Evaluations
from tests.unit.review.test_quality import EVALUATION
from tests.unit.review.test_rules import NOON


def said(confidence: float, label: str) -> Said:
    return Said(confidence, label, NOON, "", "")


REPORT = "s3://training/runs/one/evaluation/"
SCORES = [0.62 if number % 5 == 0 else 0.99 for number in range(200)]
AS_EVALUATED = [said(score, ("cat", "dog")[number % 2]) for number, score in enumerate(SCORES)]


class Aws:
    """SageMaker's models with their tags, S3's reports, and the pictures since a moment."""

    def __init__(self, seen: list[Said]) -> None:
        self.seen, self.made, self.report = seen, NOON - timedelta(days=30), REPORT
        self.denied, self.missing = "", False
        self.since = ""

    def describe_model(self, ModelName: str) -> dict[str, Any]:  # noqa: N803
        if self.denied == "sagemaker":
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "DescribeModel")
        return {"ModelArn": f"arn:model/{ModelName}", "CreationTime": self.made}

    def list_tags(self, ResourceArn: str) -> dict[str, Any]:  # noqa: N803
        assert ResourceArn == "arn:model/one"
        return {"Tags": [{"Key": "loupe:report", "Value": self.report}] if self.report else []}

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        if self.denied == "s3" or self.missing:
            code = "AccessDenied" if self.denied else "NoSuchKey"
            raise ClientError({"Error": {"Code": code, "Message": "no"}}, "GetObject")
        assert (Bucket, Key) == ("training", "runs/one/evaluation/evaluation.json")
        return {"Body": io.BytesIO(json.dumps(EVALUATION).encode())}

    def guesses(self, since: str, most: int) -> list[Guess]:
        self.since = since
        return list(self.seen[:most])


def measured(aws: Any, model: str = "one", now: datetime = NOON) -> dict[str, Any]:
    return DriftMeter(lambda: model, Evaluations("training", aws, aws), aws, lambda: now).measure()


def test_what_comes_as_in_the_evaluation_is_no_drift() -> None:
    found = measured(Aws(AS_EVALUATED))
    assert (found["model"], found["pictures"], found["drift"]) == ("one", 200, 0.0)
    assert found["confidenceShift"] is not None


@pytest.mark.parametrize("seen", [[said(0.62, "cat")] * 200, [said(score, "cat") for score in SCORES]])
def test_less_sure_answers_or_other_classes_are(seen: list[Said]) -> None:
    assert measured(Aws(seen))["drift"] > 0.25


def test_what_chance_explains_counts_as_nothing() -> None:
    found = measured(Aws([said(0.62, "cat"), said(0.99, "dog")]))
    assert found["confidenceShift"] > 0.25
    assert found["drift"] == 0


def test_pictures_are_of_a_week_and_of_this_model_alone() -> None:
    aws = Aws(AS_EVALUATED)
    measured(aws)
    assert aws.since == iso(NOON - timedelta(days=7))
    aws.made = NOON - timedelta(hours=5)
    measured(aws)
    assert aws.since == iso(aws.made)


@pytest.mark.parametrize("report", ["", "s3://another/runs/one/"])
def test_a_model_without_an_evaluation_drifts_from_nothing(report: str) -> None:
    aws = Aws(AS_EVALUATED)
    aws.report = report
    assert measured(aws)["drift"] == 0
    aws.report, aws.missing = REPORT, True
    assert measured(aws)["drift"] == 0
    assert measured(aws, model="")["pictures"] == 0


@pytest.mark.parametrize(
    ("denied", "error"), [("s3", AccessDeniedError), ("sagemaker", RecordsUnavailableError)]
)
def test_what_aws_refuses_is_raised_so_that_the_alarm_rings(denied: str, error: type[Exception]) -> None:
    aws = Aws(AS_EVALUATED)
    aws.denied = denied
    with pytest.raises(error):
        measured(aws)
