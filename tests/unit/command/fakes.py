"""A cloud in memory: what the command's logic asks of one."""

import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from loupe.errors import ServiceError
from loupe.pictures import S3Location
from loupe.results import Execution, Record

STARTED = datetime(2026, 1, 31, 12, tzinfo=UTC)


class FakeWorkflow:
    """Executions that end after some descriptions, as the picture's name says.

    `seven.png` is classified, `blurred.png` refused, `broken.png` fails, `stuck.png` never ends, `twin.png`
    is a
    duplicate, `locked.png` can't be started.
    """

    def __init__(self, describes_until_end: int = 2) -> None:
        self.payloads: list[dict[str, Any]] = []
        self.uploads: list[S3Location] = []
        self.records: dict[str, Record] = {}
        self.most_at_once = 0
        self._left: dict[str, int] = {}
        self._describes_until_end = describes_until_end
        self._lock = threading.Lock()

    def upload(self, path: Path, key: str) -> S3Location:
        location = S3Location("uploads", key)
        self.uploads.append(location)
        return location

    def start(self, payload: dict[str, Any]) -> str:
        if payload["s3_key"].endswith("locked.png"):
            raise ServiceError("StartExecution: too many of them (ExecutionLimitExceeded)")
        with self._lock:
            self.payloads.append(payload)
            arn = f"arn:execution:{len(self.payloads)}:{payload['s3_key'].rpartition('/')[2]}"
            self._left[arn] = self._describes_until_end
            self.most_at_once = max(self.most_at_once, sum(left > 0 for left in self._left.values()))
        return arn

    def describe(self, execution_arn: str) -> Execution:
        with self._lock:
            self._left[execution_arn] -= 1
            if execution_arn.endswith("stuck.png") or self._left[execution_arn] > 0:
                return Execution(execution_arn, "RUNNING", STARTED)
        return ending(execution_arn, execution_arn.rpartition(":")[2])

    def record(self, bucket: str, key: str) -> Record | None:
        return self.records.get(f"{bucket}/{key}")


def ending(arn: str, name: str) -> Execution:
    """The ended execution of a picture, by its name."""
    stopped = STARTED + timedelta(milliseconds=420)
    if name == "blurred.png":
        cause = (
            "THRESHOLD_CONFIDENCE_NOT_MET: the best label is 3 with 61.0 %, below the threshold of 93.0 %."
        )
        return Execution(arn, "FAILED", STARTED, stopped, error="ThresholdConfidenceNotMetError", cause=cause)
    if name == "broken.png":
        cause = json.dumps({"errorMessage": "broken.png ends too soon.", "errorType": "CorruptImageError"})
        return Execution(arn, "FAILED", STARTED, stopped, error="CorruptImageError", cause=cause)
    if name == "twin.png":
        return Execution(arn, "SUCCEEDED", STARTED, stopped, output='{"status": "DUPLICATE", "imageId": "x"}')
    return Execution(arn, "SUCCEEDED", STARTED, stopped, output=json.dumps(classified()))


def classified() -> dict[str, Any]:
    """A successful execution's output."""
    predictions = [{"label": "7", "score": 0.98}, {"label": "1", "score": 0.01}]
    return {
        "status": "CLASSIFIED",
        "imageId": "0" * 32,
        "label": "7",
        "confidence": 0.98,
        "predictions": predictions,
        "faceDetected": False,
        "faces": [],
        "processedKey": "console/seven.png",
        "title": "7 - 98.0%",
    }
