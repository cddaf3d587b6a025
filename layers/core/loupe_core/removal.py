"""What is left of a deleted picture goes: a late upload, and what was made of it."""

from datetime import timedelta
from typing import Protocol

from loupe_core.contract import COPIES, ImageReference, copy_key, place_digest

# Who removes a deleted picture has so long for it; then the next run of finalize_images' schedule does it.
REMOVAL_LEASE = timedelta(minutes=2)
# The version of a picture that has none, as S3 calls it: DynamoDB's sets hold no empty text.
NO_VERSION = "null"


class Pictures(Protocol):
    """S3, as removal uses it."""

    def delete(self, image: ImageReference) -> None: ...


def remove_upload(pictures: Pictures, processed_bucket: str, image: ImageReference) -> None:
    """Remove a version of a picture whose deletion was asked for, and what was made of it.

    Without a version the upload stays: its key may hold a newer picture. Raises AccessDeniedError and
    StorageUnavailableError.
    """
    if image.version_id:
        pictures.delete(image)
    remove_made(pictures, processed_bucket, image)


def remove_made(pictures: Pictures, processed_bucket: str, image: ImageReference) -> None:
    """Remove what was made of a version of a picture."""
    for_faces = f"faces/{place_digest(image)}/{image.version_id or 'only'}.jpg"
    for made in (image.key, for_faces, *(copy_key(image, each) for each in COPIES)):
        pictures.delete(ImageReference(processed_bucket, made))
