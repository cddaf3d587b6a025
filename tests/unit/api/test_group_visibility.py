"""Who sees a group and what is in it: public, by its link, or its owner alone."""

import json

import pytest

from tests.unit.api.images import claim
from tests.unit.api.test_authorisation import TABLE
from tests.unit.api.world import GROUPS, World

OPERATORS = {"cognito:groups": "[operators]"}


def made(world: World, visibility: str, owner: str = "ann") -> tuple[str, str]:
    """A group of this visibility and a picture in it, both this owner's: their ids."""
    body = {"name": f"a {visibility} one", "visibility": visibility}
    group = world.ask("POST", "/groups", body, owner).body["newItem"]
    assert group["visibility"] == visibility
    image = world.new_image(group["id"], owner)["newItem"]["imageId"]
    claim(world, image)
    return group["id"], image


def listed(world: World, user: str | None, limit: int = 100) -> list[str]:
    """Ids of all groups that somebody finds in their list, page by page."""
    path, found, query = "/signed-in/groups" if user else "/groups", [], {"limit": str(limit)}
    while True:
        page = world.ask("GET", path, user=user, query=query).body
        assert len(page["items"]) <= limit
        found += [group["id"] for group in page["items"]]
        if page["nextToken"] is None:
            return found
        query["nextToken"] = page["nextToken"]


def test_a_group_is_public_unless_it_is_said_otherwise(world: World) -> None:
    group = world.new_group("ann")
    assert world.ask("GET", f"/groups/{group}").body["result"]["visibility"] == "public"
    refused = world.ask("POST", "/groups", {"name": "x", "visibility": "secret"}, "ann")
    assert (refused.status, refused.body["error"].split(":")[0]) == (400, "visibility")


def test_a_group_of_an_earlier_release_is_public(world: World) -> None:
    group = world.new_group("ann")
    world.dynamodb.update_item(
        TableName=GROUPS, Key={"id": {"S": group}}, UpdateExpression="REMOVE visibility"
    )
    assert world.ask("GET", f"/groups/{group}").body["result"]["visibility"] == "public"
    assert listed(world, None) == [group]
    assert world.ask("POST", f"/groups/{group}/images", {}, "bob").status == 201


@pytest.mark.parametrize("user", [None, "bob"])
def test_a_private_group_answers_404_to_others_on_every_route(world: World, user: str | None) -> None:
    group, image = made(world, "private")
    places = {"groupId": group, "imageId": image, "reviewId": "some"}
    asked = [row for row in TABLE if "{groupId}" in row[0] or "{imageId}" in row[0]]
    assert len(asked) > 12
    for route, body, *_ in asked:
        method, path = route.format(**places).split(" ")
        if user is None and (method != "GET" or path.startswith(("/signed-in", "/operator"))):
            # Without a token nothing is told at all.
            continue
        answer = world.ask(method, path, body, user)
        assert (answer.status, set(answer.body)) == (404, {"error"}), route
        # As of what there is not: nothing tells the two apart.
        nowhere = path.replace(group, "0" * 8 + group[8:]).replace(image, "0" * 32)
        assert world.ask(method, nowhere, body, user).body == answer.body, route
    assert group not in listed(world, user)
    assert world.record(image) is not None


@pytest.mark.parametrize(("user", "claims"), [("ann", {}), ("bob", OPERATORS)])
def test_a_private_group_is_its_owners_and_operators_to_see(
    world: World, user: str, claims: dict[str, str]
) -> None:
    group, image = made(world, "private")
    for path in (
        f"/groups/{group}",
        f"/groups/{group}/images",
        f"/images/{image}",
        f"/images/{image}/history",
    ):
        assert world.ask("GET", f"/signed-in{path}", user=user, claims=claims).status == 200, path
        # By the open route nobody is known to be the owner.
        assert world.ask("GET", path).status == 404, path


def test_a_link_group_is_in_nobodys_list_but_its_owners_and_seen_by_its_address(world: World) -> None:
    group, image = made(world, "link")
    assert listed(world, None) == listed(world, "bob") == []
    assert listed(world, "ann") == [group]
    for path in (
        f"/groups/{group}",
        f"/groups/{group}/images",
        f"/images/{image}",
        f"/images/{image}/history",
    ):
        assert world.ask("GET", path).status == 200, path
        assert world.ask("GET", f"/signed-in{path}", user="bob").status == 200, path
    assert world.ask("PATCH", f"/groups/{group}", {"name": "mine"}, "bob").status == 403
    assert world.ask("POST", f"/groups/{group}/images", {}, "bob").status == 201


