"""Prepare Items: write the list of the pictures that a source names."""

import os
from typing import Any

from loupe_batch.prepare import Preparation
from loupe_batch.recorded import RecordedPictures
from loupe_batch.settings import PrepareSettings
from loupe_batch.storage import Storage
from loupe_core.observability import observed

settings = PrepareSettings.from_environ(os.environ)
storage = Storage(settings.batch_bucket)
recorded = RecordedPictures(settings.images_table)


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """{listed, pictures, carried, folderMarkers, repeated, bytes} of `{plan}`.

    Raises SourceNotFoundError, SourceUnreadableError, SourceTooLargeError, EmptySourceError,
    RunNotFoundError, AccessDeniedError, StorageUnavailableError, RecordsUnavailableError.
    """
    remaining = context.get_remaining_time_in_millis
    preparation = Preparation(event["plan"], storage, settings.uploads_bucket, recorded.older_than, remaining)
    return dict(preparation.prepare())
