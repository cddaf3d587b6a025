"""What the routes work with, made of AWS's clients when a route first needs it."""

from datetime import UTC, datetime
from functools import cached_property
from typing import Protocol

import boto3
from botocore.config import Config

from loupe_api.deleting import DELETED_IN_PARALLEL
from loupe_api.executions import Executions
from loupe_api.gallery import Gallery
from loupe_api.group_table import GroupTable
from loupe_api.image_table import ImageTable
from loupe_api.live_model import LiveModel
from loupe_api.metrics import Metrics, PendingRecords, UndeliveredEvents
from loupe_api.objects import SIGNING, ImageObjects
from loupe_api.operating import Operating
from loupe_api.predictor import Classifier, Predictor
from loupe_api.quality import MAX_PICTURES_A_STATUS, MAX_REVIEWS, QualityFigures
from loupe_api.reviewing import Reviewing
from loupe_api.runs import Runs
from loupe_api.settings import ApiSettings

# API Gateway waits 30 s at most: fail before it does, with a reason.
PATIENCE = Config(
    connect_timeout=2,
    read_timeout=8,
    retries={"total_max_attempts": 3, "mode": "standard"},
    max_pool_connections=DELETED_IN_PARALLEL,
)


class Services(Protocol):
    """What the routes need."""

    @property
    def gallery(self) -> Gallery: ...

    @property
    def predictor(self) -> Predictor: ...

    @property
    def predict_open(self) -> bool: ...

    @property
    def reads_open(self) -> bool: ...

    @property
    def reviewing(self) -> Reviewing | None: ...

    @property
    def quality(self) -> QualityFigures | None: ...

    @property
    def live_model(self) -> LiveModel: ...

    @property
    def runs(self) -> Runs: ...

    @property
    def operating(self) -> Operating: ...


class AwsServices:
    """The real ones. Listing groups loads neither libvips nor SageMaker's client; predicting, no DynamoDB."""

    def __init__(self, settings: ApiSettings) -> None:
        self._settings = settings
        self.predict_open = settings.predict_open
        self.reads_open = settings.reads_open

    @cached_property
    def gallery(self) -> Gallery:
        settings = self._settings
        dynamodb = boto3.client("dynamodb", config=PATIENCE)
        s3 = boto3.client("s3", config=PATIENCE.merge(SIGNING))
        return Gallery(
            GroupTable(dynamodb, settings.groups_table),
            ImageTable(dynamodb, settings.images_table, settings.groups_table),
            ImageObjects(s3, settings.uploads_bucket, settings.processed_bucket),
            Executions(boto3.client("stepfunctions", config=PATIENCE), settings.classify_machine),
            page_origin=settings.page_origin,
        )

    @cached_property
    def reviewing(self) -> Reviewing | None:
        """None where the review stack is not deployed."""
        if not self._settings.reviews_table:
            return None
        from loupe_review.correcting import Corrector
        from loupe_review.desk import Desk
        from loupe_review.images import ReviewedImages
        from loupe_review.table import ReviewsTable

        settings = self._settings
        dynamodb = boto3.client("dynamodb", config=PATIENCE)
        s3 = boto3.client("s3", config=PATIENCE.merge(SIGNING))
        desk = Desk(ReviewsTable(settings.reviews_table, dynamodb), _now)
        return Reviewing(
            desk,
            Corrector(desk, ReviewedImages(settings.images_table, dynamodb), _now),
            ImageTable(dynamodb, settings.images_table, settings.groups_table),
            ImageObjects(s3, settings.uploads_bucket, settings.processed_bucket),
        )

    @cached_property
    def quality(self) -> QualityFigures | None:
        """None where the review stack is not deployed."""
        if not self._settings.reviews_table:
            return None
        from loupe_review.images import ReviewedImages
        from loupe_review.measuring import Evaluations
        from loupe_review.quality_reading import QualityReader, StackVersions
        from loupe_review.serving import LiveModel as ServedModel
        from loupe_review.table import ReviewsTable

        settings = self._settings
        dynamodb = boto3.client("dynamodb", config=PATIENCE)
        sagemaker = boto3.client("sagemaker", config=PATIENCE)
        evaluations = Evaluations(settings.training_bucket, sagemaker, boto3.client("s3", config=PATIENCE))
        live = ServedModel(settings.endpoint_name, _now, sagemaker)
        reader = QualityReader(
            ReviewsTable(settings.reviews_table, dynamodb),
            ReviewedImages(settings.images_table, dynamodb),
            StackVersions(settings.core_stack, live.name, evaluations, sagemaker),
            MAX_PICTURES_A_STATUS,
            MAX_REVIEWS,
        )
        return QualityFigures(reader, _now)

    @cached_property
    def live_model(self) -> LiveModel:
        settings = self._settings
        return LiveModel(
            settings.endpoint_name,
            settings.confidence_threshold,
            boto3.client("sagemaker", config=PATIENCE),
            boto3.client("s3", config=PATIENCE),
            _now,
            settings.classifier_function,
        )

    @cached_property
    def operating(self) -> Operating:
        settings = self._settings
        dynamodb = boto3.client("dynamodb", config=PATIENCE)
        s3 = boto3.client("s3", config=PATIENCE.merge(SIGNING))
        return Operating(
            ImageTable(dynamodb, settings.images_table, settings.groups_table),
            ImageObjects(s3, settings.uploads_bucket, settings.processed_bucket),
            Metrics(
                settings.core_stack, settings.classify_machine, boto3.client("cloudwatch", config=PATIENCE)
            ),
            PendingRecords(dynamodb, settings.images_table),
            UndeliveredEvents(boto3.client("sqs", config=PATIENCE), settings.undelivered_queue),
            self.live_model,
            settings.classify_machine,
            settings.core_stack,
            _now,
        )

    @cached_property
    def runs(self) -> Runs:
        settings = self._settings
        return Runs(
            settings.batch_machine,
            settings.batch_bucket,
            boto3.client("stepfunctions", config=PATIENCE),
            boto3.client("s3", config=PATIENCE.merge(SIGNING)),
        )

    @cached_property
    def predictor(self) -> Predictor:
        from loupe_api.safe_fetch import Fetcher

        return Predictor(self._classifier(), Fetcher().fetch)

    def _classifier(self) -> Classifier:
        from loupe_api.picture_classifier import PictureClassifier, plain_refusal

        settings = self._settings
        if function := settings.classifier_function:
            from loupe_core.classifier_function import ClassifierFunction

            return PictureClassifier(ClassifierFunction(function, settings.endpoint_timeout_seconds))
        from loupe_core.endpoint import ClassificationEndpoint

        endpoint = ClassificationEndpoint(
            settings.endpoint_name, settings.endpoint_timeout_seconds, diagnose=plain_refusal
        )
        return PictureClassifier(endpoint, settings.labels)


def _now() -> datetime:
    return datetime.now(UTC)
