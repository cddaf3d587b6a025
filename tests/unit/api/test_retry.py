"""Having an image classified again."""

import pytest

from loupe_api.executions import machine_of
from loupe_core.requests import parse_request
from tests.unit.api.images import CLAIM, CLASSIFIED, RECORD_RESULT, copies
from tests.unit.api.world import UPLOADS, World


def classified(world: World) -> str:
    """An image of bob's, classified."""
    image_id: str = world.new_image(world.new_group(), "bob")["newItem"]["imageId"]
    values = CLASSIFIED | {f":{name}": {"S": made} for name, made in copies("").items()}
    world.update(image_id, "SET executionArn = :claim", {":claim": {"S": CLAIM}})
    world.dynamodb.update_item(
        TableName="images",
        Key={"imageId": {"S": image_id}},
        UpdateExpression=RECORD_RESULT.replace("#k", "#key") + "",
        ExpressionAttributeNames={"#s": "status", "#key": "key"},
        ExpressionAttributeValues=values,
    )
    return image_id


def test_its_owner_has_an_image_classified_again(world: World) -> None:
    image_id = classified(world)
    assert world.ask("POST", f"/images/{image_id}/retry", user="bob").status == 202
    ((claimed_by, given),) = world.histories.started
    assert claimed_by == CLAIM
    assert given["s3_bucket"] == UPLOADS
    assert str(given["s3_key"]).startswith("uploads/")


@pytest.mark.parametrize(("user", "status"), [(None, 401), ("ann", 403)])
def test_nobody_else_has(world: World, user: str | None, status: int) -> None:
    image_id = classified(world)
    assert world.ask("POST", f"/images/{image_id}/retry", user=user).status == status
    assert world.histories.started == []


def test_what_waits_for_its_upload_is_not_classified_again(world: World) -> None:
    image_id = world.new_image(world.new_group(), "bob")["newItem"]["imageId"]
    assert world.ask("POST", f"/images/{image_id}/retry", user="bob").status == 409


def test_an_unknown_image_is_not_found(world: World) -> None:
    assert world.ask("POST", f"/images/{'0' * 32}/retry", user="bob").status == 404


@pytest.mark.parametrize(
    ("execution", "machine"),
    [
        (
            "arn:aws-cn:states:cn-north-1:1:execution:loupe-classify-image:a-b",
            "arn:aws-cn:states:cn-north-1:1:stateMachine:loupe-classify-image",
        ),
        (
            "arn:aws:states:us-east-1:1:express:loupe-classify-image-express:a:b",
            "arn:aws:states:us-east-1:1:stateMachine:loupe-classify-image-express",
        ),
    ],
)
def test_the_machine_is_named_by_its_execution(execution: str, machine: str) -> None:
    assert machine_of(execution) == machine


@pytest.mark.parametrize("threshold", [0, 0.5, 1])
def test_it_may_be_with_another_threshold(world: World, threshold: float) -> None:
    image_id = classified(world)
    asked = world.ask("POST", f"/images/{image_id}/retry", {"threshold": threshold}, "bob")
    assert asked.status == 202
    ((_, given),) = world.histories.started
    assert given["threshold"] == threshold
    # As a person types it in the console: the workflow takes it.
    assert parse_request(given).threshold == threshold


@pytest.mark.parametrize("body", [{}, {"threshold": None}, None])
def test_without_one_it_is_the_stacks(world: World, body: object) -> None:
    image_id = classified(world)
    assert world.ask("POST", f"/images/{image_id}/retry", body, "bob").status == 202
    ((_, given),) = world.histories.started
    assert "threshold" not in given


@pytest.mark.parametrize(
    "body", [{"threshold": 1.1}, {"threshold": -1}, {"threshold": "0.5"}, {"model": "x"}]
)
def test_a_threshold_that_is_none_starts_nothing(world: World, body: object) -> None:
    image_id = classified(world)
    assert world.ask("POST", f"/images/{image_id}/retry", body, "bob").status == 400
    assert world.histories.started == []


def test_what_a_batch_run_has_recorded_is_classified_again_and_has_no_history_of_an_execution(
    world: World,
) -> None:
    image_id = classified(world)
    world.update(image_id, "SET executionArn = :claim", {":claim": {"S": "batch:zoo-1"}})
    assert world.ask("GET", f"/images/{image_id}/history", user="bob").body == {"items": []}
    assert world.ask("POST", f"/images/{image_id}/retry", user="bob").status == 202
    assert [claimed_by for claimed_by, _ in world.histories.started] == ["batch:zoo-1"]
