"""Groups over HTTP."""

import pytest

from loupe_core.contract import ImageReference, place_digest
from loupe_core.items import to_item
from tests.unit.api.world import GROUPS, IMAGES, PROCESSED, UPLOADS, World


def test_a_group_is_created_with_its_creator_as_owner_and_listed(world: World) -> None:
    created = world.ask("POST", "/groups", {"name": "Pets 🐕", "description": "<b>ours</b>\nall"}, "ann")
    assert created.status == 201
    group = created.body["newItem"]
    assert (group["name"], group["description"]) == ("Pets 🐕", "<b>ours</b>\nall")
    assert (group["ownerId"], group["createdAt"]) == ("ann", "2026-11-21T12:00:00.001Z")

    listed = world.ask("GET", "/groups")
    assert (listed.status, listed.body) == (200, {"items": [group], "nextToken": None})
    shown = world.ask("GET", f"/groups/{group['id']}").body
    assert shown == {"result": group, "images": {"count": 0, "complete": True}}


def test_a_group_says_how_its_owner_wants_to_be_called_and_nothing_where_they_do_not(world: World) -> None:
    body = {"name": "Pets", "ownerName": "Ann Ó"}
    group = world.ask("POST", "/groups", body, "ann").body["newItem"]
    assert world.ask("GET", "/groups").body["items"][0]["ownerName"] == group["ownerName"] == "Ann Ó"

    other = world.ask("PATCH", f"/groups/{group['id']}", {"ownerName": ""}, "bob")
    assert other.status == 403
    unnamed = world.ask("PATCH", f"/groups/{group['id']}", {"ownerName": ""}, "ann").body["result"]

    assert (unnamed["ownerName"], unnamed["name"]) == ("", "Pets")
    assert world.ask("GET", f"/groups/{world.new_group('ann')}").body["result"]["ownerName"] == ""


def test_a_group_of_an_earlier_release_names_no_owner(world: World) -> None:
    group = world.new_group("ann")
    world.dynamodb.update_item(
        TableName=GROUPS, Key={"id": {"S": group}}, UpdateExpression="REMOVE ownerName"
    )
    assert world.ask("GET", f"/groups/{group}").body["result"]["ownerName"] == ""


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "  \u3000 "}, "name"),
        ({"name": "a\u0000b"}, "name"),
        ({"name": "\u200b"}, "name"),
        ({"name": "a\u200bb"}, "name"),
        ({"name": "evil\u202egnp.exe"}, "name"),
        ({"name": "a\u2066b"}, "name"),
        ({"name": "\ufeffa"}, "name"),
        ({"name": "\u00ad"}, "name"),
        ({"name": "\u3164\u2800 \u200d"}, "name"),
        ({"name": "ok", "description": "a\u202eb"}, "description"),
        ({"name": "two\nlines"}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": 7}, "name"),
        ({"name": None}, "name"),
        ({"name": "ok", "description": "x" * 1001}, "description"),
        ({"name": "ok", "description": "bell\a"}, "description"),
        ({"name": "ok", "ownerId": "eve"}, "ownerId"),
        ({"name": "ok", "ownerName": "x" * 61}, "ownerName"),
        ({"name": "ok", "ownerName": "a\u202eb"}, "ownerName"),
        ({"name": "ok", "ownerName": "two\nlines"}, "ownerName"),
        ({"name": "ok", "ownerName": " "}, "ownerName"),
        ({"name": "x" * 10_000}, "name"),
    ],
)
def test_a_group_that_does_not_fit_is_refused_naming_the_field(
    world: World, body: dict[str, object], named: str
) -> None:
    refused = world.ask("POST", "/groups", body, "ann")
    assert refused.status == 400
    assert refused.body["error"].startswith(f"{named}: ")
    assert world.ask("GET", "/groups").body["items"] == []


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'"name"',
        b"\xff\xfe",
        b'{"name": NaN}',
        b'[{"name": "in a list"}]',
        b"[" * 100_000,
        b'{"name": "\\ud800"}',
        b'{"name": ' + b"9" * 5000 + b"}",
    ],
)
def test_a_body_that_is_not_one_json_object_is_refused(world: World, body: bytes) -> None:
    refused = world.ask("POST", "/groups", body, "ann")
    assert refused.status == 400
    assert set(refused.body) == {"error"}


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]
)
def test_a_body_of_another_type_is_refused(world: World, content_type: str) -> None:
    refused = world.ask("POST", "/groups", b"name=Pets", "ann", content_type=content_type)
    assert (refused.status, set(refused.body)) == (415, {"error"})


