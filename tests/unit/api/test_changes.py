"""Changing what there is, and making one thing of a request that is sent twice."""

from __future__ import annotations

import pytest

from tests.unit.api.images import CLAIM, claim, classified
from tests.unit.api.world import GROUPS, World


def test_a_group_is_renamed_by_its_owner_and_the_rest_stays(world: World) -> None:
    group = world.new_group("ann", "Pets")
    path = f"/groups/{group}"
    changed = world.ask("PATCH", path, {"description": "ours"}, "ann").body["result"]
    assert (changed["name"], changed["description"]) == ("Pets", "ours")
    world.ask("PATCH", path, {"name": "Dogs"}, "ann")
    # Nothing is named, so nothing changes; it is its owner's to say even that.
    assert world.ask("PATCH", path, {"name": None}, "ann").body["result"]["name"] == "Dogs"
    assert world.ask("PATCH", path, {}, "bob").status == 403
    assert world.ask("GET", path).body["result"] == {**changed, "name": "Dogs"}
    assert world.ask("GET", "/groups").body["items"][0]["name"] == "Dogs"


@pytest.mark.parametrize("body", [{"name": ""}, {"name": "x" * 101}, {"ownerId": "eve"}, {"name": "a\u0007"}])
def test_a_change_that_does_not_fit_is_refused(world: World, body: dict[str, str]) -> None:
    group = world.new_group("ann", "Pets")
    assert world.ask("PATCH", f"/groups/{group}", body, "ann").status == 400
    assert world.ask("GET", f"/groups/{group}").body["result"]["name"] == "Pets"


def test_what_is_deleted_is_not_changed(world: World) -> None:
    group = world.new_group()
    image = world.new_image(group)["newItem"]["imageId"]
    world.ask("DELETE", f"/groups/{group}", user="ann")
    assert world.ask("PATCH", f"/groups/{group}", {"name": "x"}, "ann").status == 404
    assert world.ask("PATCH", f"/images/{image}", {"title": "x"}, "ann").status == 404


def test_a_title_that_somebody_gives_outlives_the_label(world: World) -> None:
    image, _ = classified(world)
    world.update(
        image, "SET title = :made, autoTitle = :yes", {":made": {"S": "dog"}, ":yes": {"BOOL": True}}
    )
    changed = world.ask("PATCH", f"/images/{image}", {"title": "Rex"}, "ann").body["result"]
    assert (changed["title"], changed["label"]) == ("Rex", "dog")
    assert "autoTitle" not in (world.record(image) or {})


def test_a_title_is_not_changed_while_an_execution_holds_it(world: World) -> None:
    image = world.new_image(world.new_group())["newItem"]["imageId"]
    assert world.ask("PATCH", f"/images/{image}", {"title": "before"}, "ann").status == 200
    claim(world, image)
    assert world.ask("PATCH", f"/images/{image}", {"title": "meanwhile"}, "ann").status == 409
    assert CLAIM in str(world.record(image))


def test_a_group_that_is_asked_for_twice_is_made_once(world: World) -> None:
    def ask(name: str, user: str, key: str | None) -> str:
        headers = {"Idempotency-Key": key} if key else {}
        answer = world.ask("POST", "/groups", {"name": name}, user, headers=headers)
        assert answer.status == 201
        return str(answer.body["newItem"]["id"])

    first = ask("Pets", "ann", "one")
    assert ask("Pets", "ann", "one") == first
    others = {
        ask("Pets", "bob", "one"),
        ask("Pets", "ann", "two"),
        ask("Cats", "ann", "one"),
        ask("Pets", "ann", None),
    }
    assert len(others - {first}) == 4
    assert world.dynamodb.scan(TableName=GROUPS, Select="COUNT")["Count"] == 5
    world.ask("DELETE", f"/groups/{first}", user="ann")
    # Its record is gone for good, so that the key is free again.
    assert ask("Pets", "ann", "one") == first


def test_an_image_that_is_announced_twice_is_one_with_a_form_that_works(world: World) -> None:
    group = world.new_group()
    path, body, key = (
        f"/groups/{group}/images",
        {"title": "Rex", "fileName": "rex.png"},
        {"Idempotency-Key": "k"},
    )
    first = world.ask("POST", path, body, "ann", headers=key).body
    image = first["newItem"]["imageId"]
    claim(world, image)
    again = world.ask("POST", path, body, "ann", headers=key).body
    assert (again["newItem"]["imageId"], again["newItem"]["classifying"]) == (image, True)
    assert again["upload"]["fields"]["key"] == first["upload"]["fields"]["key"]
    assert len(world.ask("GET", path).body["items"]) == 1

    world.ask("DELETE", f"/images/{image}", user="ann")
    refused = world.ask("POST", path, body, "ann", headers=key)
    assert (refused.status, "deleted" in refused.body["error"]) == (409, True)


@pytest.mark.parametrize("key", ["", "x" * 101, "two words", "ü"])
def test_a_key_that_does_not_fit_is_refused(world: World, key: str) -> None:
    refused = world.ask("POST", "/groups", {"name": "Pets"}, "ann", headers={"Idempotency-Key": key})
    assert refused.status == 400
