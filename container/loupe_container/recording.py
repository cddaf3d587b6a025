"""From an upload to its item in the predictions table. No handler, no environment."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from loupe_container.predictions import Item
from loupe_container.uploads import Upload
from loupe_core.contract import ImageReference, place_digest
from loupe_core.errors import (
    CorruptImageError,
    ImageNotFoundError,
    ImageTooLargeError,
    LoupeError,
    UnsupportedImageError,
)
from loupe_core.inference import TOP, ranked_predictions
from loupe_core.s3_images import StoredImage
from loupe_imaging.formats import image_format
from model import errors as model_errors

# What is wrong with the picture itself: it is recorded. Anything else is wrong with us or AWS: it is raised,
# so that Lambda tries again and at last leaves the event in the dead-letter queue.
PICTURES_FAULTS = (UnsupportedImageError, CorruptImageError, ImageTooLargeError, ImageNotFoundError)


class Pictures(Protocol):
    def get(self, image: ImageReference) -> StoredImage: ...


class Model(Protocol):
    @property
    def name(self) -> str: ...

    def answer(self, picture: bytes) -> dict[str, object]: ...


class Table(Protocol):
    def put(self, item: Item) -> bool: ...


@dataclass(frozen=True)
class Recorder:
    """Classifies uploads and records what came of them."""

    pictures: Pictures
    model: Model
    table: Table
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def record(self, upload: Upload) -> Item:
        """The item; `{predictionId, status: DUPLICATE}` where this upload, or a later one, is there already.

        Raises LoupeError for what is no fault of the picture.
        """
        image = upload.image
        item: Item = {
            "predictionId": place_digest(image),
            "bucket": image.bucket,
            "key": image.key,
            "sequencer": upload.sequencer,
        }
        try:
            stored = self.pictures.get(image)
            item |= {"versionId": stored.version_id or "", **self._classify(stored.content)}
        except PICTURES_FAULTS as error:
            told = {"name": type(error).__name__, "cause": str(error)}
            item |= {"versionId": image.version_id or "", "status": "FAILED", "error": told}
        item["classifiedAt"] = self.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        if not self.table.put(item):
            return {"predictionId": item["predictionId"], "status": "DUPLICATE"}
        return item

    def _classify(self, content: bytes) -> Item:
        image_format(content)
        try:
            answer = self.model.answer(content)
        except model_errors.ImageTooLargeError as error:
            raise ImageTooLargeError(f"The picture is too large: {error}.") from error
        except model_errors.UnreadableImageError as error:
            raise CorruptImageError(f"The file is damaged: {error}.") from error
        best = ranked_predictions(answer)[:TOP]
        return {
            "status": "CLASSIFIED",
            "className": best[0].label,
            "confidence": best[0].score,
            "predictions": [prediction.as_json() for prediction in best],
            "model": self.model.name,
        }


def record_all(recorder: Recorder, uploads: list[Upload]) -> list[Item]:
    """Record every upload; one that fails keeps none of the others from it, and is raised at the end."""
    results, failure = [], None
    for upload in uploads:
        try:
            results.append(recorder.record(upload))
        except LoupeError as error:
            failure = failure or error
    if failure is not None:
        raise failure
    return results
