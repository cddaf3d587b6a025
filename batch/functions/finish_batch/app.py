"""Finish Batch: make a report of a run's rows."""

import os
from datetime import UTC, datetime
from typing import Any

from loupe_batch.finish import Finish
from loupe_batch.names import Run
from loupe_batch.recording import recorder
from loupe_batch.settings import FinishSettings
from loupe_batch.storage import Storage
from loupe_batch.thumbnails import Thumbnails
from loupe_core.observability import observed
from loupe_core.records import ImagesTable
from loupe_core.s3_images import S3Images

settings = FinishSettings.from_environ(os.environ)
storage = Storage(settings.batch_bucket)
images = S3Images()
thumbnails = Thumbnails(images)
table = ImagesTable(settings.images_table)


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """The run's outcome, of `{plan, failure}`, where `failure` is null or {error, cause}."""
    plan = event["plan"]
    ask = recorder(Run(plan["run"]), plan["threshold"], table, images).ask_person
    return Finish(plan, event["failure"], storage, thumbnails.of, datetime.now(UTC), ask).finish()
