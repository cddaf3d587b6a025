"""What a run that was asked for it adds to a row: the faces on the picture, and a copy with labels and faces
drawn on it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from loupe_batch.faces import FacesNotDetectedError
from loupe_batch.names import Run
from loupe_batch.rows import Row
from loupe_batch.storage import Storage
from loupe_core.contract import Face
from loupe_core.inference import Prediction

Detect = Callable[[bytes], Sequence[Face]]
Draw = Callable[[bytes, Sequence[Prediction], Sequence[Face]], bytes]


@dataclass(frozen=True)
class Annotator:
    """`detect` finds faces in a picture's bytes; `draw` gives the annotated JPEG. None: not asked for."""

    run: Run
    storage: Storage
    detect: Detect | None
    draw: Draw | None

    def annotated(self, row: Row, content: bytes) -> Row:
        """The row with what was found, and where the copy is. Where face detection fails, the picture goes on
        without faces and the row keeps the error, as online.

        Raises CorruptImageError, AccessDeniedError and StorageUnavailableError.
        """
        faces: Sequence[Face] = ()
        if self.detect is not None:
            try:
                faces = self.detect(content)
                row = replace(row, faces=len(faces))
            except FacesNotDetectedError as error:
                row = replace(row, faces_error=str(error))
        if self.draw is not None:
            key = self.run.annotated_key(row.item.bucket, row.item.key)
            self.storage.put(key, self.draw(content, row.predictions, faces), "image/jpeg")
            row = replace(row, annotated=key)
        return row
