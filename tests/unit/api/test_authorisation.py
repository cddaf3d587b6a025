"""Who may do what: every route, asked by nobody, by somebody else and by the owner.

The authorizer in front answers for expired, tampered and foreign tokens; here is what the function itself
does, so that a route which lost its authorizer does not become open.
"""

import re
from typing import Any

import pytest

from tests.unit.api.world import PICTURE, World, as_answer, gateway_event

# Route, body: then what nobody, another person and the owner get.
TABLE = [
    ("GET /groups", None, 200, 200, 200),
    ("POST /groups", {"name": "new"}, 401, 201, 201),
    ("GET /groups/{groupId}", None, 200, 200, 200),
    ("PATCH /groups/{groupId}", {"name": "newer"}, 401, 403, 200),
    ("DELETE /groups/{groupId}", None, 401, 403, 204),
    ("GET /groups/{groupId}/images", None, 200, 200, 200),
    ("POST /groups/{groupId}/images", {"title": "new"}, 401, 201, 201),
    ("GET /images/{imageId}", None, 200, 200, 200),
    # Its owner may, but it waits for its upload.
    ("POST /images/{imageId}/retry", None, 401, 403, 409),
    ("PATCH /images/{imageId}", {"title": "newer"}, 401, 403, 200),
    ("DELETE /images/{imageId}", None, 401, 403, 204),
    ("GET /images/{imageId}/history", None, 200, 200, 200),
    ("GET /signed-in/groups", None, 401, 200, 200),
    ("GET /signed-in/images", None, 401, 200, 200),
    ("GET /signed-in/groups/{groupId}", None, 401, 200, 200),
    ("GET /signed-in/groups/{groupId}/images", None, 401, 200, 200),
    ("GET /signed-in/images/{imageId}", None, 401, 200, 200),
    ("GET /signed-in/images/{imageId}/history", None, 401, 200, 200),
    # Its owner may say what is wrong, once it is classified.
    ("POST /images/{imageId}/label", {"choice": "NONE"}, 401, 403, 409),
    # Owners of pictures are no reviewers.
    ("GET /reviews", None, 401, 403, 403),
    ("GET /review/quality", None, 401, 403, 403),
    ("POST /reviews/next", {}, 401, 403, 403),
    ("POST /reviews/{reviewId}/lease", None, 401, 403, 403),
    ("POST /reviews/{reviewId}/answer", {"choice": "NONE"}, 401, 403, 403),
    ("POST /reviews/{reviewId}/skip", None, 401, 403, 403),
    ("POST /reviews/{reviewId}/undo", None, 401, 403, 403),
    # Owners of pictures are no operators.
    ("GET /operator/figures", None, 401, 403, 403),
    ("GET /operator/runs", None, 401, 403, 403),
    ("GET /operator/runs/{run}", None, 401, 403, 403),
    # No model is hosted.
    ("GET /model", None, 404, 404, 404),
    ("GET /signed-in/model", None, 401, 404, 404),
    ("POST /predict", PICTURE, 200, 200, 200),
    ("POST /predict_with_auth", PICTURE, 401, 200, 200),
    ("GET /openapi.json", None, 200, 200, 200),
]


@pytest.mark.parametrize("asker", ["nobody", "another", "owner"])
@pytest.mark.parametrize("row", TABLE, ids=lambda row: row[0])
def test_the_authorisation_table(world: World, row: tuple[Any, ...], asker: str) -> None:
    route, body, nobody, another, owner = row
    # Given a group and an image in it, both ann's
    group = world.new_group("ann")
    image = world.new_image(group, "ann")["newItem"]["imageId"]
    method, path = route.format(groupId=group, imageId=image, reviewId="some", run="some").split(" ")
    user, expected = {"nobody": (None, nobody), "another": ("bob", another), "owner": ("ann", owner)}[asker]

    content_type = "image/png" if isinstance(body, bytes) else "application/json"
    answer = world.ask(method, path, body, user, content_type=content_type)

    assert answer.status == expected
    if expected >= 400:
        assert set(answer.body) == {"error"}
    if expected == 401:
        assert answer.headers["www-authenticate"] == "Bearer"


def test_the_table_has_every_route(world: World) -> None:
    documented = {
        f"{method.upper()} {path}"
        for path, operations in world.api.document()["paths"].items()
        for method in operations
    }
    assert {row[0] for row in TABLE} == documented


def test_what_needs_sign_in_is_documented_so(world: World) -> None:
    for path, operations in world.api.document()["paths"].items():
        for method, operation in operations.items():
            row = next(row for row in TABLE if row[0] == f"{method.upper()} {path}")
            # An open operation says that it is.
            assert (operation["security"] != []) == (row[2] == 401), row[0]


def test_predict_is_closed_where_the_stack_says_so(world: World) -> None:
    world.predict_open = False
    refused = world.ask("POST", "/predict", PICTURE, content_type="image/png")
    assert refused.status == 401
    assert world.classified == []
    signed_in = world.ask("POST", "/predict_with_auth", PICTURE, "ann", content_type="image/png")
    assert signed_in.status == 200


@pytest.mark.parametrize(
    "claims", [{}, {"sub": ""}, {"sub": None}, {"sub": 7}, {"sub": ["ann"]}, {"email": "ann"}]
)
def test_claims_without_a_subject_are_nobody(world: World, claims: dict[str, object]) -> None:
    event = gateway_event("POST", "/groups", b'{"name": "x"}', {"content-type": "application/json"}, "", None)
    event["requestContext"]["authorizer"] = {"jwt": {"claims": claims}}
    assert as_answer(world.api.answer(event, None)).status == 401


def test_an_owner_in_body_header_or_query_counts_for_nothing(world: World) -> None:
    group = world.new_group("ann")
    event = gateway_event(
        "DELETE",
        f"/groups/{group}",
        b'{"ownerId": "ann"}',
        {"authorization": "ann", "x-sub": "ann"},
        "",
        "bob",
    )
    assert as_answer(world.api.answer(event, None)).status == 403
    assert world.ask("DELETE", f"/groups/{group}", user="bob", query={"sub": "ann"}).status == 400
    assert world.ask("GET", f"/groups/{group}").status == 200


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/groups", "GET, POST"),
        ("PUT", "/images/0123", "DELETE, GET, PATCH"),
        ("GET", "/predict", "POST"),
        ("HEAD", "/groups", "GET, POST"),
    ],
)
def test_a_method_that_a_path_lacks_is_named_so(world: World, method: str, path: str, allowed: str) -> None:
    answer = world.ask(method, path, user="ann")
    assert (answer.status, answer.headers["allow"]) == (405, allowed)
    assert set(answer.body) == {"error"}


@pytest.mark.parametrize(
    "path", ["/", "/nope", "/groups/", "/groups/x/y/z", "/GROUPS", "/groups/a\nb", "//groups"]
)
def test_a_path_that_is_not_there_is_not_found(world: World, path: str) -> None:
    answer = world.ask("GET", path)
    assert (answer.status, set(answer.body)) == (404, {"error"})


def test_a_defect_is_an_internal_error_without_its_story(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    # Given a table that is gone
    world.dynamodb.delete_table(TableName="groups")
    answer = world.ask("GET", "/groups")
    assert (answer.status, answer.body) == (500, {"error": "Internal error."})
    # And the log says more, but no stack of ours reaches the caller
    assert "ResourceNotFoundException" in caplog.text
    assert not re.search(r"Traceback|\.py", str(answer))
