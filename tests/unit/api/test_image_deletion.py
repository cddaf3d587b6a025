"""A deleted image leaves nothing, and does not come back."""

import botocore.exceptions
import pytest

from loupe_core.contract import ImageReference, place_digest
from tests.unit.api.images import CLAIM, claim, classified, copies
from tests.unit.api.world import PROCESSED, UPLOADS, World


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
