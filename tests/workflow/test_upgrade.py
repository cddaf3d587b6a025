"""Records of the former release (before the pending mark) are read, claimed, classified over and finished."""

from __future__ import annotations

from typing import Any

import pytest

from loupe_core.contract import ImageReference, place_digest
from tests.workflow.world import ARN, EXPRESS_ARN, MANUAL, World, event

KEY = "uploads/seven.png"
IMAGE = place_digest(ImageReference("uploads", KEY))
FORMER_NAMES = {"byHand", "retakeable", "owing", "owingSince", "run"}
PLACE = {"imageId": IMAGE, "bucket": "uploads", "key": KEY, "versionId": "v1"}
CLAIMED: dict[str, Any] = {
    **PLACE,
    "status": "RECEIVED",
    "executionArn": ARN + "former",
    "sequencer": "0A".ljust(64, "0"),
    "modifiedAt": "2026-11-21T11:00:00Z",
    "byHand": False,
    "createdAt": "2026-11-21T11:00:01.000Z",
    "updatedAt": "2026-11-21T11:00:01.000Z",
}
CLASSIFIED: dict[str, Any] = {
    **CLAIMED,
    "status": "CLASSIFIED",
    "label": "7",
    "confidence": 0.97,
    "predictions": [{"label": "7", "score": 0.97}],
    "faceDetected": None,
    "faces": [],
    "facesError": None,
    "processedKey": KEY,
    "title": "7 - 97.0%",
    "autoTitle": True,
    "groupId": "g",
    "ownerId": "ann",
}
FAILED: dict[str, Any] = {
    **CLAIMED,
    "status": "FAILED",
    "error": {"name": "ExecutionAborted", "cause": "The execution was stopped."},
    "label": None,
    "confidence": None,
    "predictions": [],
    "faceDetected": None,
    "faces": [],
    "facesError": None,
    "retakeable": True,
}
EXPRESS: dict[str, Any] = {
    **CLAIMED,
    "executionArn": EXPRESS_ARN + "former:1",
    "run": "2026-11-21T11:00:01.000Z",
    "owing": "YES",
    "owingSince": "2026-11-21T11:00:01.000Z",
}


def upgraded(record: dict[str, Any], **more: Any) -> World:
    world = World(**more)
    world.put_record(record)
    return world


def assert_of_this_release(world: World) -> None:
    assert not FORMER_NAMES & set(world.record())
    assert not world.pending


def test_a_classified_picture_is_known_when_its_event_comes_again() -> None:
    world = upgraded(CLASSIFIED)
    assert world.classify(event()).output["status"] == "DUPLICATE"
    assert world.record() == CLASSIFIED
    assert world.messages == []


@pytest.mark.parametrize("given", [MANUAL, event(version="v2", sequencer="0B")], ids=["manual", "newer"])
def test_a_classified_picture_is_classified_anew(given: Any) -> None:
    world = upgraded(CLASSIFIED, predictions=[{"label": "1", "score": 0.99}])
    assert world.classify(given).output["label"] == "1"
    record = world.record()
    # A title made of the former label goes with it; group and owner stay.
    assert (record["title"], record["groupId"], record["ownerId"]) == ("1 - 99.0%", "g", "ann")
    assert record["createdAt"] == CLASSIFIED["createdAt"]
    assert_of_this_release(world)
    assert len(world.messages) == 1


def test_a_title_that_somebody_gave_stays() -> None:
    world = upgraded({**CLASSIFIED, "title": "Rex", "autoTitle": False})
    assert world.classify(MANUAL).output["title"] == "Rex"


def test_a_failed_picture_may_be_had_by_its_own_event_again() -> None:
    world = upgraded(FAILED)
    assert world.classify(event()).output["status"] == "CLASSIFIED"
    assert_of_this_release(world)


@pytest.mark.parametrize("record", [CLAIMED, EXPRESS], ids=["standard", "express"])
def test_a_claim_that_was_left_behind_is_taken_over(record: dict[str, Any]) -> None:
    world = upgraded(record)
    assert world.classify(event()).output["status"] == "CLASSIFIED"
    assert_of_this_release(world)


def test_a_claim_whose_execution_runs_on_is_left_to_it() -> None:
    world = upgraded({**CLAIMED, "updatedAt": "2026-11-21T11:59:00.000Z"})
    world.running.add(ARN + "former")
    assert world.classify(event()).output["status"] == "DUPLICATE"


def test_an_execution_of_the_former_release_that_dies_after_the_upgrade_is_finished_once() -> None:
    world = upgraded(CLAIMED)
    world.inputs[world.arn("former")] = event()
    world.abort("former")
    for _ in range(2):
        world.finalize(world.status_event("former"))
    assert (world.record()["status"], world.record()["error"]["name"]) == ("FAILED", "ExecutionAborted")
    assert len(world.messages) == 1
    assert not world.pending


def test_a_former_tombstone_keeps_its_word() -> None:
    tombstone = {
        "imageId": IMAGE,
        "status": "DELETED",
        "executionArn": "deleted",
        "sequencer": "~" * 64,
        "deletedAt": "2026-11-21T11:00:00.000Z",
        "expiresAt": 1_800_000_000,
    }
    world = upgraded(tombstone)
    assert world.classify(event()).output["status"] == "DUPLICATE"
    assert world.deleted[0] == f"uploads:{KEY}:v1"
    assert world.classify(MANUAL, "two").error == "ImageNotFoundError"
    assert world.record()["status"] == "DELETED"
    assert not world.pending
