"""Who sees an image, and what of it."""

import json
import re
from urllib.parse import urlsplit

import pytest

from tests.unit.api.images import by_the_bucket, claim, classified, copies
from tests.unit.api.world import UPLOADS, World

OPERATORS = {"cognito:groups": "[operators]"}


@pytest.mark.parametrize(
    ("user", "claims", "original"),
    [
        ("ann", {}, True),
        ("bob", OPERATORS, True),
        ("bob", {"cognito:groups": "[reviewers]"}, False),
        ("bob", {}, False),
        (None, {}, False),
    ],
)
def test_the_original_is_its_owners_and_the_operators_alone(
    world: World, user: str | None, claims: dict[str, str], original: bool
) -> None:
    # An original says where it was taken. Every route that shows pictures, open or not, is asked.
    image, key = classified(world)
    group = key.split("/")[1]
    paths = [f"/images/{image}", f"/groups/{group}/images"]
    if user:
        paths += [f"/signed-in{path}" for path in paths] + ["/signed-in/images"]
    for path in paths:
        body = world.ask("GET", path, user=user, claims=claims).body
        shown = body.get("result") or body["items"][0]
        # Where API Gateway verifies no token, nobody is known to ask.
        known = original and path.startswith("/signed-in")
        assert (UPLOADS in json.dumps(body)) == known, path
        assert urlsplit(shown["imageUrl"]).path == f"/{key if known else copies(key)['displayKey']}"


def test_every_route_that_shows_pictures_is_asked_for_originals(world: World) -> None:
    schemas = world.api.document()["components"]["schemas"].items()
    # Reviews are asked in test_reviews; a Classification repeats the caller's own address.
    assert {name for name, schema in schemas if "imageUrl" in schema.get("properties", {})} == {
        "Image",
        "Review",
        "Classification",
    }
    showing = {
        path
        for path, operations in world.api.document()["paths"].items()
        if "get" in operations and re.search("Image(Page|Result)|FoundPage", json.dumps(operations["get"]))
    }
    open_routes = {"/images/{imageId}", "/groups/{groupId}/images"}
    known = {f"/signed-in{path}" for path in open_routes} | {"/signed-in/images"}
    assert showing == open_routes | known


def test_an_upload_that_never_came_is_seen_by_its_owner_alone_and_named_so(world: World) -> None:
    group = world.new_group()
    awaited = world.new_image(group)["newItem"]
    assert awaited["uploadStatus"] == "AWAITED"
    world.clock.forward(minutes=5, seconds=1)
    came = world.new_image(group)["newItem"]["imageId"]
    claim(world, came)
    path, listing = f"/images/{awaited['imageId']}", f"/groups/{group}/images"

    def listed(user: str | None, claims: dict[str, str] | None = None) -> dict[str, str]:
        prefix = "/signed-in" if user else ""
        answer = world.ask("GET", f"{prefix}{listing}", user=user, claims=claims).body["items"]
        count = world.ask("GET", f"{prefix}/groups/{group}", user=user, claims=claims).body["images"]["count"]
        assert count == len(answer)
        return {item["imageId"]: item["uploadStatus"] for item in answer}

    for user, claims in (("bob", None), (None, None), ("eve", {"groups": "reviewers"})):
        prefix = "/signed-in" if user else ""
        assert world.ask("GET", f"{prefix}{path}", user=user, claims=claims).status == 404
        assert listed(user, claims) == {came: "UPLOADED"}
    for user, claims in (("ann", None), ("bob", OPERATORS)):
        shown = world.ask("GET", f"/signed-in{path}", user=user, claims=claims).body["result"]
        assert (shown["uploadStatus"], shown["status"], shown["imageUrl"]) == (
            "NOT_UPLOADED",
            "RECEIVED",
            None,
        )
        assert listed(user, claims) == {came: "UPLOADED", awaited["imageId"]: "NOT_UPLOADED"}
    # Its owner removes it and announces another.
    assert world.ask("DELETE", path, user="bob").status == 404
    assert world.ask("DELETE", path, user="ann").status == 204
    assert listed("ann") == {came: "UPLOADED"}


def test_an_image_that_came_by_the_bucket_is_nobodys_to_see(world: World) -> None:
    path = f"/images/{by_the_bucket(world)}"
    for method, asked in (
        ("GET", path),
        ("GET", f"{path}/history"),
        ("POST", f"{path}/retry"),
        ("DELETE", path),
    ):
        for user in (None, "ann") if method == "GET" else ("ann",):
            assert world.ask(method, asked, user=user).status == 404


@pytest.mark.parametrize(
    ("claims", "seen"),
    [
        ({"cognito:groups": "[operators]"}, True),
        ({"cognito:groups": "[reviewers operators]"}, True),
        ({"groups": "operators"}, True),
        ({"groups": "[reviewers,operators]"}, True),
        ({"cognito:groups": "[reviewers]"}, False),
        ({"cognito:groups": "[no-operators operators-of-others]"}, False),
        ({"scope": "operators", "username": "operators", "sub": "operators"}, False),
        ({}, False),
    ],
)
def test_an_operator_alone_sees_an_image_that_stands_in_no_group(
    world: World, claims: dict[str, str], seen: bool
) -> None:
    image = by_the_bucket(world)
    for path in (f"/signed-in/images/{image}", f"/signed-in/images/{image}/history"):
        assert world.ask("GET", path, user="ann", claims=claims).status == (200 if seen else 404)
        assert world.ask("GET", path).status == 401
    # What stands in a group is for everybody, by this route too.
    shown, _ = classified(world)
    assert world.ask("GET", f"/signed-in/images/{shown}", user="ann", claims=claims).status == 200


def test_nobody_keeps_an_answer_or_guesses_its_type(world: World) -> None:
    image = classified(world)[0]
    for path, kept in (
        (f"/images/{image}", True),
        ("/groups", True),
        ("/images/none", False),
        ("/no", False),
    ):
        headers = world.ask("GET", path).headers
        assert headers["cache-control"] == ("private, no-cache" if kept else "no-store")
        assert headers["x-content-type-options"] == "nosniff"
