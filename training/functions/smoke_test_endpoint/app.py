"""Smoke Test Endpoint: ask a trial endpoint for pictures whose answers its model's evaluation knows."""

from typing import Any

from loupe_core.endpoint import ClassificationEndpoint
from loupe_core.observability import observed
from loupe_core.s3_images import S3Images
from loupe_core.smoke_test import SmokeTestRequest, read_pictures, smoke_test

TIMEOUT_SECONDS = 25.0

images = S3Images()


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """How many pictures were answered as expected. Raises SmokeTestFailedError if any was not."""
    request = SmokeTestRequest.parse(event)
    pictures = read_pictures(images.get(request.pictures).content)
    endpoint = ClassificationEndpoint(request.endpoint_name, TIMEOUT_SECONDS)
    return {"pictures": smoke_test(endpoint.infer, pictures, request.endpoint_name)}
