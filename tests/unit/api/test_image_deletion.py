"""A deleted image leaves nothing, and does not come back."""

from datetime import datetime, timedelta
from typing import Any

import botocore.exceptions
import pytest

from loupe_core.contract import ImageReference, place_digest
from loupe_core.executions import ExecutionState
from loupe_core.finalizing import Finalizer
from loupe_core.records import ImagesTable
from loupe_core.removal import REMOVAL_LEASE
from loupe_core.s3_images import S3Images
from tests.unit.api.images import CLAIM, claim, classified, copies
from tests.unit.api.world import IMAGES, PROCESSED, UPLOADS, World


def test_only_its_owner_deletes_an_image(world: World) -> None:
    image, _ = classified(world)
    assert world.ask("DELETE", f"/images/{image}", user="bob").status == 403
    assert world.ask("GET", f"/images/{image}").status == 200


def test_a_deleted_image_leaves_no_object_and_no_way_back(world: World) -> None:
    image, key = classified(world)
    group = key.split("/")[1]
    neighbour = world.new_image(group)["newItem"]["imageId"]
    for made in (f"faces/{place_digest(ImageReference(UPLOADS, key))}/v1.jpg", *copies(key).values()):
        world.s3.put_object(Bucket=PROCESSED, Key=made, Body=b"made of it")
    world.s3.put_object(Bucket=UPLOADS, Key=key, Body=b"a second version")

    assert world.ask("DELETE", f"/images/{image}", user="ann").status == 204

    assert world.ask("GET", f"/images/{image}").status == 404
    assert world.ask("GET", f"/images/{image}/history").status == 404
    assert world.ask("DELETE", f"/images/{image}", user="ann").status == 404
    listed = world.ask("GET", f"/groups/{group}/images").body["items"]
    assert [item["imageId"] for item in listed] == [neighbour]
    for bucket in (UPLOADS, PROCESSED):
        listing = world.s3.list_object_versions(Bucket=bucket)
        assert "Versions" not in listing
        assert "DeleteMarkers" not in listing


def test_an_execution_under_way_cannot_bring_a_deleted_image_back(world: World) -> None:
    image = world.new_image(world.new_group())["newItem"]["imageId"]
    claim(world, image)
    assert world.ask("DELETE", f"/images/{image}", user="ann").status == 204

    for condition in (
        "executionArn = :claim",  # Record Result
        # Claim Image
        "attribute_not_exists(imageId) OR attribute_not_exists(executionArn) OR sequencer < :later",
    ):
        values = {":claim": {"S": CLAIM}, ":later": {"S": "f" * 64}}
        used = {name: value for name, value in values.items() if name in condition}
        with pytest.raises(botocore.exceptions.ClientError, match="ConditionalCheckFailed"):
            world.update(image, "SET label = :label", {**used, ":label": {"S": "dog"}}, condition)
    record = world.record(image)
    assert record is not None
    assert "groupId" not in record
    assert "expiresAt" in record


@pytest.mark.parametrize("step", ["remove_copies", "remove"])
def test_a_deletion_that_is_cut_short_is_finished_without_anybody_asking_again(
    world: World, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    image, key = classified(world)
    version = world.s3.head_object(Bucket=UPLOADS, Key=key)["VersionId"]
    world.update(image, "SET versionId = :version", {":version": {"S": version}})
    for made in copies(key).values():
        world.s3.put_object(Bucket=PROCESSED, Key=made, Body=b"made of it")

    def killed(*_: object) -> None:
        raise RuntimeError("Runtime exited")

    with monkeypatch.context() as patched:
        patched.setattr(world.gallery._objects, step, killed)
        assert world.ask("DELETE", f"/images/{image}", user="ann").status == 500
    assert world.ask("DELETE", f"/images/{image}", user="ann").status == 404
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    finalizer = Finalizer(
        table=ImagesTable(IMAGES),
        storage=S3Images(),
        topic=NoTopic(),
        executions=NoExecutions(),
        processed_bucket=PROCESSED,
        now=lambda: world.clock() + REMOVAL_LEASE + timedelta(seconds=1),
    )

    assert finalizer.finish_pending() == {"finished": 1}

    assert "Versions" not in world.s3.list_object_versions(Bucket=UPLOADS)
    assert world.s3.list_objects_v2(Bucket=PROCESSED)["KeyCount"] == 0
    record = world.record(image)
    assert record is not None
    assert record["status"]["S"] == "DELETED"
    assert not {"pending", "leaseUntil", "removals"} & set(record)
    assert finalizer.finish_pending() == {"finished": 0}


def test_a_deletion_that_was_done_leaves_nothing_pending(world: World) -> None:
    image, _ = classified(world)

    assert world.ask("DELETE", f"/images/{image}", user="ann").status == 204

    record = world.record(image)
    assert record is not None
    assert not {"pending", "leaseUntil", "removals"} & set(record)


class NoTopic:
    """SNS, which a deletion does not need."""

    def publish(self, message: dict[str, Any]) -> None:
        raise AssertionError(message)


class NoExecutions:
    """Step Functions, where nothing was stopped."""

    def state(self, arn: str) -> ExecutionState:
        raise AssertionError(arn)

    def is_over(self, arn: str) -> bool:
        raise AssertionError(arn)

    def stopped(self, machine_arn: str, since: datetime, until: datetime) -> list[dict[str, Any]]:
        return []
