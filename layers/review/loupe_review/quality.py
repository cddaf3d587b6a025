"""How good a model is out there: of reviews, of pictures that it answered for, of its evaluations. Pure.

The error rate is of audits alone. They are chosen by chance among the accepted pictures; those that the model
was unsure of are not, and whoever counted them would find any model bad.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import zip_longest
from typing import Any, Protocol

from loupe_core.claims import parse_time
from loupe_review.agreement import fleiss_kappa
from loupe_review.drift import Shift, class_shift, confidence_shift
from loupe_review.review import AUDIT, CHOICES, CORRECTION, LABEL, Review
from model.intervals import wilson


class Inference(Protocol):
    """What the model said of a picture and when: `variant` is the model's name or "", `event` the image."""

    @property
    def at(self) -> datetime: ...

    @property
    def confidence(self) -> float: ...

    @property
    def label(self) -> str: ...

    @property
    def variant(self) -> str: ...

    @property
    def event(self) -> str: ...


@dataclass(frozen=True)
class Version:
    """A model, and when it was made: what names no model is taken to be its until the next one was made."""

    model: str
    name: str
    since: datetime
    # evaluation.json; None where there is none, as of a model that was brought.
    evaluation: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Errors:
    """Audits that people answered, and how many of them said otherwise than the model."""

    answered: int = 0
    wrong: int = 0

    @property
    def rate(self) -> float | None:
        return self.wrong / self.answered if self.answered else None

    def to_dict(self) -> dict[str, Any]:
        """With the 95 % interval of the share."""
        low, high = wilson(self.wrong, self.answered)
        known = self.answered > 0
        return {
            "audited": self.answered,
            "wrong": self.wrong,
            "errorRate": self.rate,
            "low": low if known else None,
            "high": high if known else None,
        }


@dataclass(frozen=True)
class ModelQuality:
    """One model version."""

    version: Version
    pictures: int
    errors: Errors
    uncertain: int
    uncertain_right: int
    confidence: Shift | None
    classes: Shift | None

    def to_dict(self) -> dict[str, Any]:
        return {
            "model": self.version.model,
            "name": self.version.name,
            "since": iso_seconds(self.version.since),
            "pictures": self.pictures,
            **self.errors.to_dict(),
            "uncertain": self.uncertain,
            "uncertainRight": self.uncertain_right,
            "confidenceShift": _shift(self.confidence),
            "classShift": _shift(self.classes),
        }


@dataclass(frozen=True)
class Week:
    """Pictures of a week that the model answered for, and those of them that a person decided."""

    week: str
    pictures: int
    reviewed: int

    def to_dict(self) -> dict[str, Any]:
        share = self.reviewed / self.pictures if self.pictures else None
        return {"week": self.week, "pictures": self.pictures, "reviewed": self.reviewed, "share": share}


@dataclass(frozen=True)
class Quality:
    """All of it. `kappa` is None where nobody looked at a picture that somebody else had looked at."""

    errors: Errors
    models: Sequence[ModelQuality]
    weeks: Sequence[Week]
    kappa: float | None
    looked_at_twice: int
    answers: int
    people: int
    an_hour: float | None
    truncated: bool = False
    unreadable: int = field(default=0)

    def to_dict(self) -> dict[str, Any]:
        """For --json; a contract."""
        return {
            **self.errors.to_dict(),
            "kappa": self.kappa,
            "lookedAtTwice": self.looked_at_twice,
            "answers": self.answers,
            "people": self.people,
            "answersAPersonAnHour": self.an_hour,
            "weeks": [each.to_dict() for each in self.weeks],
            "models": [each.to_dict() for each in self.models],
            "truncated": self.truncated,
        }


def quality_of(
    reviews: Sequence[Review],
    inferences: Sequence[Inference],
    versions: Sequence[Version],
    truncated: bool = False,
) -> Quality:
    """The figures of a period: its reviews, the newest of its pictures, and the models that there are."""
    decided = [each for each in reviews if by_people(each)]
    asked = [each for each in decided if each.kind != CORRECTION]
    answers = [answer for each in asked for answer in each.answers]
    timed = [answer.seconds for answer in answers if answer.seconds]
    several = [[answer.vote for answer in each.answers] for each in asked if len(each.answers) > 1]
    named = {each.model for each in versions}
    return Quality(
        errors=errors_of(decided),
        models=[
            _of_model(version, following, named, asked, inferences)
            for version, following in zip_longest(versions, versions[1:])
        ],
        weeks=weeks_of(asked, inferences),
        kappa=fleiss_kappa(several),
        looked_at_twice=len(several),
        answers=len(answers),
        people=len({answer.reviewer for answer in answers}),
        an_hour=3600 * len(timed) / sum(timed) if timed else None,
        truncated=truncated,
    )


def by_people(review: Review) -> bool:
    """Whether people decided it, and not time, a newer version or a failure."""
    return bool(review.answers) and review.decision is not None and review.decision.outcome in CHOICES


def says_as_the_model(review: Review) -> bool:
    decision = review.decision
    return decision is not None and decision.outcome == LABEL and decision.label == review.guess


def errors_of(reviews: Sequence[Review]) -> Errors:
    """Of audits: a person found another label, none that fits, or nothing to be named."""
    audits = [each for each in reviews if each.kind == AUDIT and by_people(each)]
    return Errors(len(audits), sum(not says_as_the_model(each) for each in audits))


def weeks_of(reviews: Sequence[Review], inferences: Sequence[Inference]) -> list[Week]:
    """By the week in which the model answered, as ISO 8601 numbers it."""
    pictures = Counter(_week(each.at) for each in inferences)
    reviewed = Counter(_week(parse_time(each.created_at)) for each in reviews)
    return [Week(week, pictures[week], reviewed[week]) for week in sorted({*pictures, *reviewed})]


def _of_model(
    version: Version,
    following: Version | None,
    named: Collection[str],
    reviews: Sequence[Review],
    inferences: Sequence[Inference],
) -> ModelQuality:
    # A review says which model answered; a record of a picture that nobody reviewed does not.
    models = {each.image_id: each.model for each in reviews}

    def is_of(model: str, moment: datetime) -> bool:
        """By the name that was kept with it; by time where none of the versions is called so."""
        if model in named:
            return model == version.model
        return version.since <= moment and (following is None or moment < following.since)

    own = [each for each in reviews if is_of(each.model, parse_time(each.created_at))]
    answered = [each for each in inferences if is_of(each.variant or models.get(each.event, ""), each.at)]
    unsure = [each for each in own if each.kind not in (AUDIT, CORRECTION)]
    return ModelQuality(
        version=version,
        pictures=len(answered),
        errors=errors_of(own),
        uncertain=len(unsure),
        uncertain_right=sum(says_as_the_model(each) for each in unsure),
        confidence=confidence_shift(version.evaluation, answered),
        classes=class_shift(version.evaluation, answered),
    )


def iso_seconds(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _week(moment: datetime) -> str:
    year, week, _ = moment.isocalendar()
    return f"{year}-W{week:02}"


def _shift(shift: Shift | None) -> dict[str, Any] | None:
    if shift is None:
        return None
    return {"index": shift.index, "byChance": shift.by_chance, "verdict": shift.verdict}
