"""What is sent again and what is not, and what is compressed."""

from __future__ import annotations

import pytest

from loupe_api.delivery import delivered
from tests.unit.api.images import classified
from tests.unit.api.world import START, World


def test_who_has_a_list_is_not_sent_it_again(world: World) -> None:
    image, key = classified(world)
    group = key.split("/")[1]
    for path in (f"/groups/{group}/images", f"/images/{image}", f"/groups/{group}", "/groups"):
        for prefix, user in (("", None), ("/signed-in", "ann")):
            if path == "/groups" and user:
                continue
            first = world.ask("GET", f"{prefix}{path}", user=user)
            held = {"if-none-match": first.headers["etag"]}
            again = world.ask("GET", f"{prefix}{path}", user=user, headers=held)
            assert (again.status, again.body, again.headers["etag"]) == (304, None, held["if-none-match"])
            assert "content-type" not in again.headers


def test_what_has_changed_is_sent(world: World) -> None:
    image, key = classified(world)
    path = f"/groups/{key.split('/')[1]}/images"
    held = {"if-none-match": f'"other", {world.ask("GET", path).headers["etag"]}'}
    assert world.ask("GET", path, headers=held).status == 304
    world.update(image, "SET label = :cat", {":cat": {"S": "cat"}})
    assert world.ask("GET", path, headers=held).body["items"][0]["label"] == "cat"


def test_what_one_reader_holds_is_not_what_another_gets(world: World) -> None:
    image, _ = classified(world)
    own = world.ask("GET", f"/signed-in/images/{image}", user="ann").headers
    other = world.ask("GET", f"/signed-in/images/{image}", user="bob", headers={"if-none-match": own["etag"]})
    assert (other.status, "Authorization" in own["vary"]) == (200, True)


def test_addresses_are_renewed_long_before_they_end(world: World) -> None:
    image, _ = classified(world)
    held = {"if-none-match": world.ask("GET", f"/images/{image}").headers["etag"]}
    world.clock.forward(seconds=60)
    assert world.ask("GET", f"/images/{image}", headers=held).status == 304
    world.clock.forward(seconds=240)
    assert world.ask("GET", f"/images/{image}", headers=held).status == 200


def test_a_refusal_is_never_kept(world: World) -> None:
    refused = world.ask("GET", "/images/none", headers={"if-none-match": "*"})
    assert (refused.status, "etag" in refused.headers) == (404, False)


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [
        ("gzip, deflate, br", True),
        ("br;q=1.0, gzip;q=0.8", True),
        ("gzip;q=0", False),
        ("br", False),
        ("", False),
    ],
)
def test_a_long_answer_is_compressed_for_who_takes_it(world: World, accepted: str, packed: bool) -> None:
    for number in range(20):
        world.new_group(name=f"group {number}")
    answer = world.ask("GET", "/groups", headers={"Accept-Encoding": accepted})
    assert ("content-encoding" in answer.headers) == packed
    assert len(answer.body["items"]) == 20


def test_a_short_answer_is_not() -> None:
    event = {"requestContext": {"http": {"method": "GET"}}, "headers": {"accept-encoding": "gzip"}}
    answer = {"statusCode": 200, "headers": {}, "body": "x" * 1000, "isBase64Encoded": False}
    assert delivered(event, answer, START) == answer
