"""A picture deleted before, while or after it is classified leaves nothing behind."""

from __future__ import annotations

import pytest

from tests.workflow.interpreter import ServiceError
from tests.workflow.world import ARN, BY_HAND, World, event, raised

BURIED = {
    "status": {"S": "DELETED"},
    "executionArn": {"S": "deleted"},
    "sequencer": {"S": "~" * 64},
    "deletedAt": {"S": "2026-11-21T12:00:00.000Z"},
}


def bury(world: World) -> None:
    """What the API does to a record."""
    world.put_record({"imageId": world.records()[0]["imageId"], **BURIED})


def everything(world: World, version: str = "v1") -> list[str]:
    """What is removed: the version that came, and what was made of it."""
    copy = f"ProcessedBucket:faces/{world.records()[0]['imageId']['S']}/{version}.jpg:"
    return [f"uploads:uploads/seven.png:{version}", "ProcessedBucket:uploads/seven.png:", copy]


STATES = ["Serialize Image Data", "Classify Image Data", "Annotate Image", "Record Result"]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("broken", [False, True], ids=["", "and fails"])
def test_a_deletion_during_classification_leaves_nothing_behind(state: str, broken: bool) -> None:
    world = World()
    world.before[state] = lambda: bury(world)
    if broken:
        world.faults[state] = raised("ImageNotFoundError", "There is no picture")
    assert world.classify(event()).output["status"] == "SUPERSEDED"
    assert [record["status"]["S"] for record in world.records()] == ["DELETED"]
    assert world.messages == []
    assert world.deleted == everything(world)


def test_an_upload_that_arrives_after_its_deletion_is_removed() -> None:
    world = World()
    world.classify(event())
    bury(world)
    world.messages.clear()
    assert world.classify(event(version="v2", sequencer="0B"), "two").output["status"] == "SUPERSEDED"
    assert world.calls.count("Classify Image Data") == 1
    assert world.messages == []
    assert world.deleted == everything(world, "v2")


@pytest.mark.parametrize("state", ["Remove Upload", "Remove Annotated Image", "Remove Copy For Faces"])
def test_what_cannot_be_removed_is_removed_when_the_fault_is_lifted(state: str) -> None:
    world = World()
    world.classify(event())
    bury(world)
    world.messages.clear()
    world.faults[state] = ServiceError("S3.S3Exception", "not authorized")
    assert world.classify(event(version="v2", sequencer="0B"), "two").status == "FAILED"
    world.before["Finish"] = world.faults.clear
    world.deleted.clear()
    assert world.settle("two").output["status"] == "SETTLED"
    assert world.messages == []
    assert world.deleted == everything(world, "v2")


def test_an_aborted_execution_of_a_deleted_picture_leaves_nothing_behind() -> None:
    world = World()
    world.classify(event())
    world.messages.clear()
    world.endings[ARN + "one"].entered[:] = ["Assign Input", "Claim Image", "Serialize Image Data"]
    bury(world)
    assert world.settle(status="ABORTED").output["status"] == "SETTLED"
    assert world.messages == []
    assert world.deleted == everything(world)


def test_by_hand_a_deleted_picture_is_refused_and_its_tombstone_stays() -> None:
    world = World()
    world.classify(event())
    bury(world)
    world.messages.clear()
    ending = world.classify(BY_HAND, "two")
    assert (ending.status, ending.error) == ("FAILED", "ImageNotFoundError")
    assert world.settle("two").output["status"] == "NOTHING_OWING"
    assert (world.records()[0]["status"]["S"], world.messages, world.deleted) == ("DELETED", [], [])


def test_the_upload_stays_where_only_its_record_was_removed() -> None:
    world = World()
    world.before["Record Result"] = world.remove_records
    assert world.classify(event()).output["status"] == "SUPERSEDED"
    assert world.messages == []
    assert [place.split(":")[0] for place in world.deleted] == ["ProcessedBucket", "ProcessedBucket"]
