"""What the figures are made of, read from a deployed stack: within bounds, whatever there is."""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import islice

from loupe.aws import Cloud
from loupe.aws_errors import translate_errors
from loupe.errors import ModelNotFoundError
from loupe.quality.figures import Quality, Version, quality_of
from loupe.reviews import Reviews
from loupe.stack import Stack
from loupe.training.endpoint import Endpoint
from loupe.training.models import Models, TrainedModel
from loupe.training.recorded import read_records

# At most so much is read, the newest of it: some hundred requests.
MAX_PICTURES_A_STATUS, MAX_REVIEWS, MAX_MODELS = 10_000, 20_000, 10


def read_quality(
    cloud: Cloud, stack: Stack, since: datetime, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Quality:
    """The figures since then. StackNotFoundError where the review stack is not deployed."""
    reviews = list(islice(Reviews(cloud, stack).decided(since, now()), MAX_REVIEWS + 1))
    with translate_errors(cloud.where):
        captured = read_records(cloud.table(stack.output("ImagesTableName")), since, MAX_PICTURES_A_STATUS)
    truncated = captured.truncated or len(reviews) > MAX_REVIEWS
    return quality_of(reviews[:MAX_REVIEWS], captured.inferences, versions_of(cloud, stack), truncated)


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