def test_groups_are_paged_newest_first_and_stay_where_they_are(world: World) -> None:
    names = [f"group {number}" for number in range(7)]
    for name in names:
        world.new_group(name=name)

    seen: list[str] = []
    query = {"limit": "3"}
    while True:
        page = world.ask("GET", "/groups", query=query).body
        assert len(page["items"]) <= 3
        seen += [group["name"] for group in page["items"]]
        if page["nextToken"] is None:
            break
        query["nextToken"] = page["nextToken"]
        # What comes meanwhile is on the first page, and moves nothing on those to come.
        world.new_group(name="came meanwhile")
    assert seen == names[::-1]


def test_of_sixty_and_more_groups_the_newest_is_on_the_first_page(world: World) -> None:
    for number in range(65):
        world.new_group(name=f"group {number}")
    first = world.ask("GET", "/groups", query={"limit": "60"}).body["items"]
    assert [group["name"] for group in first] == [f"group {number}" for number in range(64, 4, -1)]


def test_a_group_in_deletion_is_listed_no_more(world: World) -> None:
    kept, deleted = world.new_group(name="kept"), world.new_group(name="deleted")
    assert world.ask("DELETE", f"/groups/{deleted}", user="ann").status == 204
    assert [group["id"] for group in world.ask("GET", "/groups").body["items"]] == [kept]


def test_groups_of_an_earlier_release_enter_the_index_a_hundred_at_a_time_and_once(world: World) -> None:
    ids = [f"{number:08x}-0000-4000-8000-000000000000" for number in range(150)]
    for number, group in enumerate(ids):
        created = f"2026-11-0{1 + number % 9}T12:00:00.000Z"
        item = {"id": group, "name": "old", "ownerId": "ann", "createdAt": created}
        world.dynamodb.put_item(TableName=GROUPS, Item=to_item(item))
    gone = world.new_group()
    world.dynamodb.update_item(
        TableName=GROUPS,
        Key={"id": {"S": gone}},
        UpdateExpression="SET deletedAt = :now REMOVE listing",
        ExpressionAttributeValues={":now": {"S": "now"}},
    )
    for _ in range(2):
        world.ask("GET", "/groups")

    listed = world.ask("GET", "/groups", query={"limit": "100"}).body
    rest = world.ask("GET", "/groups", query={"limit": "100", "nextToken": listed["nextToken"]}).body
    items = listed["items"] + rest["items"]
    assert {group["id"] for group in items} == set(ids)
    assert [group["createdAt"] for group in items] == sorted((g["createdAt"] for g in items), reverse=True)
    # Then the table is not scanned any more, by a new function neither.
    progress = world.dynamodb.get_item(TableName=GROUPS, Key={"id": {"S": "listing"}})["Item"]
    assert progress == {"id": {"S": "listing"}, "done": {"BOOL": True}}


def test_a_group_says_how_many_images_it_has(world: World) -> None:
    group = world.new_group()
    for _ in range(3):
        world.new_image(group)
    counted = world.ask("GET", f"/groups/{group}").body["images"]
    assert counted == {"count": 3, "complete": True}


@pytest.mark.parametrize("path", ["/groups", "/groups/{group}", "/groups/{group}/images", "/openapi.json"])
def test_an_unknown_query_parameter_is_refused(world: World, path: str) -> None:
    asked = path.format(group=world.new_group())
    refused = world.ask("GET", asked, query={"Limit": "5"})
    assert (refused.status, refused.body["error"]) == (400, "Limit: unknown query parameter.")
    assert world.ask("GET", "/nothing", query={"Limit": "5"}).status == 404


