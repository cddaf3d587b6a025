"""Who may classify a picture now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from loupe_core.claims import Claimant, iso, lease_of, parse_time, require_claimable
from loupe_core.errors import DuplicateError, ImageNotFoundError
from loupe_core.requests import Request

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ARN = "arn:aws:states:us-east-1:123456789012:execution:loupe-classify-image:one"
EXPRESS = "arn:aws:states:us-east-1:123456789012:express:loupe-classify-image:one:id"


def record(**changed: Any) -> dict[str, Any]:
    return {
        "status": "CLASSIFIED",
        "executionArn": ARN,
        "claimId": f"{ARN}#then",
        "versionId": "v1",
        "sequencer": "0A",
        "modifiedAt": "2026-11-21T11:00:00Z",
        "claimedAt": iso(NOW),
        **changed,
    }


def event(version: str = "v1", sequencer: str = "0A", modified: str = "2026-11-21T11:00:00Z") -> Request:
    return Request("b", "k", version, sequencer, manual=False, modified_at=modified)


def claimable(
    known: dict[str, Any] | None, request: Request, claim: str = "mine", over: bool = False
) -> bool:
    try:
        require_claimable(known, request, claim, NOW, lambda arn: over)
    except DuplicateError:
        return False
    return True


@pytest.mark.parametrize(
    ("known", "request_", "expected"),
    [
        (None, event(), True),
        ({"status": "RECEIVED", "title": "waits for its upload"}, event(), True),
        (record(), event(), False),
        (record(), event("v2", "0B"), True),
        (record(), event("v0", "09"), False),
        # A version is itself, whatever its sequencer says.
        (record(), event("v1", "0B"), False),
        (record(), Request("b", "k"), True),
        # Made without S3's event: the times of writing decide.
        (record(sequencer=""), event("v2", "0B", "2026-11-21T11:30:00Z"), True),
        (record(sequencer=""), event("v0", "0B", "2026-11-21T10:30:00Z"), False),
        (record(status="FAILED"), event(), False),
        (record(status="FAILED", reclaimable=True), event(), True),
        (record(status="FAILED", retakeable=True), event(), True),
        (record(status="FAILED", reclaimable=True), event("v0", "09"), False),
    ],
)
def test_a_version_is_classified_once(
    known: dict[str, Any] | None, request_: Request, expected: bool
) -> None:
    assert claimable(known, request_) is expected


@pytest.mark.parametrize(
    ("changed", "request_", "expected"),
    [
        ({}, event("v2", "0B"), False),
        ({}, event("v1", "0B"), True),
        # Where the bucket keeps no versions nobody can know.
        ({"versionId": ""}, event("v2", "0B"), True),
        ({}, event("", "0B"), True),
        ({"singleUpload": False}, event("v2", "0B"), True),
        ({}, Request("b", "k", "v2"), True),
    ],
)
def test_a_form_brings_one_picture(changed: dict[str, Any], request_: Request, expected: bool) -> None:
    known = record(**{"status": "RECEIVED", "singleUpload": True, **changed})

    assert claimable(known, request_, over=True) is expected


def test_the_same_claim_may_be_made_again() -> None:
    assert claimable(record(claimId="mine"), event(), "mine")


@pytest.mark.parametrize(
    ("arn", "age", "over", "expected"),
    [
        (ARN, timedelta(minutes=15), False, False),
        (ARN, timedelta(minutes=17), False, True),
        (ARN, timedelta(minutes=1), True, True),
        (EXPRESS, timedelta(minutes=5), False, False),
        (EXPRESS, timedelta(minutes=6), False, True),
    ],
)
def test_a_claim_is_stale_when_its_execution_is_over_or_must_be(
    arn: str, age: timedelta, over: bool, expected: bool
) -> None:
    known = record(status="RECEIVED", executionArn=arn, claimedAt=iso(NOW - age))
    assert claimable(known, event(), over=over) is expected


@pytest.mark.parametrize(
    "claimed", [{"claimedAt": ""}, {"claimedAt": "", "updatedAt": "2026-11-21T11:00:00Z"}]
)
def test_a_claim_without_a_time_of_its_own_is_stale(claimed: dict[str, str]) -> None:
    assert claimable(record(status="RECEIVED", **claimed), event())


def test_a_deleted_picture_stays_deleted() -> None:
    tombstone = record(status="DELETED", executionArn="deleted", sequencer="~" * 64)
    with pytest.raises(DuplicateError, match="deleted before"):
        require_claimable(tombstone, event("v9", "FF"), "mine", NOW, lambda arn: True)
    with pytest.raises(ImageNotFoundError, match="was deleted"):
        require_claimable(tombstone, Request("b", "k"), "mine", NOW, lambda arn: True)


def test_an_execution_that_aws_runs_twice_under_one_arn_makes_two_claims() -> None:
    assert Claimant(EXPRESS, "one").claim_id != Claimant(EXPRESS, "two").claim_id
    assert Claimant(EXPRESS, "one").lease == lease_of(EXPRESS) < lease_of(ARN)


def test_moments_are_written_and_read_alike() -> None:
    assert iso(NOW) == "2026-11-21T12:00:00.000Z"
    assert parse_time(iso(NOW)) == NOW
