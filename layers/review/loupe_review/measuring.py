"""How far what comes now is from what the live model was evaluated on, for the alarm that says so."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from loupe_core.claims import iso
from loupe_core.errors import RecordsUnavailableError
from loupe_review.drift import Guess, Shift, class_shift, confidence_shift
from loupe_review.publishing import named_errors
from loupe_review.serving import CONFIG

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient

# What is looked at: a week, and of each status the newest so many of it.
LOOKED_BACK = timedelta(days=7)
MAX_PICTURES_A_STATUS = 1000
# The training workflow gives it to each model: where its report is.
REPORT_TAG = "loupe:report"


@dataclass(frozen=True)
class Evaluated:
    """When a model was made, and evaluation.json; None where it has none, as one that was brought."""

    made: datetime
    evaluation: dict[str, Any] | None


class Pictures(Protocol):
    """The Images table, as measuring uses it."""

    def guesses(self, since: str, most: int) -> list[Guess]: ...


class Evaluations:
    """What the training workflow measured of SageMaker's models."""

    def __init__(
        self, bucket: str, sagemaker: "SageMakerClient | None" = None, s3: "S3Client | None" = None
    ) -> None:
        self._bucket = bucket
        self._sagemaker: Any = sagemaker or boto3.client("sagemaker", config=CONFIG)
        self._s3: Any = s3 or boto3.client("s3", config=CONFIG)

    def of(self, model: str) -> Evaluated:
        """Raises AccessDeniedError and RecordsUnavailableError."""
        try:
            described = self._sagemaker.describe_model(ModelName=model)
            tags = self._sagemaker.list_tags(ResourceArn=described["ModelArn"])["Tags"]
        except (ClientError, BotoCoreError) as error:
            raise RecordsUnavailableError(
                f"SageMaker does not describe the model {model}: {error}"
            ) from error
        report = {each["Key"]: each["Value"] for each in tags}.get(REPORT_TAG, "")
        return Evaluated(described["CreationTime"], self.of_report(report))

    def of_report(self, report: str) -> dict[str, Any] | None:
        """evaluation.json of a report in the training bucket; None where there is none. Raises
        AccessDeniedError and RecordsUnavailableError.
        """
        place = f"s3://{self._bucket}/"
        if not self._bucket or not report.startswith(place):
            return None
        key = f"{report.removeprefix(place).rstrip('/')}/evaluation.json"
        try:
            with named_errors(f"s3:GetObject on {self._bucket}"):
                body = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except KeyError:
            return None
        found: dict[str, Any] = json.loads(body)
        return found


@dataclass(frozen=True)
class DriftMeter:
    """Measures drift of the live model's pictures."""

    model: Callable[[], str]
    evaluations: Evaluations
    pictures: Pictures
    now: Callable[[], datetime]

    def measure(self) -> dict[str, Any]:
        """`{model, pictures, confidenceShift, classShift, drift}`, of the pictures since the model was made,
        a week at most. `drift` is the larger of the two indexes, 0 where chance explains it or nothing can be
        said.

        Raises AccessDeniedError and RecordsUnavailableError.
        """
        model = self.model()
        if not model:
            return measured("", 0, None, None)
        evaluated = self.evaluations.of(model)
        if evaluated.evaluation is None:
            return measured(model, 0, None, None)
        since = max(evaluated.made, self.now() - LOOKED_BACK)
        seen = self.pictures.guesses(iso(since), MAX_PICTURES_A_STATUS)
        confidence = confidence_shift(evaluated.evaluation, seen)
        return measured(model, len(seen), confidence, class_shift(evaluated.evaluation, seen))


def measured(model: str, pictures: int, confidence: Shift | None, classes: Shift | None) -> dict[str, Any]:
    """What is logged; the template makes a metric of `drift`."""
    shifts = [each for each in (confidence, classes) if each is not None]
    return {
        "model": model,
        "pictures": pictures,
        "confidenceShift": round(confidence.index, 4) if confidence else None,
        "classShift": round(classes.index, 4) if classes else None,
        "drift": round(max((each.index for each in shifts if each.verdict != "none"), default=0.0), 4),
    }
