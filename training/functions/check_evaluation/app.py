"""Check Evaluation: read a model's figures; refuse it if it is not good enough, or the live one is better."""

import os
from typing import Any

from loupe_core.observability import observed
from loupe_core.settings import required
from loupe_training.aws_errors import translated
from loupe_training.clients import client
from loupe_training.evaluation import Evaluation

training_bucket = required(os.environ, "TRAINING_BUCKET")
s3 = client("s3")


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """{accuracy, testCount, perClass, classes, report}.

    Raises AccuracyTooLowError, LiveModelBetterError, AccessDeniedError, ServiceUnavailableError.
    """
    folder = f"runs/{event['run']}/evaluation/"
    with translated(f"s3:GetObject on s3://{training_bucket}/{folder}summary.json"):
        content = s3.get_object(Bucket=training_bucket, Key=f"{folder}summary.json")["Body"].read()
    evaluation = Evaluation.parse(content)
    evaluation.check(event["minimumAccuracy"], not_worse=event["notWorse"])
    return evaluation.summary(f"s3://{training_bucket}/{folder}")
