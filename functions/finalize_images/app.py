"""Finalize Images: what an execution left pending is recorded and notified, whatever became of the
execution.
"""

import os
from datetime import UTC, datetime
from typing import Any

from loupe_core.executions import Executions
from loupe_core.finalizing import Finalizer, execution_of
from loupe_core.observability import observed
from loupe_core.records import ImagesTable
from loupe_core.s3_images import S3Images
from loupe_core.settings import FinalizeSettings
from loupe_core.topic import Topic

settings = FinalizeSettings.from_environ(os.environ)
finalizer = Finalizer(
    table=ImagesTable(settings.images_table),
    storage=S3Images(),
    topic=Topic(settings.topic_arn),
    executions=Executions(),
    processed_bucket=settings.processed_bucket,
    now=lambda: datetime.now(UTC),
    machine_arn=settings.machine_arn,
)


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Takes the queue's messages (one at a time), SNS's, or the schedule's event.

    Raises what AWS refuses, so that the message comes back, or the schedule's alarm rings.
    """
    records = event.get("Records", [])
    if not records:
        return finalizer.finish_pending()
    for record in records:
        if "Sns" in record:
            attributes = record["Sns"]["MessageAttributes"]
            names = ("imageId", "claimId", "status")
            finalizer.acknowledge(*(attributes[name]["Value"] for name in names))
        else:
            finalizer.finish_execution(execution_of(record["body"]))
    return {}
