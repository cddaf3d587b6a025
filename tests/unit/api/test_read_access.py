"""ReadAccess=signed-in: nothing of the API is read without a verified token, whatever its routes become."""

import json

import pytest

from tests.unit.api.images import by_the_bucket, classified
from tests.unit.api.test_authorisation import TABLE
from tests.unit.api.world import PICTURE, World

FOR_EVERYBODY = {"GET /openapi.json", "POST /predict"}


@pytest.fixture
def closed(world: World) -> World:
    world.reads_open = False
    return world


def operations(world: World) -> list[str]:
    """Each operation of the OpenAPI document, so that a new one is among them."""
    paths = world.api.document()["paths"].items()
    return sorted(f"{method.upper()} {path}" for path, methods in paths for method in methods)


def test_every_operation_is_refused_without_a_token(closed: World) -> None:
    image, key = classified(closed)
    places = {"groupId": key.split("/")[1], "imageId": image, "reviewId": "some", "run": "some"}
    bodies = {row[0]: row[1] for row in TABLE}
    refused = [operation for operation in operations(closed) if operation not in FOR_EVERYBODY]
    assert len(refused) == len(bodies) - len(FOR_EVERYBODY)
    for operation in refused:
        method, path = operation.format(**places).split(" ")
        body = bodies[operation]
        content_type = "image/png" if isinstance(body, bytes) else "application/json"
        answer = closed.ask(method, path, body, content_type=content_type)
        assert (answer.status, set(answer.body)) == (401, {"error"}), operation
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.headers["cache-control"] == "no-store"
        # Neither an address nor whether there is such a thing.
        assert "http" not in json.dumps(answer.body), operation
        missing = closed.ask(method, path.replace(image, "0" * 32), body, content_type=content_type)
        assert missing.body == answer.body, operation


def test_every_reading_route_has_one_for_who_is_signed_in(closed: World) -> None:
    paths = closed.api.document()["paths"]
    open_reads = [path for path in paths if "get" in paths[path] and not paths[path]["get"]["security"]]
    for path in open_reads:
        if f"GET {path}" not in FOR_EVERYBODY:
            twin = paths[f"/signed-in{path}"]["get"]
            assert twin["security"] == [{"signIn": []}], path
            answers = [set(each["responses"]) for each in (paths[path]["get"], twin)]
            assert "401" in answers[0], path
            assert answers[0] == answers[1], path


def test_who_is_signed_in_reads_as_before(closed: World) -> None:
    image, key = classified(closed)
    group = key.split("/")[1]
    closed.reads_open = True
    paths = [
        "/groups",
        f"/groups/{group}",
        f"/groups/{group}/images",
        f"/images/{image}",
        f"/images/{image}/history",
    ]
    opened = [closed.ask("GET", path).body for path in paths]
    closed.reads_open = False
    for path, before in zip(paths, opened, strict=True):
        answer = closed.ask("GET", f"/signed-in{path}", user="bob")
        assert (answer.status, set(answer.body)) == (200, set(before)), path


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/groups/"),
        ("GET", "//groups"),
        ("GET", "/%67roups"),
        ("GET", "/openapi.json/../groups"),
        ("HEAD", "/groups"),
        ("OPTIONS", "/groups"),
        ("POST", "/openapi.json"),
        ("GET", "/predict"),
        ("GET", "/signed-in/groups"),
        ("GET", "/nothing"),
    ],
)
def test_no_spelling_of_a_path_is_a_way_around(closed: World, method: str, path: str) -> None:
    closed.new_group("ann")
    answer = closed.ask(method, path)
    assert (answer.status, set(answer.body)) == (401, {"error"})


def test_known_answers_are_not_confirmed_to_strangers(closed: World) -> None:
    image, _ = classified(closed)
    etag = closed.ask("GET", f"/signed-in/images/{image}", user="ann").headers["etag"]
    for path in (f"/images/{image}", f"/signed-in/images/{image}"):
        assert closed.ask("GET", path, headers={"if-none-match": etag}).status == 401


def test_claims_are_the_authorizers_and_no_header(closed: World) -> None:
    headers = {"authorization": "Bearer ann", "x-amzn-oidc-identity": "ann"}
    assert closed.ask("GET", "/groups", headers=headers).status == 401


def test_the_document_and_predictions_have_their_own_say(closed: World) -> None:
    assert closed.ask("GET", "/openapi.json").status == 200
    assert closed.ask("POST", "/predict", PICTURE, content_type="image/png").status == 200
    closed.predict_open = False
    assert closed.ask("POST", "/predict", PICTURE, content_type="image/png").status == 401


def test_a_picture_in_no_group_stays_the_operators(closed: World) -> None:
    path = f"/signed-in/images/{by_the_bucket(closed)}"
    assert closed.ask("GET", path, user="ann").status == 404
    assert closed.ask("GET", path, user="ann", claims={"groups": "operators"}).status == 200
