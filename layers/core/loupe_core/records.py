"""The Images table: a picture's record is claimed, given its outcome, and freed of its pending mark.

A record is pending from its claim until its outcome is recorded and notified: `pending` (the first digit of
the image id, so that a busy index is spread over sixteen partitions) and `leaseUntil`, after which nobody
else is at work on it. Both make the sparse index that finalize_images reads. `finalizing` says that the lease
is one of its own runs' and no execution's. boto3's errors become ours here.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from loupe_core.claims import (
    DELETED,
    RECEIVED,
    Claimant,
    iso,
    lease_of,
    parse_time,
    require_claimable,
    text,
)
from loupe_core.contract import ImageReference, image_id, place_digest
from loupe_core.dynamodb import ConditionFailedError, named_errors
from loupe_core.errors import RecordsUnavailableError, SupersededError
from loupe_core.items import from_item, to_item
from loupe_core.outcomes import IN_REVIEW, Outcome
from loupe_core.record_fields import (
    FORMER,
    RESULTS,
    Claim,
    missing_attributes,
    outcome_attributes,
    pending_mark,
)
from loupe_core.removal import NO_VERSION
from loupe_core.requests import Request

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PENDING_INDEX = "pending-leaseUntil-index"
PENDING_PARTITIONS = "0123456789abcdef"
# How long SNS is tried (statemachine/classify_image.asl.yaml: six retries of 30 s) and a little more.
NOTIFY_LEASE = timedelta(minutes=6)
CLAIM_ATTEMPTS = 5
TABLE = "Images"

Record = dict[str, Any]


class ImagesTable:
    """The Images table. Every method raises AccessDeniedError or RecordsUnavailableError where DynamoDB
    fails.
    """

    def __init__(self, name: str, client: "DynamoDBClient | None" = None) -> None:
        self._name = name
        self._client: Any = client or boto3.client(
            "dynamodb",
            # A few quick attempts here; the state machine retries with patience.
            config=Config(
                connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 3, "mode": "standard"}
            ),
        )

    def id_of(self, image: ImageReference) -> str:
        """The id of a picture's record: a record of the former releases keeps its own."""
        keyed, former = image_id(image, self._name), place_digest(image)
        return former if self.get(keyed) is None and self.get(former) is not None else keyed

    def get(self, image: str) -> Record | None:
        """The record as it is now."""
        with named_errors("dynamodb:GetItem", TABLE):
            answer = self._client.get_item(
                TableName=self._name, Key=to_item({"imageId": image}), ConsistentRead=True
            )
        return from_item(answer["Item"]) if "Item" in answer else None

    def claim(
        self,
        request: Request,
        claimant: Claimant,
        threshold: float,
        now: datetime,
        is_over: Callable[[str], bool],
    ) -> Claim:
        """Take the picture: its record is RECEIVED, pending and this execution's.

        Raises what `require_claimable` raises.
        """
        image = self.id_of(ImageReference(request.bucket, request.key))
        for _ in range(CLAIM_ATTEMPTS):
            seen = self.get(image)
            require_claimable(seen, request, claimant.claim_id, now, is_over)
            title = self._title(seen, request)
            values = {
                "status": RECEIVED,
                "bucket": request.bucket,
                "key": request.key,
                "versionId": request.version_id,
                "modifiedAt": request.modified_at,
                "executionArn": claimant.execution_arn,
                "claimId": claimant.claim_id,
                "claimedAt": iso(now),
                "manual": request.manual,
                "createdAt": text(seen or {}, "createdAt") or iso(now),
                "updatedAt": iso(now),
                "sequencer": request.sequencer or text(seen or {}, "sequencer"),
                **({"title": title} if title else {}),
                **pending_mark(image, now + claimant.lease),
            }
            dropped = [*RESULTS, *FORMER, "autoTitle", *([] if title else ["title"])]
            if self._update(image, values, dropped, seen=seen):
                return Claim(
                    image_id=image,
                    claim_id=claimant.claim_id,
                    bucket=request.bucket,
                    key=request.key,
                    version_id=request.version_id,
                    manual=request.manual,
                    threshold=threshold,
                    title=title,
                    claimed_at=iso(now),
                    execution_arn=claimant.execution_arn,
                )
        raise RecordsUnavailableError(f"The record {image} is changed by others all the time.")

    def record(self, claim: Claim, outcome: Outcome, now: datetime, **more: object) -> Record:
        """Write the outcome of a claimed picture, and give the record.

        Raises SupersededError where the claim is no longer this execution's.
        """
        values = {**outcome_attributes(outcome, claim.title), **more, "updatedAt": iso(now)}
        if outcome.findings.version_id:
            values["versionId"] = outcome.findings.version_id
        dropped = missing_attributes(outcome)
        if outcome.status == IN_REVIEW:
            dropped += ["pending", "leaseUntil"]
        elif parse_time(claim.claimed_at) + lease_of(claim.execution_arn) <= now:
            # A redriven execution. Else the claim's lease covers the notification, and the index stays as
            # it is.
            values |= pending_mark(claim.image_id, now + NOTIFY_LEASE)
        held = {"claimId": claim.claim_id}
        if not self._update(claim.image_id, values, dropped, where=held):
            raise SupersededError(f"The record {claim.image_id} is no longer this execution's.")
        return self.get(claim.image_id) or {}

    def record_unclaimed(
        self,
        image: str,
        request: Request,
        claimant: Claimant,
        outcome: Outcome,
        now: datetime,
        **more: object,
    ) -> Record:
        """Write the outcome of a picture that the execution could not claim, where nothing better is known.

        Raises SupersededError where the record is another's.
        """
        for _ in range(CLAIM_ATTEMPTS):
            seen = self.get(image)
            own = seen is None or text(seen, "executionArn") in ("", claimant.execution_arn)
            if not own and not (text(seen or {}, "sequencer") < request.sequencer):
                raise SupersededError(f"The record {image} is another execution's.")
            if seen is not None and seen.get("finalizing") is True:
                # Two messages about one execution came at once, and the other run has recorded it already.
                raise SupersededError(f"The record {image} is being finalized.")
            if seen is not None and _is_notified(seen, claimant):
                raise SupersededError(f"The record {image} is this execution's, and was notified.")
            values = {
                **outcome_attributes(outcome, request.title or ""),
                **more,
                "bucket": request.bucket,
                "key": request.key,
                "versionId": request.version_id,
                "sequencer": request.sequencer or text(seen or {}, "sequencer"),
                "executionArn": claimant.execution_arn,
                "claimId": claimant.claim_id,
                "manual": request.manual,
                "createdAt": text(seen or {}, "createdAt") or iso(now),
                "updatedAt": iso(now),
                **pending_mark(image, now + NOTIFY_LEASE),
            }
            if self._update(image, values, [*missing_attributes(outcome), *FORMER, "expiresAt"], seen=seen):
                return self.get(image) or {}
        raise RecordsUnavailableError(f"The record {image} is changed by others all the time.")

    def record_batch(
        self, image: str, seen: Record | None, values: Mapping[str, object], dropped: list[str]
    ) -> bool:
        """Write a record that is nobody's claim, while it is as it was `seen`; False where it is not."""
        return self._update(image, values, dropped, seen=seen)

    def pending(self, before: datetime, limit: int) -> Iterator[Record]:
        """Records whose lease ended before a moment, the longest ended first in each partition."""
        for partition in PENDING_PARTITIONS:
            with named_errors("dynamodb:Query", TABLE):
                answer = self._client.query(
                    TableName=self._name,
                    IndexName=PENDING_INDEX,
                    KeyConditionExpression="pending = :partition AND leaseUntil < :before",
                    ExpressionAttributeValues=to_item({":partition": partition, ":before": iso(before)}),
                    Limit=limit,
                )
            yield from (from_item(item) for item in answer["Items"])

    def take_over(self, record: Record, until: datetime) -> bool:
        """Extend the lease of a pending record, so that nobody else finishes it meanwhile."""
        held = {name: record.get(name) for name in ("claimId", "status", "leaseUntil")}
        values = {"leaseUntil": iso(until), "finalizing": True}
        return self._update(record["imageId"], values, [], where=held)

    def revoke(self, record: Record, outcome: Outcome, now: datetime, until: datetime) -> Record | None:
        """Give a claim whose execution is over its outcome, so that it can write no more; None if it did."""
        image, arn = record["imageId"], text(record, "executionArn")
        values = {
            **outcome_attributes(outcome, ""),
            "claimId": f"{text(record, 'claimId')}#finalized",
            "reclaimable": True,
            "finalizing": True,
            "updatedAt": iso(now),
            **pending_mark(image, until),
        }
        held = {"executionArn": arn, "status": RECEIVED, "claimId": record.get("claimId")}
        if not self._update(image, values, missing_attributes(outcome), where=held):
            return None
        return self.get(image)

    def replace_outcome(
        self, record: Record, values: Mapping[str, object], dropped: list[str], now: datetime, notify: bool
    ) -> Record | None:
        """Give a record another outcome while its claim and status are as they were seen; None where not.

        With `notify` it is pending, until somebody has been notified of it.
        """
        image = record["imageId"]
        changed = {**values, "updatedAt": iso(now)}
        if notify:
            changed |= pending_mark(image, now + NOTIFY_LEASE)
        held = {name: record.get(name) for name in ("claimId", "status")}
        if not self._update(image, changed, dropped, where=held):
            return None
        return self.get(image)

    def acknowledge(self, image: str, claim_id: str, status: str, now: datetime) -> bool:
        """Take the pending mark off an outcome that was notified; False where it is not that outcome's."""
        held = {"claimId": claim_id, "status": status}
        dropped = ["pending", "leaseUntil", "finalizing"]
        return self._update(image, {"notifiedAt": iso(now)}, dropped, where=held)

    def note_removal(self, image: ImageReference, until: datetime) -> None:
        """Mark a tombstone as pending: this version of the deleted picture is still to be removed."""
        place, found = {"bucket": image.bucket, "key": image.key}, self.id_of(image)
        self._change_tombstone(
            found,
            image.version_id,
            "SET #bucket = :bucket, #key = :key, pending = :pending, leaseUntil = :until "
            "ADD removals :version",
            {"#bucket": "bucket", "#key": "key"},
            {**place, "pending": found[0], "until": iso(until)},
        )

    def forget_removal(self, image: ImageReference) -> None:
        """Take that mark off again; the tombstone stays pending where other versions are to be removed."""
        found = self.id_of(image)
        self._change_tombstone(found, image.version_id, "DELETE removals :version", {}, {})
        removed = {"status": DELETED, "removals": None}
        self._update(found, {}, ["pending", "leaseUntil"], where=removed)

    def _change_tombstone(
        self, image: str, version_id: str | None, update: str, names: dict[str, str], values: dict[str, str]
    ) -> None:
        bound = {f":{name}": value for name, value in values.items()}
        # A set holds no empty text: S3's own word for "no version".
        bound |= {":deleted": DELETED}
        version = {":version": {"SS": [version_id or NO_VERSION]}}
        try:
            with named_errors("dynamodb:UpdateItem", TABLE):
                self._client.update_item(
                    TableName=self._name,
                    Key=to_item({"imageId": image}),
                    ConditionExpression="#status = :deleted",
                    UpdateExpression=update,
                    ExpressionAttributeNames={"#status": "status", **names},
                    ExpressionAttributeValues={**to_item(bound), **version},
                )
        except ConditionFailedError:
            # Somebody uploads it anew, or the tombstone's time was over: nothing is to be removed any more.
            return

    @staticmethod
    def _title(seen: Record | None, request: Request) -> str:
        """The title that somebody gave. One made of a former label goes with that label."""
        if request.title:
            return request.title
        return "" if (seen or {}).get("autoTitle") is True else text(seen or {}, "title")

    def _update(
        self,
        image: str,
        values: Mapping[str, object],
        dropped: list[str],
        *,
        where: Mapping[str, str | None] | None = None,
        seen: Record | None = None,
    ) -> bool:
        """Set and remove attributes while the record is as it was `seen`, or as `where` says; else False.

        Without `where`, `seen=None` means that there was no record.
        """
        dropped = [name for name in dropped if name not in values]
        names = {f"#{number}": name for number, name in enumerate([*values, *dropped])}
        marks = {name: mark for mark, name in names.items()}
        condition, compared = _condition(where, seen)
        update = ""
        if values:
            update += "SET " + ", ".join(f"{marks[name]} = :{marks[name][1:]}" for name in values)
        if dropped:
            update += " REMOVE " + ", ".join(marks[name] for name in dropped)
        names |= {f"#if_{name}": name for name in compared}
        bound = {f":{marks[name][1:]}": value for name, value in values.items()}
        bound |= {f":if_{name}": value for name, value in compared.items() if value is not None}
        try:
            with named_errors("dynamodb:UpdateItem", TABLE):
                self._client.update_item(
                    TableName=self._name,
                    Key=to_item({"imageId": image}),
                    ConditionExpression=condition,
                    UpdateExpression=update,
                    ExpressionAttributeNames=names,
                    **({"ExpressionAttributeValues": to_item(bound)} if bound else {}),
                )
        except ConditionFailedError:
            return False
        return True


def _is_notified(record: Record, claimant: Claimant) -> bool:
    """Whether the record is this execution's, and somebody was notified since it was written."""
    return text(record, "executionArn") == claimant.execution_arn and bool(text(record, "notifiedAt"))


def _condition(where: Mapping[str, str | None] | None, seen: Record | None) -> tuple[str, dict[str, object]]:
    if where is None and seen is None:
        return "attribute_not_exists(#if_imageId)", {"imageId": None}
    if where is None:
        watched = ("status", "executionArn", "claimId", "sequencer", "deletedAt", "labelledBy")
        compared: dict[str, object] = {name: (seen or {}).get(name) for name in watched}
    else:
        compared = dict(where)
    parts = [
        f"attribute_not_exists(#if_{name})" if value is None else f"#if_{name} = :if_{name}"
        for name, value in compared.items()
    ]
    return " AND ".join(parts), compared
