"""What classify_batch makes of a picture's bytes.

One picture is decoded at a time: a function of one vCPU gains nothing by two, which could take its memory.
"""

import threading
from collections.abc import Sequence

from loupe_core.contract import Face
from loupe_core.inference import Prediction
from loupe_imaging.annotate import Box, annotate
from loupe_imaging.faces import MAX_COPY_BYTES, faces_copy, may_hold_faces, original_will_do
from loupe_imaging.normalise import model_input
from loupe_imaging.picture import read_picture

_decoding = threading.Lock()


def input_of_model(content: bytes) -> bytes:
    """Raises UnsupportedImageError, CorruptImageError, ImageTooLargeError, as all here do."""
    with _decoding:
        return model_input(read_picture(content))


def for_faces(content: bytes) -> bytes | None:
    """The picture as Rekognition takes it in a request; None where it takes none of this size."""
    with _decoding:
        picture = read_picture(content)
        if not may_hold_faces(picture):
            return None
        fits = original_will_do(picture) and len(content) < MAX_COPY_BYTES
        return content if fits else faces_copy(picture)


def annotated_copy(content: bytes, predictions: Sequence[Prediction], faces: Sequence[Face]) -> bytes:
    """A JPEG with the best labels and the faces' boxes drawn on it, at most 1000 pixels wide."""
    with _decoding:
        labels = [(each.label, each.score) for each in predictions]
        boxes = [Box(face.left, face.top, face.width, face.height) for face in faces]
        return annotate(read_picture(content), labels, boxes).content
