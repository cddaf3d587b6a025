"""Small copies of pictures for the report."""

from loupe_batch.rows import Row
from loupe_core.errors import LoupeError
from loupe_core.s3_images import S3Images
from loupe_imaging.decode import fitted
from loupe_imaging.picture import read_picture

MAX_SIDE = 200
QUALITY = 80


class Thumbnails:
    """Made anew of the pictures, since nothing is kept of them while they are classified."""

    def __init__(self, images: S3Images) -> None:
        self._images = images

    def of(self, row: Row) -> bytes | None:
        """A JPEG; None for a picture that cannot be read any more."""
        try:
            return thumbnail(self._images.get(row.item.image).content)
        except LoupeError:
            return None


def thumbnail(content: bytes) -> bytes:
    """A JPEG. Raises UnsupportedImageError, CorruptImageError, ImageTooLargeError."""
    picture = read_picture(content)
    scale = min(1.0, MAX_SIDE / picture.longest)
    width, height = (max(1, round(side * scale)) for side in (picture.width, picture.height))
    image = fitted(picture, width, height, for_eyes=True)
    return bytes(image.jpegsave_buffer(Q=QUALITY, keep="none"))
