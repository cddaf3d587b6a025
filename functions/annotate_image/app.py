"""Annotate Image: write a copy of the picture with its best labels and the faces' boxes drawn on it, and one
to look at that has nothing drawn on it and no metadata.
"""

import os
from typing import Any

from loupe_core.contract import AnnotateRequest, copy_key
from loupe_core.inference import TOP
from loupe_core.observability import observed
from loupe_core.s3_images import S3Images
from loupe_core.settings import AnnotateSettings
from loupe_imaging.annotate import Box, annotate
from loupe_imaging.picture import read_picture

settings = AnnotateSettings.from_environ(os.environ)
images = S3Images()


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """The key of the annotated picture in the processed bucket, which is the picture's own, and its size; and
    the key of the display copy.
    """
    request = AnnotateRequest.parse(event)
    picture = read_picture(images.get(request.image).content)
    annotated = annotate(
        picture,
        [(prediction.label, prediction.score) for prediction in request.predictions[:TOP]],
        [Box(face.left, face.top, face.width, face.height) for face in request.faces],
    )
    display_key = copy_key(request.image, "displayKey")
    images.put(settings.processed_bucket, display_key, annotated.display, request.claimed_at)
    images.put(settings.processed_bucket, request.image.key, annotated.content, request.claimed_at)
    return {
        "processedKey": request.image.key,
        "displayKey": display_key,
        "width": annotated.width,
        "height": annotated.height,
    }
