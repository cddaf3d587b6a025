"""Deletion of groups that pictures have left or entered: each picture goes with the group where it stands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from loupe_api.records import ImageRecord, Page
from loupe_core.contract import ImageReference, place_digest
from loupe_core.finalizing import Finalizer
from loupe_core.items import to_item
from loupe_core.records import ImagesTable
from loupe_core.removal import REMOVAL_LEASE
from loupe_core.s3_images import S3Images
from tests.unit.api.images import classified, copies
from tests.unit.api.test_image_deletion import NoExecutions, NoTopic
from tests.unit.api.test_moving import move
from tests.unit.api.world import IMAGES, PROCESSED, UPLOADS, World


class Moved:
    """A picture of ann's with two versions of its original, moved from its group to another; each has a
    neighbour that stays.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.image, self.key = picture(world)
        self.former, self.new = self.key.split("/")[1], world.new_group()
        self.stayed, self.stayed_key = picture(world, self.former)
        self.there, self.there_key = picture(world, self.new)
        assert move(world, self.image, self.new).status == 200

    def delete(self, group: str) -> int:
        return self.world.ask("DELETE", f"/groups/{group}", user="ann").status

    def left(self, key: str) -> int:
        """How many versions there are of a picture's objects: two originals, what was annotated, copies."""
        made = [f"faces/{place_digest(ImageReference(UPLOADS, key))}/", *copies(key).values()]
        places = [(UPLOADS, key), (PROCESSED, key), *((PROCESSED, each) for each in made)]
        return sum(versions(self.world, bucket, prefix) for bucket, prefix in places)


ALL = 7


@pytest.fixture
def moved(world: World) -> Moved:
    return Moved(world)


def test_former_group_goes_without_the_picture_that_has_left(moved: Moved, world: World) -> None:
    assert moved.left(moved.key) == moved.left(moved.stayed_key) == ALL
    record = world.record(moved.image)

    assert moved.delete(moved.former) == 204

    assert moved.left(moved.key) == moved.left(moved.there_key) == ALL
    assert world.record(moved.image) == record
    assert moved.left(moved.stayed_key) == 0
    assert status(world, moved.stayed) == "DELETED"
    # It is its owner's to move on, and to delete with all its files.
    assert move(world, moved.image, world.new_group()).status == 200
    assert world.ask("DELETE", f"/images/{moved.image}", user="ann").status == 204
    assert moved.left(moved.key) == 0


def test_new_group_goes_with_the_picture_that_has_entered(moved: Moved, world: World) -> None:
    assert moved.delete(moved.new) == 204

    assert moved.left(moved.key) == moved.left(moved.there_key) == 0
    assert moved.left(moved.stayed_key) == ALL
    for image in (moved.image, moved.there):
        assert status(world, image) == "DELETED"
        assert not {"pending", "leaseUntil", "removals", "groupId"} & set(world.record(image) or {})
    assert moved.delete(moved.former) == 204
    assert objects_of(world) == 0


def test_both_groups_leave_nothing_in_either_order(moved: Moved, world: World) -> None:
    assert moved.delete(moved.former) == 204
    assert moved.delete(moved.new) == 204
    assert objects_of(world) == 0


def test_picture_that_came_back_goes_with_its_first_group(moved: Moved, world: World) -> None:
    assert move(world, moved.image, moved.former).status == 200
    assert moved.delete(moved.new) == 204
    assert moved.left(moved.key) == ALL
    assert moved.delete(moved.former) == 204
    assert objects_of(world) == 0


def test_picture_of_the_first_releases_that_has_left_keeps_its_files(moved: Moved, world: World) -> None:
    # Its record has the id that its place alone gives.
    record = world.record(moved.image)
    assert record is not None
    former_id = place_digest(ImageReference(UPLOADS, moved.key))
    world.dynamodb.put_item(TableName=IMAGES, Item={**record, "imageId": {"S": former_id}})
    world.dynamodb.delete_item(TableName=IMAGES, Key=to_item({"imageId": moved.image}))

    assert moved.delete(moved.former) == 204

    assert moved.left(moved.key) == ALL
    assert moved.delete(moved.new) == 204
    assert objects_of(world) == 0


