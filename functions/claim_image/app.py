"""Claim Image: one execution at a time has a picture, and each version of it is classified once."""

import os
from datetime import UTC, datetime
from typing import Any

from loupe_core.claiming import claim_image
from loupe_core.executions import Executions
from loupe_core.observability import observed
from loupe_core.records import ImagesTable
from loupe_core.s3_images import S3Images
from loupe_core.settings import ClaimSettings

settings = ClaimSettings.from_environ(os.environ)
images = S3Images()
table = ImagesTable(settings.images_table)
executions = Executions()


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """The claim, and what the execution shall do with the picture.

    Raises DuplicateError where there is nothing to do, ImageNotFoundError for a person who asks for a deleted
    picture, InvalidInputError, AccessDeniedError and RecordsUnavailableError.
    """
    return claim_image(event, settings, table, images, executions, datetime.now(UTC))
