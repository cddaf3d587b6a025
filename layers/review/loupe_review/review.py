"""A review as the Reviews table holds it: one item for each picture that a person shall look at. Pure.

Whoever changes one reads it, works out the new one, and writes it on the condition that the item still has
the revision that was read. So every rule here holds whatever happens at the same time.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

WAITING, DECIDED, CONCLUDED = "WAITING", "DECIDED", "CONCLUDED"
UNCERTAIN, AUDIT, CORRECTION = "UNCERTAIN", "AUDIT", "CORRECTION"
# What a person can answer.
LABEL, NONE, UNUSABLE = "LABEL", "NONE", "UNUSABLE"
CHOICES = (LABEL, NONE, UNUSABLE)
# Of an ISO 8601 time, what names the day.
DAY_LENGTH = 10
# How a review can end without an answer.
TIMED_OUT, SUPERSEDED, ABORTED = "TIMED_OUT", "SUPERSEDED", "ABORTED"


@dataclass(frozen=True)
class Answer:
    """What one person said. `seconds` is how long it took them, None where nobody measured."""

    reviewer: str
    choice: str
    at: str
    label: str = ""
    guess_shown: bool = False
    seconds: float | None = None

    @property
    def vote(self) -> tuple[str, str]:
        """What is counted: the same for two people who said the same."""
        return self.choice, self.label

    def as_json(self) -> dict[str, Any]:
        return {
            "reviewer": self.reviewer,
            "choice": self.choice,
            "label": self.label,
            "at": self.at,
            "guessShown": self.guess_shown,
            "seconds": self.seconds,
        }

    @classmethod
    def parse(cls, given: Mapping[str, Any]) -> "Answer":
        return cls(
            reviewer=str(given["reviewer"]),
            choice=str(given["choice"]),
            at=str(given["at"]),
            label=str(given.get("label") or ""),
            guess_shown=bool(given.get("guessShown")),
            seconds=None if given.get("seconds") is None else float(given["seconds"]),
        )


@dataclass(frozen=True)
class Decision:
    """How a review ended: one of CHOICES, or TIMED_OUT, SUPERSEDED, ABORTED, which has an error and cause."""

    outcome: str
    at: str
    label: str = ""
    error: str = ""
    cause: str = ""

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    @classmethod
    def parse(cls, given: Mapping[str, Any]) -> "Decision":
        return cls(
            **{name: str(given.get(name) or "") for name in ("outcome", "at", "label", "error", "cause")}
        )


@dataclass(frozen=True)
class Review:
    """One picture's review. Times are ISO 8601 in UTC; `predictions` are `{label, score}`, best first.

    `required` people answer, one more where they do not agree. `order` sorts those that wait. `withdrawn` are
    answers that were taken back, `skipped` who did not want to answer.
    """

    review_id: str
    image_id: str
    claim_id: str
    bucket: str
    key: str
    version_id: str
    kind: str
    status: str
    predictions: tuple[Mapping[str, Any], ...]
    required: int
    created_at: str
    due_at: str
    order: str
    model: str = ""
    threshold: float | None = None
    escalated: bool = False
    reviewer: str = ""
    lease_until: str = ""
    answers: tuple[Answer, ...] = ()
    withdrawn: tuple[Answer, ...] = ()
    skipped: tuple[str, ...] = ()
    decision: Decision | None = None
    revision: int = 0
    # What a record held before a correction.
    former: Mapping[str, Any] = field(default_factory=dict)

    @property
    def guess(self) -> str:
        """The model's best label, "" where it had none."""
        return str(self.predictions[0]["label"]) if self.predictions else ""

    def leased(self, now: str) -> bool:
        """Whether somebody is looking at it."""
        return bool(self.reviewer) and self.lease_until > now

    def has_answered(self, reviewer: str) -> bool:
        return any(each.reviewer == reviewer for each in self.answers)

    def changed(self, **changes: Any) -> "Review":
        return replace(self, **changes, revision=self.revision + 1)

    def to_attributes(self) -> dict[str, Any]:
        """As the table holds it. `queue` makes the index of those that wait and those that are decided."""
        attributes: dict[str, Any] = {
            "reviewId": self.review_id,
            "imageId": self.image_id,
            "claimId": self.claim_id,
            "bucket": self.bucket,
            "key": self.key,
            "versionId": self.version_id,
            "kind": self.kind,
            "status": self.status,
            "predictions": [dict(each) for each in self.predictions],
            "required": self.required,
            "createdAt": self.created_at,
            "dueAt": self.due_at,
            "order": self.order,
            "model": self.model,
            "threshold": self.threshold,
            "escalated": self.escalated,
            "reviewer": self.reviewer,
            "leaseUntil": self.lease_until,
            "answers": [each.as_json() for each in self.answers],
            "withdrawn": [each.as_json() for each in self.withdrawn],
            "skipped": list(self.skipped),
            "decision": self.decision.as_json() if self.decision else None,
            "revision": self.revision,
            "former": dict(self.former),
        }
        if self.status != CONCLUDED:
            attributes["queue"] = self.status
        if self.decision is not None:
            # The index of what was decided, a partition a day.
            attributes |= {"decidedOn": self.decision.at[:DAY_LENGTH], "decidedAt": self.decision.at}
        return attributes

    @classmethod
    def parse(cls, item: Mapping[str, Any]) -> "Review":
        decision = item.get("decision")
        return cls(
            review_id=str(item["reviewId"]),
            image_id=str(item["imageId"]),
            claim_id=str(item["claimId"]),
            bucket=str(item["bucket"]),
            key=str(item["key"]),
            version_id=str(item["versionId"]),
            kind=str(item["kind"]),
            status=str(item["status"]),
            predictions=tuple(item.get("predictions") or ()),
            required=int(item["required"]),
            created_at=str(item["createdAt"]),
            due_at=str(item["dueAt"]),
            order=str(item["order"]),
            model=str(item.get("model") or ""),
            threshold=None if item.get("threshold") is None else float(item["threshold"]),
            escalated=bool(item.get("escalated")),
            reviewer=str(item.get("reviewer") or ""),
            lease_until=str(item.get("leaseUntil") or ""),
            answers=tuple(Answer.parse(each) for each in item.get("answers") or ()),
            withdrawn=tuple(Answer.parse(each) for each in item.get("withdrawn") or ()),
            skipped=tuple(item.get("skipped") or ()),
            decision=Decision.parse(decision) if decision else None,
            revision=int(item.get("revision", 0)),
            former=item.get("former") or {},
        )


def review_id(image_id: str, claim_id: str) -> str:
    """One review for each classification of a picture's version; also the name of its execution.

    A claim's id is of one execution about one version, so that an event that comes twice finds the review.
    """
    return f"{image_id}-{hashlib.sha256(claim_id.encode()).hexdigest()[:16]}"
