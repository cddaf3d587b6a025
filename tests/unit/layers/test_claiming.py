"""What Claim Image makes of an execution's input: whose the picture is, and how it shall be classified."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from moto import mock_aws

from loupe_core import claiming
from loupe_core.claiming import claim_image
from loupe_core.claims import iso
from loupe_core.contract import ImageReference
from loupe_core.errors import DuplicateError, InvalidInputError
from loupe_core.removal import REMOVAL_LEASE
from loupe_core.s3_images import StoredVersion
from loupe_core.settings import ClaimSettings
from tests.unit.layers.images_table import IMAGE, NOW, World

ARN = "arn:aws:states:us-east-1:111122223333:execution:classify:one"
EXECUTION = {"arn": ARN, "startedAt": "2026-11-12T11:59:59.000Z"}
MANUAL = {"s3_bucket": "uploads", "s3_key": "cat.jpg"}
OBJECT = {"key": "cat.jpg", "version-id": "v2", "sequencer": "2", "size": 9}
UPLOAD = {"id": "event-1", "time": iso(NOW), "detail": {"bucket": {"name": "uploads"}, "object": OBJECT}}


@dataclass
class Storage:
    """S3 with one version of each key, or none."""

    stored: StoredVersion | None = None
    asked: list[ImageReference] = field(default_factory=list)
    removed: list[ImageReference] = field(default_factory=list)

    def newest(self, image: ImageReference) -> StoredVersion | None:
        self.asked.append(image)
        return self.stored

    def delete(self, image: ImageReference) -> None:
        self.removed.append(image)


@dataclass
class Executions:
    over: bool = False

    def is_over(self, arn: str) -> bool:
        return self.over


class Scene:
    def __init__(self) -> None:
        self.world, self.storage, self.executions = World(), Storage(), Executions()

    def claim(self, given: object, settings: ClaimSettings | None = None) -> dict[str, Any]:
        return claim_image(
            {"input": given, "execution": EXECUTION},
            settings or ClaimSettings("images", "made", 0.93, detect_faces=True),
            self.world.table,
            self.storage,
            self.executions,
            NOW,
        )


@pytest.fixture
def scene() -> Iterator[Scene]:
    with mock_aws():
        yield Scene()


@pytest.fixture
def traces(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What is put into every further line of the log."""
    found: list[object] = []
    monkeypatch.setattr(claiming, "correlate", found.append)
    return found


@pytest.mark.parametrize(
    ("given", "correlation"),
    [(MANUAL, "one"), (UPLOAD, "event-1"), ({**MANUAL, "correlationId": "order-7"}, "order-7")],
)
def test_every_line_of_the_log_names_picture_execution_and_what_asked_for_it(
    scene: Scene, traces: list[object], given: object, correlation: str
) -> None:
    trace = scene.claim(given)["trace"]

    assert trace == {"executionArn": ARN, "imageId": IMAGE, "correlationId": correlation}
    assert traces == [trace]


@pytest.mark.parametrize("asked", [None, True, False])
@pytest.mark.parametrize("usual", [True, False])
def test_faces_are_looked_for_as_asked_else_as_usual(scene: Scene, asked: bool | None, usual: bool) -> None:
    settings = ClaimSettings("images", "made", 0.93, detect_faces=usual)

    assert scene.claim({**MANUAL, "detectFaces": asked}, settings)["detectFaces"] is (
        usual if asked is None else asked
    )


@pytest.mark.parametrize(("asked", "threshold"), [(None, 0.93), (0.0, 0.0), (0.5, 0.5)])
def test_the_threshold_is_the_one_asked_for_else_the_usual_one(
    scene: Scene, asked: float | None, threshold: float
) -> None:
    assert scene.claim({**MANUAL, "threshold": asked})["claim"]["threshold"] == threshold