def test_its_owner_alone_changes_a_groups_visibility_and_it_holds_at_once(world: World) -> None:
    group, image = made(world, "public")
    assert listed(world, None) == [group]
    refused = world.ask("PATCH", f"/groups/{group}", {"visibility": "private"}, "bob", claims=OPERATORS)
    assert refused.status == 403
    for visibility, seen, found in (("private", 404, []), ("link", 200, []), ("public", 200, [group])):
        changed = world.ask("PATCH", f"/groups/{group}", {"visibility": visibility}, "ann")
        assert changed.body["result"]["visibility"] == visibility
        assert changed.body["result"]["name"] == "a public one"
        assert world.ask("GET", f"/images/{image}").status == seen
        assert listed(world, None) == listed(world, "bob") == found
        assert listed(world, "ann") == [group]
    # A change of the name alone leaves it as it is.
    world.ask("PATCH", f"/groups/{group}", {"visibility": "private"}, "ann")
    assert world.ask("PATCH", f"/groups/{group}", {"name": "newer"}, "ann").status == 200
    assert world.ask("GET", f"/groups/{group}").status == 404
    assert world.ask("PATCH", f"/groups/{group}", {}, "bob").status == 404


def test_a_picture_stays_its_owners_in_a_group_that_became_anothers_private_one(world: World) -> None:
    group = world.new_group("ann")
    image = world.new_image(group, "bob")["newItem"]["imageId"]
    world.ask("PATCH", f"/groups/{group}", {"visibility": "private"}, "ann")
    # It is bob's: he sees it and takes it away. The group and what else is in it he does not see.
    assert world.ask("GET", f"/signed-in/images/{image}", user="bob").status == 200
    assert world.ask("GET", f"/signed-in/groups/{group}/images", user="bob").status == 404
    assert world.ask("POST", f"/groups/{group}/images", {}, "bob").status == 404
    assert [each["imageId"] for each in _images(world, group, "ann")] == [image]
    assert world.ask("DELETE", f"/images/{image}", user="bob").status == 204


def test_no_presigned_address_of_a_private_picture_reaches_others(world: World) -> None:
    group, image = made(world, "private")
    paths = [
        "/groups",
        f"/groups/{group}",
        f"/groups/{group}/images",
        f"/images/{image}",
        f"/images/{image}/history",
    ]
    for path in paths:
        for answer in (world.ask("GET", path), world.ask("GET", f"/signed-in{path}", user="bob")):
            said = json.dumps(answer.body)
            assert "X-Amz-" not in said, path
            assert image not in said, path
            assert group not in said, path


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_lists_are_one_newest_first_and_each_group_is_in_it_once(world: World, limit: int) -> None:
    mine = [made(world, visibility)[0] for visibility in ("private", "public", "link", "link", "public")]
    others = [made(world, visibility, "bob")[0] for visibility in ("public", "private", "public")]
    assert listed(world, "ann", limit) == [others[2], others[0], *reversed(mine)]
    assert listed(world, "eve", limit) == [others[2], others[0], mine[4], mine[1]]
    assert listed(world, None, limit) == listed(world, "eve", limit)


def test_what_comes_meanwhile_moves_nothing_on_later_pages(world: World) -> None:
    old = [made(world, visibility)[0] for visibility in ("private", "public", "private", "public")]
    first = world.ask("GET", "/signed-in/groups", user="ann", query={"limit": "2"}).body
    made(world, "private")
    made(world, "public")
    query = {"limit": "2", "nextToken": first["nextToken"]}
    second = world.ask("GET", "/signed-in/groups", user="ann", query=query).body
    assert [each["id"] for each in first["items"] + second["items"]] == list(reversed(old))


def test_a_token_leads_into_nobody_elses_list(world: World) -> None:
    made(world, "private")
    made(world, "private")
    token = world.ask("GET", "/signed-in/groups", user="ann", query={"limit": "1"}).body["nextToken"]
    query = {"nextToken": token}
    assert world.ask("GET", "/signed-in/groups", user="bob", query=query).body["items"] == []
    assert world.ask("GET", "/groups", query=query).status == 400


def test_an_id_of_an_idempotency_key_cannot_be_computed_by_who_knows_all_that_was_sent(world: World) -> None:
    body, headers = {"name": "ours", "visibility": "link"}, {"idempotency-key": "1"}
    first = world.ask("POST", "/groups", body, "ann", headers=headers).body["newItem"]["id"]
    assert world.ask("POST", "/groups", body, "ann", headers=headers).body["newItem"]["id"] == first
    # The name of the table, which nobody is told, is part of it.
    gallery = world.gallery
    gallery._images._name = "another"  # type: ignore[attr-defined]
    try:
        assert world.ask("POST", "/groups", body, "ann", headers=headers).body["newItem"]["id"] != first
    finally:
        gallery._images._name = "images"  # type: ignore[attr-defined]


def _images(world: World, group: str, user: str) -> list[dict[str, str]]:
    items: list[dict[str, str]] = world.ask("GET", f"/signed-in/groups/{group}/images", user=user).body[
        "items"
    ]
    return items
