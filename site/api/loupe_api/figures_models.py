"""What the API says of how the stack does, typed."""

from typing import Annotated

from pydantic import Field

from loupe_api.about_model import Model
from loupe_api.models import ApiModel, Moment


class HourOfPictures(ApiModel):
    """The pictures that were added in an hour, by what has become of them. `waiting` have no outcome yet."""

    hour: Moment
    classified: int
    rejected: int
    in_review: int
    failed: int
    waiting: int


class FailedImage(ApiModel):
    """A picture that failed. `thumbnailUrl` is presigned, null where there is none."""

    image_id: str
    title: str
    thumbnail_url: str | None


class FailureCount(ApiModel):
    """How many pictures failed with an error, and the newest three of them."""

    name: str
    count: int
    examples: list[FailedImage]


class StepDuration(ApiModel):
    """A step's function: how often it ran and failed, and how long it took in milliseconds. Null where
    CloudWatch has no figures of it.
    """

    step: str
    invocations: int | None
    errors: int | None
    p50: float | None
    p95: float | None


class PeriodCost(ApiModel):
    """Dollars at published prices, by service, of what is counted. `notIncluded` names the rest."""

    total: float
    services: dict[str, float]
    prices_read: str
    not_included: list[str]


class OperatorLink(ApiModel):
    """A page of AWS's console."""

    name: str
    url: str


class Figures(ApiModel):
    """How the stack does, of the pictures that were added in the last `hours`. What is unknown is null, and
    `unknown` says why. `countedFrom` is later than `since` where there are more pictures than are counted:
    the hours before it are left out.
    """

    hours: int
    since: Moment
    counted_from: Moment
    pictures: int
    by_hour: list[HourOfPictures]
    failures: list[FailureCount]
    execution: StepDuration
    steps: list[StepDuration]
    model: Model | None
    pending: Annotated[
        int | None, Field(description="Pictures without a recorded and notified outcome so far.")
    ]
    undelivered: Annotated[int | None, Field(description="Events in the core's dead-letter queue.")]
    cost: PeriodCost | None
    links: list[OperatorLink]
    unknown: list[str]


class FiguresResult(ApiModel):
    """The figures of a period."""

    result: Figures