def test_a_person_gets_the_version_that_the_key_holds_now(scene: Scene) -> None:
    scene.storage.stored = StoredVersion("v7", 9, "2026-11-12T11:00:00Z")

    claim = scene.claim(MANUAL)["claim"]

    assert scene.storage.asked == [ImageReference("uploads", "cat.jpg", None)]
    assert claim["versionId"] == scene.world.record()["versionId"] == "v7"
    assert scene.world.record()["modifiedAt"] == "2026-11-12T11:00:00Z"


def test_a_version_that_a_person_named_is_asked_for_and_kept_where_s3_names_none(scene: Scene) -> None:
    scene.storage.stored = StoredVersion("", 9, "")

    claim = scene.claim({**MANUAL, "s3_version_id": "v1"})["claim"]

    assert scene.storage.asked == [ImageReference("uploads", "cat.jpg", "v1")]
    assert claim["versionId"] == "v1"


def test_what_s3_has_not_is_claimed_and_fails_where_it_is_read(scene: Scene) -> None:
    assert scene.claim({**MANUAL, "s3_version_id": "v1"})["claim"]["versionId"] == "v1"


def test_of_an_upload_s3s_event_says_all(scene: Scene) -> None:
    assert scene.claim(UPLOAD)["claim"]["versionId"] == "v2"
    assert scene.storage.asked == []


@pytest.mark.parametrize(
    ("given", "refusal", "said"),
    [
        ({**MANUAL, "s3_key": "cats/"}, InvalidInputError, r"^s3://uploads/cats/ is a folder's marker"),
        (
            {"detail": {"bucket": {"name": "uploads"}, "object": {**OBJECT, "key": "cats/", "size": 0}}},
            DuplicateError,
            r"^A folder's marker is no picture\.$",
        ),
    ],
)
def test_a_folders_marker_is_no_picture(
    scene: Scene, given: object, refusal: type[Exception], said: str
) -> None:
    scene.storage.stored = StoredVersion("v1", 0, "")

    with pytest.raises(refusal, match=said):
        scene.claim(given)


@pytest.mark.parametrize("is_over", [True, False])
def test_a_claim_of_an_execution_that_is_over_may_be_had(scene: Scene, is_over: bool) -> None:
    event = {"executionArn": "another", "claimedAt": iso(NOW), "sequencer": "2".ljust(64, "0")}
    scene.world.put(status="RECEIVED", **event)
    scene.executions.over = is_over

    if is_over:
        scene.claim(UPLOAD)
    else:
        with pytest.raises(DuplicateError):
            scene.claim(UPLOAD)

    assert scene.world.record()["executionArn"] == (ARN if is_over else "another")
    assert scene.storage.removed == []


def test_the_second_upload_of_a_form_goes_and_nothing_else_does(scene: Scene) -> None:
    scene.world.put(status="RECEIVED", executionArn="another", versionId="v1", singleUpload=True)

    with pytest.raises(DuplicateError, match="form was used already"):
        scene.claim(UPLOAD)

    assert scene.storage.removed == [ImageReference("uploads", "cat.jpg", "v2")]
    assert scene.world.record()["versionId"] == "v1"


def test_an_upload_that_comes_after_its_deletion_goes_with_what_was_made_of_it(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.world.put(status="DELETED", executionArn="deleted", bucket="uploads", key="cat.jpg")
    leases: list[datetime] = []
    note = scene.world.table.note_removal

    def noted(image: ImageReference, until: datetime) -> None:
        leases.append(until)
        note(image, until)

    monkeypatch.setattr(scene.world.table, "note_removal", noted)

    with pytest.raises(DuplicateError, match="deleted before its event came"):
        scene.claim(UPLOAD)

    assert leases == [NOW + REMOVAL_LEASE]
    assert scene.storage.removed[0] == ImageReference("uploads", "cat.jpg", "v2")
    assert {each.bucket for each in scene.storage.removed[1:]} == {"made"}
    assert not {"removals", "pending", "leaseUntil"} & scene.world.record().keys()
