"""Check Copy: count what was copied, and say what failed."""

import os
from typing import Any

from loupe_core.observability import observed
from loupe_core.settings import required
from loupe_training.clients import client
from loupe_training.copy_check import check_copy, failed_children
from loupe_training.datasets import Datasets
from loupe_training.request import Place
from loupe_training.survey import Survey

# Left for the answer: the next call goes on.
RESERVE_MS = 60_000

training_bucket = required(os.environ, "TRAINING_BUCKET")
s3 = client("s3")
datasets = Datasets(s3)


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """{survey, token}; when `token` is null, the copy is whole.

    Raises AccessDeniedError, DatasetChangedError, CopyFailedError, ServiceUnavailableError.
    """
    copy = Place(training_bucket, event["target"])
    found = datasets.survey(
        copy, event.get("progress") or {}, lambda: context.get_remaining_time_in_millis() > RESERVE_MS
    )
    if not found.token:
        failures = failed_children(s3, event["results"]["Bucket"], event["results"]["Key"])
        source = Place(event["bucket"], event["prefix"])
        check_copy(source, Survey.parse(event["survey"]), found.survey, failures)
    return found.to_dict()