@pytest.mark.parametrize("limit", ["0", "101", "-1", "many", "1,2", ""])
def test_a_limit_out_of_range_is_refused(world: World, limit: str) -> None:
    assert world.ask("GET", "/groups", query={"limit": limit}).status == 400


@pytest.mark.parametrize("group_id", ["nope", "00000000-0000-4000-8000-000000000000", "..%2f", "ünï"])
def test_a_group_that_is_not_there_is_not_found(world: World, group_id: str) -> None:
    for method, path, body in (
        ("GET", "", None),
        ("GET", "/images", None),
        ("POST", "/images", {"title": "x"}),
        ("DELETE", "", None),
    ):
        answer = world.ask(method, f"/groups/{group_id}{path}", body, "ann")
        assert (answer.status, set(answer.body)) == (404, {"error"}), method


def test_deleting_a_group_removes_its_images_whoever_put_them_in(world: World) -> None:
    group = world.new_group("ann")
    other = world.new_group("ann", "stays")
    images = [world.new_image(group, owner)["newItem"]["imageId"] for owner in ("ann", "bob")]
    kept = world.new_image(other)
    for image in images:
        key = _key(world, image)
        world.s3.put_object(Bucket=UPLOADS, Key=key, Body=b"original")
        world.s3.put_object(Bucket=PROCESSED, Key=key, Body=b"annotated")
        copy = f"faces/{place_digest(ImageReference(UPLOADS, key))}/v1.jpg"
        world.s3.put_object(Bucket=PROCESSED, Key=copy, Body=b"for faces")
    world.s3.put_object(Bucket=UPLOADS, Key=_key(world, kept["newItem"]["imageId"]), Body=b"stays")

    assert world.ask("DELETE", f"/groups/{group}", user="ann").status == 204

    assert [found["id"] for found in world.ask("GET", "/groups").body["items"]] == [other]
    assert world.ask("GET", f"/groups/{group}/images").status == 404
    assert [world.ask("GET", f"/images/{image}").status for image in images] == [404, 404]
    assert _versions(world, PROCESSED) == 0
    assert _versions(world, UPLOADS) == 1


def test_only_its_owner_deletes_a_group(world: World) -> None:
    group = world.new_group("ann")
    assert world.ask("DELETE", f"/groups/{group}", user="bob").status == 403
    assert world.ask("GET", f"/groups/{group}").status == 200


def test_a_deletion_that_was_cut_short_is_finished_by_the_next(world: World) -> None:
    group = world.new_group("ann")
    image = world.new_image(group)["newItem"]["imageId"]
    # Given a group that is marked, and whose images are still there
    world.gallery._groups.mark_deleted(group, "ann", "2026-11-21T12:00:00.000Z")
    assert world.ask("GET", f"/groups/{group}").status == 404
    assert world.ask("POST", f"/groups/{group}/images", {"title": ""}, "ann").status == 404

    assert world.ask("DELETE", f"/groups/{group}", user="ann").status == 204
    assert world.ask("GET", f"/images/{image}").status == 404
    assert world.dynamodb.scan(TableName="groups")["Items"] == []


def test_a_group_of_more_than_a_page_of_images_is_deleted_whole(world: World) -> None:
    group = world.new_group("ann")
    for _ in range(105):
        world.new_image(group)
    assert world.ask("DELETE", f"/groups/{group}", user="ann").status == 204
    left = world.dynamodb.scan(TableName=IMAGES)["Items"]
    assert {item["status"]["S"] for item in left} == {"DELETED"}
    assert all("groupId" not in item for item in left)


def _key(world: World, image_id: str) -> str:
    record = world.record(image_id)
    assert record is not None
    return str(record["key"]["S"])


def _versions(world: World, bucket: str) -> int:
    listing = world.s3.list_object_versions(Bucket=bucket)
    return len(listing.get("Versions", [])) + len(listing.get("DeleteMarkers", []))
