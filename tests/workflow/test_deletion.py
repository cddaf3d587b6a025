"""A picture deleted before, while or after it is classified leaves nothing behind."""

from __future__ import annotations

import pytest

from loupe_core.contract import ImageReference, place_digest
from tests.workflow.world import MANUAL, SomePendingError, World, event, raised

PLACE = place_digest(ImageReference("uploads", "uploads/seven.png"))
BURIED = {
    "status": "DELETED",
    "executionArn": "deleted",
    "sequencer": "~" * 64,
    "deletedAt": "2026-11-21T12:00:00.000Z",
}


def bury(world: World) -> None:
    """What the API does to a record."""
    world.put_record({"imageId": world.records()[0]["imageId"], **BURIED})


def everything(world: World, version: str = "v1") -> list[str]:
    """What is removed: the version that came, and what was made of it."""
    made = ["uploads/seven.png", f"faces/{PLACE}/{version}.jpg"]
    made += [f"copies/{PLACE}/{name}" for name in ("2048.jpg", "640.webp", "320.webp")]
    return [f"uploads:uploads/seven.png:{version}", *(f"ProcessedBucket:{key}:" for key in made)]


STATES = ["Serialize Image Data", "Classify Image Data", "Annotate Image", "Record Result"]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("broken", [False, True], ids=["", "and fails"])
def test_a_deletion_during_classification_leaves_nothing_behind(state: str, broken: bool) -> None:
    world = World()
    world.before[state] = lambda: bury(world)
    if broken:
        world.faults[state] = raised("ImageNotFoundError", "There is no picture")
    assert world.classify(event()).output["status"] == "SUPERSEDED"
    assert [record["status"] for record in world.records()] == ["DELETED"]
    assert world.messages == []
    assert world.deleted == everything(world)


@pytest.mark.parametrize("sequencer", ["0B", "01"], ids=["later", "earlier"])
def test_a_form_that_is_sent_again_is_classified_once_and_leaves_one_version(sequencer: str) -> None:
    world = World()
    world.classify(event())
    announced = {**world.record(), "singleUpload": True}
    world.put_record(announced)

    for version in ("v2", "v3"):
        again = world.classify(event(version=version, sequencer=sequencer), version)
        assert again.output["status"] == "DUPLICATE"

    assert world.calls.count("Classify Image Data") == 1
    assert world.deleted == ["uploads:uploads/seven.png:v2", "uploads:uploads/seven.png:v3"]
    assert world.record() == announced
    assert len(world.messages) == 1
    # S3's own event for the picture that was classified, once more, and a person's wish.
    assert world.classify(event(), "repeated").output["status"] == "DUPLICATE"
    assert len(world.deleted) == 2
    assert world.classify(MANUAL, "wish").output["status"] == "CLASSIFIED"


def test_an_upload_that_arrives_after_its_deletion_is_removed() -> None:
    world = World()
    world.classify(event())
    bury(world)
    world.messages.clear()
    assert world.classify(event(version="v2", sequencer="0B"), "two").output["status"] == "DUPLICATE"
    assert world.calls.count("Classify Image Data") == 1
    assert world.messages == []
    assert world.deleted == everything(world, "v2")
    assert not world.pending


@pytest.mark.parametrize("place", ["uploads/uploads/", "ProcessedBucket/faces/", "ProcessedBucket/copies/"])
@pytest.mark.parametrize("when", ["before", "during"])
def test_what_cannot_be_removed_is_removed_when_the_fault_is_lifted(place: str, when: str) -> None:
    world = World()
    if when == "before":
        world.classify(event())
        bury(world)
    else:
        world.before["Annotate Image"] = lambda: bury(world)
    world.messages.clear()
    world.s3_denied = place
    world.classify(event(version="v2", sequencer="0B"), "two")
    assert world.pending
    with pytest.raises(SomePendingError):
        world.sweep()
    world.finalize_queue()
    world.s3_denied = ""
    world.deleted.clear()
    world.sweep()
    assert world.messages == []
    assert world.deleted == everything(world, "v2")
    assert not world.pending


def test_an_aborted_execution_of_a_deleted_picture_notifies_nobody() -> None:
    world = World(dies_in="Serialize Image Data")
    world.classify(event())
    world.abort()
    bury(world)
    world.finalize(world.status_event())
    world.sweep()
    assert (world.record()["status"], world.messages) == ("DELETED", [])


def test_a_person_who_asks_for_a_deleted_picture_is_refused_and_its_tombstone_stays() -> None:
    world = World()
    world.classify(event())
    bury(world)
    world.messages.clear()
    ending = world.classify(MANUAL, "two")
    assert (ending.status, ending.error) == ("FAILED", "ImageNotFoundError")
    world.finalize(world.status_event("two"))
    assert (world.records()[0]["status"], world.messages, world.deleted) == ("DELETED", [], [])


def test_the_upload_stays_where_only_its_record_was_removed() -> None:
    world = World()
    world.before["Record Result"] = world.remove_records
    assert world.classify(event()).output["status"] == "SUPERSEDED"
    assert world.messages == []
    assert {place.split(":")[0] for place in world.deleted} == {"ProcessedBucket"}
