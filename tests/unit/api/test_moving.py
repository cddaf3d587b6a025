"""A picture is moved to another group by its owner."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import botocore.exceptions
import pytest

from loupe_core.claims import Claimant
from loupe_core.inference import Prediction
from loupe_core.outcomes import Findings, outcome_of_result
from loupe_core.records import ImagesTable
from loupe_core.requests import Request
from tests.unit.api.images import CLAIM, claim, classified
from tests.unit.api.world import IMAGES, PROCESSED, UPLOADS, Answer, World

NOWHERE = "00000000-0000-4000-8000-000000000000"


def group_of(world: World, visibility: str, owner: str = "ann") -> str:
    body = {"name": f"a {visibility} one", "visibility": visibility}
    return str(world.ask("POST", "/groups", body, owner).body["newItem"]["id"])


def move(world: World, image: str, group: str, user: str = "ann", **more: str) -> Answer:
    return world.ask("PATCH", f"/images/{image}", {"groupId": group, **more}, user)


def stands_in(world: World, image: str) -> str | None:
    record = world.record(image) or {}
    return str(record["groupId"]["S"]) if "groupId" in record else None


def listed(world: World, group: str, user: str = "ann") -> list[str]:
    items = world.ask("GET", f"/signed-in/groups/{group}/images", user=user).body["items"]
    return [item["imageId"] for item in items]


def test_moved_picture_stands_in_its_new_group_with_all_that_it_was(world: World) -> None:
    image, key = classified(world)
    former, new = key.split("/")[1], world.new_group(name="Dogs")
    before, record = (
        world.ask("GET", f"/signed-in/images/{image}", user="ann").body["result"],
        world.record(image),
    )
    objects = {bucket: _objects(world, bucket) for bucket in (UPLOADS, PROCESSED)}

    moved = move(world, image, new)

    assert moved.status == 200
    assert moved.body["result"]["groupId"] == new
    unsigned = [{**each, **dict.fromkeys(_addresses(each))} for each in (moved.body["result"], before)]
    assert unsigned[0] == {**unsigned[1], "groupId": new}
    assert world.record(image) == {**(record or {}), "groupId": {"S": new}}
    assert (listed(world, former), listed(world, new)) == ([], [image])
    counts = [world.ask("GET", f"/groups/{group}").body["images"]["count"] for group in (former, new)]
    assert counts == [0, 1]
    # Nothing is copied: an object of S3 that is written anew starts the workflow.
    assert {bucket: _objects(world, bucket) for bucket in objects} == objects


def test_picture_is_moved_and_renamed_at_once(world: World) -> None:
    image, _ = classified(world)
    world.update(
        image, "SET title = :made, autoTitle = :yes", {":made": {"S": "dog"}, ":yes": {"BOOL": True}}
    )
    new = world.new_group()
    result = move(world, image, new, title="Rex").body["result"]
    assert (result["groupId"], result["title"]) == (new, "Rex")
    assert "autoTitle" not in (world.record(image) or {})


def test_change_that_names_nothing_is_refused(world: World) -> None:
    image, _ = classified(world)
    refused = world.ask("PATCH", f"/images/{image}", {}, "ann")
    assert (refused.status, refused.body["error"]) == (400, "body: title or groupId is required")


def test_change_to_nothing_changes_nothing(world: World) -> None:
    image, _ = classified(world)
    record = world.record(image)
    body = {"title": None, "groupId": None}
    assert world.ask("PATCH", f"/images/{image}", body, "ann").status == 200
    assert world.ask("PATCH", f"/images/{image}", body, "bob").status == 403
    assert world.record(image) == record


def test_moving_a_picture_to_where_it_stands_changes_nothing(world: World) -> None:
    image, key = classified(world)
    record = world.record(image)
    assert move(world, image, key.split("/")[1]).status == 200
    assert world.record(image) == record


def test_only_its_owner_moves_a_picture(world: World) -> None:
    image, key = classified(world)
    for group in (world.new_group("bob"), key.split("/")[1]):
        assert move(world, image, group, "bob").status == 403
    private = group_of(world, "private")
    move(world, image, private)
    # Who may not see it is not told that it is there.
    assert move(world, image, key.split("/")[1], "bob").status == 404
    assert stands_in(world, image) == private


def test_picture_is_moved_to_groups_that_take_uploads_and_to_no_others(world: World) -> None:
    image, key = classified(world)
    deleted = world.new_group()
    world.gallery._groups.mark_deleted(deleted, "ann", "2026-11-21T12:00:00.000Z")
    for group in (NOWHERE, "nope", "", deleted, group_of(world, "private", "bob")):
        refused = move(world, image, group)
        assert (refused.status, refused.body["error"]) == (404, "There is no such group.")
        assert stands_in(world, image) == key.split("/")[1]
    for group in (
        group_of(world, "public", "bob"),
        group_of(world, "link", "bob"),
        group_of(world, "private"),
    ):
        assert move(world, image, group).status == 200
        assert stands_in(world, image) == group


def test_picture_that_was_moved_twice_and_back_is_where_it_was(world: World) -> None:
    image, key = classified(world)
    record = world.record(image)
    for group in (world.new_group(), world.new_group(), key.split("/")[1]):
        assert move(world, image, group).status == 200
    assert world.record(image) == record


def test_who_sees_a_picture_goes_by_the_group_where_it_stands(world: World) -> None:
    image, _ = classified(world)

    def seen() -> tuple[int, int, list[str]]:
        found = world.ask("GET", "/signed-in/images", user="bob").body["items"]
        paths = f"/images/{image}", f"/signed-in/images/{image}"
        alone, signed_in = (world.ask("GET", path, user="bob").status for path in paths)
        assert alone == signed_in == world.ask("GET", f"/images/{image}/history").status
        return alone, signed_in, [item["imageId"] for item in found]

    assert seen() == (200, 200, [image])
    move(world, image, group_of(world, "private"))
    assert seen() == (404, 404, [])
    move(world, image, group_of(world, "link"))
    assert seen() == (200, 200, [])
    move(world, image, group_of(world, "public", "bob"))
    assert seen() == (200, 200, [image])


def test_others_are_not_told_the_id_of_the_group_that_a_picture_left(world: World) -> None:
    # Who has the id of a group with visibility link sees all that is in it.
    hidden = group_of(world, "link")
    image = world.new_image(hidden)["newItem"]["imageId"]
    claim(world, image)
    key = (world.record(image) or {})["key"]["S"]
    cause = f"There is no picture at s3://{UPLOADS}/{key}, or not in this version."
    failed = {"M": {"name": {"S": "ImageNotFoundError"}, "cause": {"S": cause}}}
    values = {":made": {"S": key}, ":failed": failed, ":status": {"S": "FAILED"}}
    world.dynamodb.update_item(
        TableName=IMAGES,
        Key={"imageId": {"S": image}},
        UpdateExpression="SET processedKey = :made, #error = :failed, #status = :status",
        ExpressionAttributeNames={"#error": "error", "#status": "status"},
        ExpressionAttributeValues=values,
    )
    group = group_of(world, "public")
    move(world, image, group)

    paths = [f"/images/{image}", f"/groups/{group}/images", f"/images/{image}/history"]
    paths += [f"/signed-in{path}" for path in paths] + ["/signed-in/images"]
    for path in paths:
        body = json.dumps(world.ask("GET", path, user="bob").body)
        assert "There is no picture at" in body
        assert hidden not in body, path
        known = json.dumps(world.ask("GET", path, user="ann").body)
        assert (hidden in known) == path.startswith("/signed-in"), path


def test_picture_moved_while_it_is_awaited_is_classified_in_its_new_group(world: World) -> None:
    announced = world.new_image(world.new_group())
    image, key = announced["newItem"]["imageId"], announced["upload"]["fields"]["key"]
    new = world.new_group()
    assert move(world, image, new).body["result"]["uploadStatus"] == "AWAITED"
    classify(world, key)
    assert stands_in(world, image) == new
    assert "expiresAt" not in (world.record(image) or {})


def test_picture_moved_while_it_is_classified_keeps_its_new_group(world: World) -> None:
    announced = world.new_image(world.new_group())
    image, key = announced["newItem"]["imageId"], announced["upload"]["fields"]["key"]
    new = world.new_group()
    classify(world, key, meanwhile=lambda: move(world, image, new))
    assert stands_in(world, image) == new
    assert (world.record(image) or {})["label"] == {"S": "dog"}


def test_title_is_refused_with_a_move_while_an_execution_holds_it(world: World) -> None:
    image = world.new_image(world.new_group())["newItem"]["imageId"]
    claim(world, image)
    former, new = stands_in(world, image), world.new_group()
    assert move(world, image, new, title="meanwhile").status == 409
    assert stands_in(world, image) == former
    assert move(world, image, new).status == 200
    assert CLAIM in str(world.record(image))


def test_request_that_announced_a_picture_still_finds_it_after_a_move(world: World) -> None:
    former, new = world.new_group(), world.new_group()
    path, body, key = f"/groups/{former}/images", {"fileName": "rex.png"}, {"Idempotency-Key": "k"}
    first = world.ask("POST", path, body, "ann", headers=key).body
    image = first["newItem"]["imageId"]
    move(world, image, new)
    again = world.ask("POST", path, body, "ann", headers=key)
    assert (again.status, again.body["newItem"]["imageId"]) == (201, image)
    assert again.body["newItem"]["groupId"] == new
    assert again.body["upload"]["fields"]["key"] == first["upload"]["fields"]["key"]


@pytest.mark.parametrize(
    ("meanwhile", "status"),
    [
        ("the group is deleted", 404),
        ("its own group is deleted", 409),
        ("it is deleted", 404),
        ("nothing", 200),
    ],
)
def test_what_happens_between_look_and_move_decides(
    world: World, monkeypatch: pytest.MonkeyPatch, meanwhile: str, status: int
) -> None:
    image, key = classified(world)
    former, new = key.split("/")[1], world.new_group()
    groups, now = world.gallery._groups, "2026-11-21T12:00:00.000Z"
    happens = {
        "the group is deleted": lambda: groups.mark_deleted(new, "ann", now),
        "its own group is deleted": lambda: groups.mark_deleted(former, "ann", now),
        "it is deleted": lambda: world.ask("DELETE", f"/images/{image}", user="ann"),
        "nothing": lambda: None,
    }
    before_first_write(world, monkeypatch, happens[meanwhile])
    assert move(world, image, new).status == status
    if status == 409:
        assert stands_in(world, image) == former


def test_picture_that_was_moved_elsewhere_at_the_same_moment_is_looked_at_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    image, _ = classified(world)
    other, new = world.new_group(), world.new_group()
    real = world.gallery._images.move
    before_first_write(world, monkeypatch, lambda: real(_seen(world, image), other, None))
    assert move(world, image, new).status == 200
    assert stands_in(world, image) == new

    monkeypatch.setattr(world.gallery._images, "move", lambda *_: False)
    refused = move(world, image, other)
    assert (refused.status, "try again" in refused.body["error"]) == (409, True)


@pytest.mark.parametrize(
    ("codes", "status"),
    [
        (["TransactionConflict"], 200),
        (["TransactionConflict", "TransactionConflict"], 429),
        (["ThrottlingError"], 429),
    ],
)
def test_move_that_meets_another_transaction_is_tried_once_more(
    world: World, monkeypatch: pytest.MonkeyPatch, codes: list[str], status: int
) -> None:
    image, _ = classified(world)
    new = world.new_group()
    left, real = list(codes), world.dynamodb.transact_write_items

    def busy(**request: Any) -> Any:
        if not left:
            return real(**request)
        reasons = [{"Code": left.pop(0)}, {"Code": "None"}, {"Code": "None"}]
        raise world.dynamodb.exceptions.TransactionCanceledException(
            {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": reasons},
            "TransactWriteItems",
        )

    monkeypatch.setattr(world.dynamodb, "transact_write_items", busy)
    answer = move(world, image, new)
    assert (answer.status, left) == (status, [])
    assert (stands_in(world, image) == new) == (status == 200)
    assert ("retry-after" in answer.headers) == (status == 429)


def test_busy_table_is_said_as_elsewhere(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    image, _ = classified(world)
    new = world.new_group()

    def throttled(**_: Any) -> Any:
        error = {"Error": {"Code": "ProvisionedThroughputExceededException"}}
        raise botocore.exceptions.ClientError(error, "TransactWriteItems")  # type: ignore[arg-type]

    monkeypatch.setattr(world.dynamodb, "transact_write_items", throttled)
    assert move(world, image, new).status == 429


def classify(world: World, key: str, meanwhile: Any = lambda: None) -> None:
    """What the workflow writes to the record of a picture that has come."""
    table, now = ImagesTable(IMAGES, world.dynamodb), world.clock()
    request = Request(UPLOADS, key, version_id="v1", sequencer="0066", manual=False)
    claimed = table.claim(request, Claimant(CLAIM, "2026-11-21T12:00:00Z"), 0.9, now, lambda _: False)
    meanwhile()
    outcome = outcome_of_result(Findings(predictions=(Prediction("dog", 0.97),)), 0.9)
    record = table.record(claimed, outcome, now + timedelta(seconds=1))
    assert table.acknowledge(claimed.image_id, claimed.claim_id, str(record["status"]), now)


def before_first_write(world: World, monkeypatch: pytest.MonkeyPatch, happens: Any) -> None:
    """Let something happen after the picture was looked at, and before it is moved for the first time."""
    images, pending = world.gallery._images, [happens]
    real = images.move

    def late(*arguments: Any) -> bool:
        while pending:
            pending.pop()()
        return real(*arguments)

    monkeypatch.setattr(images, "move", late)


def _seen(world: World, image: str) -> Any:
    found = world.gallery._images.get(image)
    assert found is not None
    return found


def _objects(world: World, bucket: str) -> list[tuple[str, str]]:
    versions = world.s3.list_object_versions(Bucket=bucket).get("Versions", [])
    return [(each["Key"], each["VersionId"]) for each in versions]


def _addresses(image: dict[str, Any]) -> list[str]:
    return [name for name in image if name.endswith("Url")]
