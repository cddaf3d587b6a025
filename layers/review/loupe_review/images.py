"""The Images table, as reviews use it: records that wait for a person, and what a person decided."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from loupe_core.claims import iso, parse_time, text
from loupe_core.dynamodb import named_errors
from loupe_core.items import from_item, to_item
from loupe_core.outcomes import CLASSIFIED, FAILED, IN_REVIEW, REJECTED, Failure
from loupe_core.records import NOTIFY_LEASE, TABLE, ImagesTable, Record
from loupe_review.drift import Guess
from loupe_review.review import ABORTED, AUDIT, LABEL, NONE, TIMED_OUT, UNUSABLE, Decision, Review

STATUS_INDEX = "status-createdAt-index"
# A person's decision is a claim of its own: what the execution before still has to say is too late.
REVIEWED = "#reviewed"
REASONS = {
    NONE: Failure("NoLabelFitsError", "A person looked at the picture: none of the labels fits."),
    UNUSABLE: Failure("UnusableImageError", "A person looked at the picture: nothing in it can be named."),
    TIMED_OUT: Failure("ReviewTimedOutError", "Nobody looked at the picture in time."),
}


# What a model has answered for.
ANSWERED = (CLASSIFIED, REJECTED, IN_REVIEW)


@dataclass(frozen=True)
class Said:
    """What the model said of a picture and when, whatever became of it. `variant` is the model's name, ""
    where the record names none, `event` the image's id.
    """

    confidence: float
    label: str
    at: datetime
    variant: str
    event: str

    @classmethod
    def of(cls, record: Record) -> "Said | None":
        """None where the record holds no prediction."""
        best = next(iter(record.get("predictions") or ()), None)
        if not best:
            return None
        at = parse_time(str(record["createdAt"]))
        return cls(
            float(best["score"]), str(best["label"]), at, text(record, "model"), str(record["imageId"])
        )


class ReviewedImages(ImagesTable):
    """The Images table. Every method raises AccessDeniedError or RecordsUnavailableError where DynamoDB
    fails.
    """

    def in_review(self) -> Iterator[Record]:
        """All records that wait for a person. Not quite up to date."""
        request: dict[str, Any] = {
            "TableName": self._name,
            "IndexName": STATUS_INDEX,
            "KeyConditionExpression": "#status = :status",
            "ExpressionAttributeNames": {"#status": "status"},
            "ExpressionAttributeValues": to_item({":status": IN_REVIEW}),
        }
        while True:
            with named_errors("dynamodb:Query", TABLE):
                answer = self._client.query(**request)
            yield from (from_item(item) for item in answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def guesses(self, since: str, most: int) -> list[Guess]:
        """What the model said of pictures announced since then, of each status the newest so many."""
        return [*self.said(since, most)[0]]

    def said(self, since: str, most: int) -> tuple[list[Said], bool]:
        """The same, and whether there are more."""
        found: list[Said] = []
        truncated = False
        for status in ANSWERED:
            request: dict[str, Any] = {
                "TableName": self._name,
                "IndexName": STATUS_INDEX,
                "KeyConditionExpression": "#status = :status AND createdAt >= :since",
                "ExpressionAttributeNames": {"#status": "status"},
                "ExpressionAttributeValues": to_item({":status": status, ":since": since}),
                "ScanIndexForward": False,
                "Limit": most,
            }
            left = most
            while left > 0:
                with named_errors("dynamodb:Query", TABLE):
                    answer = self._client.query(**request)
                records = [from_item(item) for item in answer["Items"][:left]]
                left -= len(records)
                found += [said for each in records if (said := Said.of(each)) is not None]
                if "LastEvaluatedKey" not in answer:
                    break
                request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
                truncated |= left <= 0
        return found, truncated

    def record_decision(self, record: Record, review: Review, now: datetime) -> Record | None:
        """Write a review's decision into the record, pending; None where somebody else changed the record.

        The model's guess stays beside a person's label.
        """
        assert review.decision is not None
        values = {
            **decided_attributes(record, review.decision, now),
            "reviewId": review.review_id,
            "claimId": f"{review.claim_id}{REVIEWED}",
        }
        return self.replace_outcome(record, values, _missing(values), now, notify=True)

    def hold(self, record: Record, now: datetime) -> bool:
        """Keep finalize_images away from a decision that is still pending, for as long as notifying people of
        it takes; False where it is notified, or finalize_images is at it.
        """
        if not text(record, "pending"):
            return False
        if record.get("finalizing") is True and text(record, "leaseUntil") > iso(now):
            return False
        held = {name: record.get(name) for name in ("claimId", "status", "leaseUntil", "pending")}
        return self._update(
            record["imageId"], {"leaseUntil": iso(now + NOTIFY_LEASE)}, ["finalizing"], where=held
        )

    def correct(self, record: Record, decision: Decision, now: datetime) -> Record | None:
        """Write a correction into the record, of which nobody is notified; None where it was changed."""
        values = decided_attributes(record, decision, now)
        return self.replace_outcome(record, values, _missing(values), now, notify=False)


def is_under(record: Mapping[str, Any] | None, review: Review) -> bool:
    """Whether the record is still the one that the review is about."""
    if record is None or text(record, "claimId") != review.claim_id:
        return False
    return record.get("status") == (CLASSIFIED if review.kind == AUDIT else IN_REVIEW)


def decided_attributes(record: Mapping[str, Any], decision: Decision, now: datetime) -> dict[str, object]:
    """A record's attributes for what a person, or nobody in time, decided."""
    predictions = record.get("predictions") or []
    guess = str(predictions[0]["label"]) if predictions else ""
    attributes: dict[str, object] = {"reviewedAt": iso(now)}
    if decision.outcome == LABEL:
        own_title = text(record, "title") and record.get("autoTitle") is not True
        return {
            **attributes,
            "status": CLASSIFIED,
            "label": decision.label,
            "labelledBy": "person",
            "modelLabel": guess,
            "title": text(record, "title") if own_title else decision.label,
            "autoTitle": not own_title,
        }
    if decision.outcome == ABORTED:
        failure = Failure(decision.error, decision.cause)
        return {**attributes, "status": FAILED, "error": failure.as_json(), "reclaimable": True}
    failure = REASONS[decision.outcome]
    by = {} if decision.outcome == TIMED_OUT else {"labelledBy": "person", "modelLabel": guess}
    return {**attributes, **by, "status": REJECTED, "error": failure.as_json()}


def _missing(values: Mapping[str, object]) -> list[str]:
    """What a record of this outcome has not."""
    return [name for name in ("error", "reclaimable", "notifiedAt", "finalizing") if name not in values]
