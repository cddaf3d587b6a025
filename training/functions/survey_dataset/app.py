"""Survey Dataset: count what lies under a prefix, and say where its copy lies."""

import os
from typing import Any

from loupe_core.observability import observed
from loupe_core.settings import required
from loupe_training.clients import client
from loupe_training.datasets import Datasets
from loupe_training.errors import DatasetNotFoundError
from loupe_training.request import Place
from loupe_training.survey import disk_gigabytes

# Left for the answer: the next call goes on.
RESERVE_MS = 60_000

training_bucket = required(os.environ, "TRAINING_BUCKET")
datasets = Datasets(client("s3"))


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """{survey, token} and, once `token` is null, {target, inPlace, uri, diskGigabytes}.

    Raises DatasetNotFoundError, AccessDeniedError, ServiceUnavailableError.
    """
    place = Place(event["bucket"], event["prefix"])
    found = datasets.survey(
        place, event.get("progress") or {}, lambda: context.get_remaining_time_in_millis() > RESERVE_MS
    )
    if found.token:
        return found.to_dict()
    if not found.survey.objects:
        raise DatasetNotFoundError(f"There are no objects under {place}.")
    in_place = place.bucket == training_bucket
    target = place.prefix if in_place else found.survey.prefix(place.bucket)
    return found.to_dict() | {
        "inPlace": in_place,
        "target": target,
        "uri": f"s3://{training_bucket}/{target}",
        "diskGigabytes": disk_gigabytes(found.survey.bytes),
    }