@pytest.mark.parametrize("step", ["remove_copies", "remove", "forget_removal"])
@pytest.mark.parametrize("group", ["former", "new"])
def test_deletion_cut_short_is_finished_by_the_next_and_by_the_schedule(
    moved: Moved, world: World, monkeypatch: pytest.MonkeyPatch, group: str, step: str
) -> None:
    deleted = moved.former if group == "former" else moved.new
    for key in (moved.key, moved.stayed_key, moved.there_key):
        as_the_workflow_leaves_it(world, key)
    with monkeypatch.context() as patched:
        holder = world.gallery._images if step == "forget_removal" else world.gallery._objects
        patched.setattr(holder, step, killed)
        assert moved.delete(deleted) == 500
    assert world.ask("GET", f"/groups/{deleted}").status == 404
    # No picture leaves what is being deleted, or enters it.
    elsewhere, outside = world.new_group(), moved.there if group == "former" else moved.stayed
    assert move(world, outside, deleted).status == 404
    for image in (moved.image, moved.stayed, moved.there):
        if (world.record(image) or {}).get("groupId") == {"S": deleted}:
            assert move(world, image, elsewhere).status == 409

    assert moved.delete(deleted) == 204
    finish_pending(world, monkeypatch)

    kept = {moved.key, moved.there_key} if group == "former" else {moved.stayed_key}
    assert [moved.left(key) for key in kept] == [ALL - 1] * len(kept)
    shown = (
        world.s3.list_objects_v2(Bucket=PROCESSED)["KeyCount"]
        + world.s3.list_objects_v2(Bucket=UPLOADS)["KeyCount"]
    )
    assert shown == (ALL - 1) * len(kept)
    assert finish_pending(world, monkeypatch) == {"finished": 0}
    assert moved.delete(deleted) == 404


