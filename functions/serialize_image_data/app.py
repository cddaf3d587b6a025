"""Serialize Image Data: read a picture and hand on its model input, in base64. Keep its thumbnails."""

import base64
import os
from typing import Any

from loupe_core.contract import ImageReference, SerializeRequest, contract, copy_key, place_digest
from loupe_core.observability import observed
from loupe_core.s3_images import S3Images
from loupe_core.settings import SerializeSettings
from loupe_imaging.copies import thumbnails
from loupe_imaging.faces import faces_copy, may_hold_faces, original_will_do
from loupe_imaging.normalise import model_input_with_pixels
from loupe_imaging.picture import Picture, read_picture

settings = SerializeSettings.from_environ(os.environ)
images = S3Images()


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """The contract with the model input; beside it what the picture is and where to look for faces."""
    request = SerializeRequest.parse(event)
    stored = images.get(request.image)
    picture = read_picture(stored.content)
    model_input, pixels = model_input_with_pixels(picture)
    image_data = base64.b64encode(model_input).decode("ascii")
    source = ImageReference(request.image.bucket, request.image.key, stored.version_id)
    faces = _for_faces(source, picture) if request.detect_faces and may_hold_faces(picture) else None
    return {
        **contract(request.image, image_data, []),
        "image": {
            "width": picture.width,
            "height": picture.height,
            "format": picture.format.value,
            "bytes": len(picture.content),
            "versionId": stored.version_id,
            "faces": faces and {"bucket": faces.bucket, "key": faces.key, "versionId": faces.version_id},
            "copies": _thumbnails(request, pixels),
        },
    }


def _thumbnails(request: SerializeRequest, pixels: Any) -> dict[str, str]:
    """Keys of the thumbnails, by the record's names."""
    made = thumbnails(pixels)
    keys = {}
    for attribute, side in (("previewKey", 640), ("thumbnailKey", 320)):
        keys[attribute] = copy_key(request.image, attribute)
        images.put(settings.processed_bucket, keys[attribute], made[side], request.claimed_at, "image/webp")
    return keys


def _for_faces(source: ImageReference, picture: Picture) -> ImageReference:
    """Where face detection may read the picture: the original, or a copy made for it."""
    if original_will_do(picture):
        return source
    # By version: another one may be classified at the same time.
    key = f"faces/{place_digest(source)}/{source.version_id or 'only'}.jpg"
    version = images.put(settings.processed_bucket, key, faces_copy(picture))
    return ImageReference(settings.processed_bucket, key, version)
