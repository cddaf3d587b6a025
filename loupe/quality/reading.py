"""What the figures are made of, read from a deployed stack: within bounds, whatever there is."""

from collections.abc import Callable
from datetime import UTC, datetime

from loupe.aws import Cloud
from loupe.errors import ModelNotFoundError
from loupe.reviews import as_commands_errors
from loupe.stack import Stack
from loupe.training.endpoint import Endpoint
from loupe.training.models import Models, TrainedModel
from loupe_review.images import ReviewedImages
from loupe_review.quality import Quality, Version
from loupe_review.quality_reading import QualityReader
from loupe_review.table import ReviewsTable

# At most so much is read, the newest of it: some hundred requests.
MAX_PICTURES_A_STATUS, MAX_REVIEWS, MAX_MODELS = 10_000, 20_000, 10


def read_quality(
    cloud: Cloud, stack: Stack, since: datetime, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Quality:
    """The figures since then. StackNotFoundError where the review stack is not deployed."""
    dynamodb = cloud.client("dynamodb")
    reader = QualityReader(
        ReviewsTable(stack.output("ReviewsTableName"), dynamodb),
        ReviewedImages(stack.output("ImagesTableName"), dynamodb),
        lambda: versions_of(cloud, stack),
        MAX_PICTURES_A_STATUS,
        MAX_REVIEWS,
    )
    with as_commands_errors():
        return reader.read(since, now())


def versions_of(cloud: Cloud, stack: Stack) -> list[Version]:
    """The stack's newest models, the oldest of them first, each with its evaluation where it has one."""
    models = Models(cloud, stack, Endpoint(cloud, stack.output("EndpointName")))
    found = sorted(models.all()[:MAX_MODELS], key=lambda each: each.created)
    return [_version(models, each) for each in found]


def _version(models: Models, model: TrainedModel) -> Version:
    evaluation = None
    if model.report is not None:
        try:
            evaluation = models.evaluation(model.report)
        except ModelNotFoundError:
            evaluation = None
    return Version(model.name, model.title, model.created, evaluation)
