"""The picture as face detection may read it: Rekognition takes JPEG and PNG, within limits."""

from loupe_imaging.decode import fitted
from loupe_imaging.formats import ImageFormat
from loupe_imaging.picture import Picture

# Rekognition's limits for an object in S3, and the room that is kept below them for a copy.
MAX_ORIGINAL_BYTES = 15 * 1024 * 1024
MAX_COPY_BYTES = 5 * 1000 * 1000
MIN_SIDE = 80
MAX_SIDE = 4096
QUALITIES = (90, 80, 70)
SMALLER = 0.75


def may_hold_faces(picture: Picture) -> bool:
    """Whether Rekognition takes a picture of this size at all."""
    return picture.shortest >= MIN_SIDE


def original_will_do(picture: Picture) -> bool:
    """Whether Rekognition can read the original. It heeds a JPEG's EXIF orientation, not a PNG's."""
    return (
        (picture.format is ImageFormat.JPEG or (picture.format is ImageFormat.PNG and picture.upright))
        and picture.plain
        and len(picture.content) <= MAX_ORIGINAL_BYTES
        and picture.longest <= MAX_SIDE
    )


def faces_copy(picture: Picture) -> bytes:
    """An upright JPEG under 5 MB, within 4096 pixels unless its shorter side would drop under 80.

    Raises CorruptImageError.
    """
    scale = min(1.0, max(MAX_SIDE / picture.longest, MIN_SIDE / picture.shortest))
    image = fitted(picture, max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    while True:
        for quality in QUALITIES:
            content: bytes = image.jpegsave_buffer(Q=quality, keep="none")
            if len(content) < MAX_COPY_BYTES:
                return content
        image = image.resize(SMALLER)
