"""Record Outcome: the picture's record gets its final state, and people a message that says it."""

import os
from datetime import UTC, datetime
from typing import Any

from loupe_core.observability import observed
from loupe_core.recording import record_outcome
from loupe_core.records import ImagesTable
from loupe_core.s3_images import S3Images
from loupe_core.settings import RecordSettings

settings = RecordSettings.from_environ(os.environ)
table = ImagesTable(settings.images_table)
storage = S3Images()


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """`{outcome, notification, error}`: the execution's output, what SNS publishes, and how a failure is
    named.

    Raises SupersededError where the record is another's by now, InReviewError where a person decides,
    AccessDeniedError, RecordsUnavailableError and StorageUnavailableError.
    """
    return record_outcome(event, settings, table, storage, datetime.now(UTC))
