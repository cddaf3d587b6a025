"""The routes of reviewers: who may, what is shown and what is not, who gets which picture."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from loupe_core.items import to_item
from tests.unit.api.world import IMAGES, REVIEWS, UPLOADS, Answer, World
from tests.unit.review.test_rules import review

ROUTES = [
    ("GET", "/reviews"),
    ("POST", "/reviews/next"),
    *(("POST", f"/reviews/some/{action}") for action in ("lease", "answer", "skip", "undo")),
]
BODIES = {"/reviews/next": {}, "/reviews/some/answer": {"choice": "NONE"}}


def put(world: World, number: int, label: str = "cat", score: float = 0.6) -> str:
    waiting = review(number, label=label, score=score)
    item = {**waiting.to_attributes(), "bucket": UPLOADS}
    world.dynamodb.put_item(TableName=REVIEWS, Item=to_item(item))
    return waiting.review_id


def _recorded(world: World, image: str) -> None:
    place = {"imageId": image, "bucket": UPLOADS, "key": "uploads/1.png", "status": "IN_REVIEW"}
    made = {"processedKey": "uploads/1.png", "displayKey": "copies/2048.jpg"}
    world.dynamodb.put_item(TableName=IMAGES, Item=to_item({**place, **made}))


def ask(world: World, method: str, path: str, body: object = None, user: str = "ann") -> Answer:
    return world.ask(method, path, body, user, claims={"cognito:groups": "[reviewers other]"})


def taken(world: World, user: str = "ann", **body: Any) -> Any:
    return ask(world, "POST", "/reviews/next", body, user).body["result"]


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_only_reviewers_may(world: World, method: str, path: str) -> None:
    body = BODIES.get(path) if method == "POST" else None
    assert world.ask(method, path, body).status == 401
    for groups in ("", "[others]", "reviewers-not", "[not-reviewers]"):
        assert world.ask(method, path, body, "ann", claims={"cognito:groups": groups}).status == 403
    assert ask(world, method, path, body).status != 403


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_without_the_review_stack_a_clear_error(world: World, method: str, path: str) -> None:
    world.reviewing = None
    answer = ask(world, method, path, BODIES.get(path) if method == "POST" else None)
    assert answer.status == 404
    assert "review stack is not deployed" in answer.body["error"]


def test_the_next_picture_is_leased_and_shows_no_guess(world: World) -> None:
    put(world, 1)
    _recorded(world, review(1).image_id)
    answer = ask(world, "POST", "/reviews/next", {})
    item = answer.body["result"]
    assert answer.body["waiting"] == 1
    assert (item["fileName"], item["guess"]) == ("1.png", [])
    # Neither the original, which says where it was taken, nor the annotated one, which tells the guess.
    assert urlsplit(item["imageUrl"]).path == "/copies/2048.jpg"
    assert UPLOADS not in item["imageUrl"]
    assert "cat" not in json.dumps(item)


def test_two_reviewers_never_get_the_same_picture(world: World) -> None:
    ids = {put(world, number) for number in range(4)}
    given: list[str] = []
    for turn in range(4):
        given.append(taken(world, "ann" if turn % 2 else "bob", without=given)["reviewId"])
    assert set(given) == ids
    assert taken(world, "eve") is None


def test_who_reloads_the_page_gets_the_picture_again(world: World) -> None:
    put(world, 1)
    assert taken(world)["reviewId"] == taken(world)["reviewId"]
    assert taken(world, "bob") is None
    world.clock.forward(minutes=6)
    assert taken(world, "bob") is not None


def test_an_answer_shows_the_guess_and_can_be_taken_back(world: World) -> None:
    put(world, 1)
    name = taken(world)["reviewId"]
    said = {"choice": "LABEL", "label": "dog", "seconds": 2.5}
    answer = ask(world, "POST", f"/reviews/{name}/answer", said)
    assert answer.body["guess"][0]["label"] == "cat"
    assert ask(world, "GET", "/reviews").body == {"waiting": 0, "labels": ["dog"]}
    assert ask(world, "POST", f"/reviews/{name}/undo").body["result"]["reviewId"] == name
    assert ask(world, "GET", "/reviews").body["waiting"] == 1
    ask(world, "POST", f"/reviews/{name}/answer", said)
    world.clock.forward(seconds=11)
    assert ask(world, "POST", f"/reviews/{name}/undo").status == 409


def test_a_guess_that_is_asked_for_is_shown_before(world: World) -> None:
    put(world, 1)
    assert taken(world, showGuess=True)["guess"][0]["label"] == "cat"


def test_another_persons_lease_and_a_decided_review_answer_409(world: World) -> None:
    name = put(world, 1)
    taken(world, "bob")
    for action, body in (("lease", None), ("answer", {"choice": "NONE"})):
        assert ask(world, "POST", f"/reviews/{name}/{action}", body).status == 409
    assert ask(world, "POST", f"/reviews/{name}/answer", {"choice": "NONE"}, "bob").status == 200
    assert ask(world, "POST", f"/reviews/{name}/skip").status == 409


def test_what_is_skipped_is_not_offered_again(world: World) -> None:
    put(world, 1)
    name = taken(world)["reviewId"]
    assert ask(world, "POST", f"/reviews/{name}/skip").status == 204
    assert taken(world) is None
    assert taken(world, "bob")["reviewId"] == name


def test_behind_what_somebody_skipped_others_are_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loupe_review.desk.LOOKED_AT", 2)
    ids = {put(world, number) for number in range(5)}
    seen = []
    for _ in ids:
        seen.append(taken(world)["reviewId"])
        ask(world, "POST", f"/reviews/{seen[-1]}/skip")
    assert sorted(seen) == sorted(ids)
    assert taken(world) is None
    assert taken(world, "bob") is not None


@pytest.mark.parametrize(
    "body", [{"choice": "LABEL"}, {"choice": "NONE", "label": "cat"}, {"choice": "YES"}, {}]
)
def test_an_answer_that_says_nothing_clear_is_refused(world: World, body: dict[str, str]) -> None:
    name = put(world, 1)
    assert ask(world, "POST", f"/reviews/{name}/answer", body).status == 400


def test_no_answer_names_a_token_or_other_peoples_answers(world: World) -> None:
    name = put(world, 1)
    item = {**review(1, required=2).to_attributes(), "bucket": UPLOADS, "taskToken": "secret"}
    world.dynamodb.put_item(TableName=REVIEWS, Item=to_item(item))
    said = [
        ask(world, "POST", "/reviews/next", {}, "bob"),
        ask(world, "POST", f"/reviews/{name}/answer", {"choice": "LABEL", "label": "dog"}, "bob"),
        ask(world, "POST", "/reviews/next", {}, "eve"),
    ]
    text = json.dumps([each.body for each in said])
    assert "secret" not in text
    assert "dog" not in text
    assert "bob" not in text


class TestCorrection:
    """ "This is wrong", said of any picture by its owner or a reviewer."""

    def classified(self, world: World) -> str:
        image_id = str(world.new_image(world.new_group())["newItem"]["imageId"])
        world.dynamodb.update_item(
            TableName=IMAGES,
            Key={"imageId": {"S": image_id}},
            UpdateExpression="SET #s = :s, label = :l, claimId = :c REMOVE expiresAt",
            ExpressionAttributeNames={"#s": "status"},
            ExpressionAttributeValues={":s": {"S": "CLASSIFIED"}, ":l": {"S": "cat"}, ":c": {"S": "c"}},
        )
        return image_id

    def test_by_its_owner(self, world: World) -> None:
        image_id = self.classified(world)
        body = {"choice": "LABEL", "label": "dog"}
        assert world.ask("POST", f"/images/{image_id}/label", body, "ann").status == 204
        assert world.ask("GET", f"/images/{image_id}").body["result"]["label"] == "dog"

    def test_by_a_reviewer(self, world: World) -> None:
        image_id = self.classified(world)
        answer = ask(world, "POST", f"/images/{image_id}/label", {"choice": "UNUSABLE"}, "eve")
        assert answer.status == 204
        shown = world.ask("GET", f"/images/{image_id}").body["result"]
        assert (shown["status"], shown["error"]["name"]) == ("REJECTED", "UnusableImageError")

    def test_not_by_a_stranger(self, world: World) -> None:
        image_id = self.classified(world)
        body = {"choice": "LABEL", "label": "dog"}
        assert world.ask("POST", f"/images/{image_id}/label", body, "eve").status == 403
        assert world.ask("POST", f"/images/{image_id}/label", body).status == 401