def test_picture_that_the_index_still_shows_where_it_was_is_left(
    moved: Moved, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    stale = world.gallery._images.get(moved.image)
    assert stale is not None
    attributes = {**stale.attributes, "groupId": moved.former}
    shown = ImageRecord(stale.image_id, stale.bucket, stale.key, stale.status, stale.created_at, attributes)
    real = world.gallery._images.all_of_group

    def behind(*arguments: Any) -> Page[ImageRecord]:
        page = real(*arguments)
        return Page([*page.records, shown], page.next_key)

    monkeypatch.setattr(world.gallery._images, "all_of_group", behind)
    assert moved.delete(moved.former) == 204
    assert moved.left(moved.key) == ALL
    assert status(world, moved.image) != "DELETED"


@pytest.mark.parametrize("reads", [1, 2])
def test_pictures_that_the_index_does_not_show_yet_go_too(
    moved: Moved, world: World, monkeypatch: pytest.MonkeyPatch, reads: int
) -> None:
    real, left = world.gallery._images.all_of_group, [None] * reads

    def behind(*arguments: Any) -> Page[ImageRecord]:
        if left:
            left.pop()
            return Page([], None)
        return real(*arguments)

    monkeypatch.setattr(world.gallery._images, "all_of_group", behind)
    assert moved.delete(moved.new) == 204
    # What was uploaded to the group is found by its objects, whatever the index shows.
    assert status(world, moved.there) == "DELETED"
    assert moved.left(moved.there_key) == 0
    # What has entered is found by the index alone; beyond that its owner still has it.
    gone = reads == 1
    assert (status(world, moved.image) == "DELETED") == gone
    assert moved.left(moved.key) == (0 if gone else ALL)
    if not gone:
        assert move(world, moved.image, moved.former).status == 200


@pytest.mark.parametrize(("answers", "expected"), [(1, 204), (1000, 429)])
def test_keys_that_dynamodb_has_not_looked_at_are_asked_for_again(
    moved: Moved, world: World, monkeypatch: pytest.MonkeyPatch, answers: int, expected: int
) -> None:
    real, left = world.dynamodb.batch_get_item, [None] * answers

    def busy(RequestItems: Any) -> Any:  # noqa: N803
        if not left:
            return real(RequestItems=RequestItems)
        left.pop()
        asked = RequestItems[IMAGES]
        answer = real(RequestItems={IMAGES: {**asked, "Keys": asked["Keys"][:1]}})
        rest = {**asked, "Keys": asked["Keys"][1:] or asked["Keys"]}
        return {**answer, "UnprocessedKeys": {IMAGES: rest}}

    monkeypatch.setattr(world.dynamodb, "batch_get_item", busy)
    assert moved.delete(moved.former) == expected
    assert moved.left(moved.key) == ALL
    left.clear()
    assert moved.delete(moved.former) == (404 if expected == 204 else 204)
    assert moved.left(moved.stayed_key) == 0
    assert moved.left(moved.key) == ALL


def test_hundreds_of_keys_are_looked_up_a_hundred_at_a_time(
    moved: Moved, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(120):
        world.s3.put_object(Bucket=UPLOADS, Key=f"uploads/{moved.former}/by-hand/{number}.png", Body=b"x")
    real, asked = world.dynamodb.batch_get_item, []

    def counted(RequestItems: Any) -> Any:  # noqa: N803
        assert RequestItems[IMAGES]["ConsistentRead"] is True
        asked.append(len(RequestItems[IMAGES]["Keys"]))
        return real(RequestItems=RequestItems)

    monkeypatch.setattr(world.dynamodb, "batch_get_item", counted)
    assert moved.delete(moved.former) == 204
    assert asked[:2] == [100, 22]
    assert versions(world, UPLOADS, f"uploads/{moved.former}/") == 2
    assert moved.left(moved.key) == ALL


def picture(world: World, group: str | None = None) -> tuple[str, str]:
    """A classified picture of ann's with two versions of its original, and all that is made of one."""
    image, key = classified(world, group)
    world.s3.put_object(Bucket=UPLOADS, Key=key, Body=b"again")
    for made in (f"faces/{place_digest(ImageReference(UPLOADS, key))}/v1.jpg", *copies(key).values()):
        world.s3.put_object(Bucket=PROCESSED, Key=made, Body=b"made of it")
    return image, key


def as_the_workflow_leaves_it(world: World, key: str) -> None:
    """One version of the original, which the record names, as the copy for face detection does."""
    (first, newest) = sorted(
        world.s3.list_object_versions(Bucket=UPLOADS, Prefix=key)["Versions"],
        key=lambda each: each["IsLatest"],
    )
    world.s3.delete_object(Bucket=UPLOADS, Key=key, VersionId=first["VersionId"])
    for_faces = f"faces/{place_digest(ImageReference(UPLOADS, key))}/"
    for each in world.s3.list_object_versions(Bucket=PROCESSED, Prefix=for_faces)["Versions"]:
        world.s3.delete_object(Bucket=PROCESSED, Key=each["Key"], VersionId=each["VersionId"])
    image = world.gallery._images.new_id(UPLOADS, key)
    world.s3.put_object(Bucket=PROCESSED, Key=f"{for_faces}{newest['VersionId']}.jpg", Body=b"for faces")
    world.update(image, "SET versionId = :version", {":version": {"S": newest["VersionId"]}})


def status(world: World, image: str) -> str:
    return str((world.record(image) or {})["status"]["S"])


def versions(world: World, bucket: str, prefix: str = "") -> int:
    listing = world.s3.list_object_versions(Bucket=bucket, Prefix=prefix)
    return len(listing.get("Versions", [])) + len(listing.get("DeleteMarkers", []))


def objects_of(world: World) -> int:
    return versions(world, UPLOADS) + versions(world, PROCESSED)


def killed(*_: object) -> None:
    raise RuntimeError("Runtime exited")


def finish_pending(world: World, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    later: Callable[[], Any] = lambda: world.clock() + REMOVAL_LEASE + timedelta(seconds=1)  # noqa: E731
    finalizer = Finalizer(ImagesTable(IMAGES), S3Images(), NoTopic(), NoExecutions(), PROCESSED, later)
    return finalizer.finish_pending()
