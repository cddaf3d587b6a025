"""Record Prediction: called for each upload; classifies it and keeps one item of it."""

import os
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from loupe_container.own_model import OwnModel
from loupe_container.predictions import PredictionsTable
from loupe_container.recording import Recorder, record_all
from loupe_container.settings import ModelSettings, table_name
from loupe_container.uploads import parse_uploads
from loupe_core.observability import logger, metrics, observed
from loupe_core.s3_images import S3Images

recorder = Recorder(
    S3Images(),
    OwnModel(ModelSettings.from_environ(os.environ)).warm(),
    PredictionsTable(table_name(os.environ)),
)
TOLD = ("predictionId", "status", "className", "confidence", "error")


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """`{"results": [{predictionId, status, className, confidence}]}`, an item a picture in the event."""
    results = record_all(recorder, parse_uploads(event))
    for item in results:
        if item["status"] == "FAILED":
            # Nobody reads the answer of an asynchronous invocation: the alarm and the log tell.
            metrics.add_metric(name="PicturesFailed", unit=MetricUnit.Count, value=1)
            told = {"predictionId": item["predictionId"], "error": item["error"]["name"]}
            logger.warning("a picture could not be classified", extra=told)
    return {"results": [{name: item[name] for name in TOLD if name in item} for item in results]}
