"""Classify Batch: a row a picture, for some tens of them."""

import os
from functools import cache
from typing import Any

from loupe_batch.annotating import Annotator
from loupe_batch.classify import Batch, BatchClassifier, Endpoint
from loupe_batch.faces import FaceDetector
from loupe_batch.pictures import annotated_copy, for_faces, input_of_model
from loupe_batch.recording import recorder
from loupe_batch.sagemaker import Hosting, diagnosis
from loupe_batch.settings import ClassifySettings
from loupe_batch.storage import Storage
from loupe_core.classifier_function import ClassifierFunction
from loupe_core.endpoint import ClassificationEndpoint
from loupe_core.observability import observed
from loupe_core.records import ImagesTable
from loupe_core.s3_images import S3Images

# Well below the function's own time, of which a batch has many pictures' worth.
ENDPOINT_TIMEOUT_SECONDS = 20.0

settings = ClassifySettings.from_environ(os.environ)
storage = Storage(settings.batch_bucket)
images = S3Images()
table = ImagesTable(settings.images_table)
diagnose = diagnosis(Hosting())


@cache
def _endpoint(name: str) -> Endpoint:
    if name.startswith("arn:"):
        return ClassifierFunction(name, ENDPOINT_TIMEOUT_SECONDS)
    return ClassificationEndpoint(name, ENDPOINT_TIMEOUT_SECONDS, diagnose=diagnose)


@cache
def _faces() -> FaceDetector:
    return FaceDetector(for_faces)


def _annotator(batch: Batch) -> Annotator | None:
    """None where the run asks for nothing that is beside the rows."""
    if not (batch.annotate or batch.faces):
        return None
    detect = _faces().detect if batch.faces else None
    return Annotator(batch.run, storage, detect, annotated_copy if batch.annotate else None)


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """{part, pictures, classified, rejected, failed, rest, functionMs} of a batch (loupe_batch.classify)."""
    batch = Batch.parse(event)
    annotator = _annotator(batch)
    return BatchClassifier(
        batch,
        storage,
        images,
        _endpoint(batch.endpoint),
        input_of_model,
        settings.role,
        settings.labels,
        settings.threads,
        context.get_remaining_time_in_millis,
        recorder(batch.run, batch.threshold, table, images).record if batch.record else None,
        annotator.annotated if annotator else None,
    ).run()
