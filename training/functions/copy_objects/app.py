"""Copy Objects: a batch of a dataset, server-side, into the training bucket."""

import os
from typing import Any

from loupe_core.observability import observed
from loupe_core.settings import required
from loupe_training.clients import client
from loupe_training.datasets import Datasets
from loupe_training.request import Place

training_bucket = required(os.environ, "TRAINING_BUCKET")
datasets = Datasets(client("s3"))


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """{"copied"}. Raises AccessDeniedError, DatasetChangedError, ServiceUnavailableError."""
    batch = event["BatchInput"]
    place = Place(batch["bucket"], batch["prefix"])
    return {"copied": datasets.copy(event["Items"], place, training_bucket, batch["target"])}
