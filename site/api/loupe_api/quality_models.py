"""What the API says of a model's quality out there, typed."""

from typing import Annotated, Literal

from pydantic import Field

from loupe_api.models import ApiModel, Moment, Share


class AuditedErrors(ApiModel):
    """Accepted pictures that a person looked at, chosen by chance, and how often they said otherwise.
    `errorRate` and its 95 % interval (`low`, `high`) are null where none was audited.
    """

    audited: int
    wrong: int
    error_rate: Share | None
    low: Share | None
    high: Share | None


class DriftShift(ApiModel):
    """A population stability index, what it is below by chance alone in 95 of 100 cases, and the verdict."""

    index: float
    by_chance: float
    verdict: Literal["none", "moderate", "large"]


class ModelQuality(AuditedErrors):
    """One model version. `uncertain` pictures were below the threshold; a shift is null where there is no
    evaluation to compare with, or no picture.
    """

    model: str
    name: str
    since: Moment
    pictures: int
    uncertain: int
    uncertain_right: int
    confidence_shift: DriftShift | None
    class_shift: DriftShift | None


class WeekQuality(ApiModel):
    """A week, as ISO 8601 numbers it: pictures that the model answered for, those that a person decided."""

    week: str
    pictures: int
    reviewed: int
    share: float | None


class Quality(AuditedErrors):
    """How good the model is out there. `kappa` is null where nobody looked at a picture that somebody else
    had looked at; `truncated` where there is more than was read.
    """

    days: int
    since: Moment
    kappa: Annotated[float | None, Field(description="Fleiss' kappa: agreement beyond chance.")]
    looked_at_twice: int
    answers: int
    people: int
    answers_a_person_an_hour: float | None
    weeks: list[WeekQuality]
    models: list[ModelQuality]
    truncated: bool


class QualityResult(ApiModel):
    """The figures of a period."""

    result: Quality
