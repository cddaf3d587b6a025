"""The authorisation table, asked of the deployed API with real tokens and with bad ones."""

from typing import Any

import pytest

from tests.integration.api.conftest import LiveApi, People, Person

# Route, body: then what nobody (or a bad token), another person and the owner get.
TABLE: list[tuple[str, Any, int, int, int]] = [
    ("GET /groups", None, 200, 200, 200),
    ("POST /groups", {"name": "new"}, 401, 201, 201),
    ("GET /groups/{group}", None, 200, 200, 200),
    ("PATCH /groups/{group}", {"name": "newer"}, 401, 403, 200),
    ("DELETE /groups/{group}", None, 401, 403, 204),
    ("GET /groups/{group}/images", None, 200, 200, 200),
    ("POST /groups/{group}/images", {"title": "new"}, 401, 201, 201),
    ("GET /images/{image}", None, 200, 200, 200),
    # Its owner may, but it waits for its upload.
    ("POST /images/{image}/retry", None, 401, 403, 409),
    ("PATCH /images/{image}", {"title": "newer"}, 401, 403, 200),
    ("DELETE /images/{image}", None, 401, 403, 204),
    ("GET /images/{image}/history", None, 200, 200, 200),
    ("GET /signed-in/groups", None, 401, 200, 200),
    ("GET /signed-in/images", None, 401, 200, 200),
    ("GET /signed-in/groups/{group}", None, 401, 200, 200),
    ("GET /signed-in/groups/{group}/images", None, 401, 200, 200),
    ("GET /signed-in/images/{image}", None, 401, 200, 200),
    ("GET /signed-in/images/{image}/history", None, 401, 200, 200),
    # The stack's default: closed to all but those who use the other route.
    ("POST /predict", b"x", 401, 401, 401),
    ("POST /predict_with_auth", b"x", 401, 415, 415),
    ("GET /openapi.json", None, 200, 200, 200),
]
BAD = [
    "expired",
    "tampered",
    "unsigned",
    "signed by another key",
    "for another audience",
    "of another issuer",
]
BAD += ["not yet valid", "no token", "not a token"]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row[0])
def test_each_route_answers_by_who_asks(
    api: LiveApi, people: People, ann: Person, bob: Person, row: tuple[str, Any, int, int, int]
) -> None:
    route, body, nobody, another, owner = row
    # Given a group and an image in it, both ann's
    group = api.new_group(ann)
    image = api.announced(group, ann)["newItem"]["imageId"]
    method, path = route.format(group=group, image=image).split(" ")
    bad = people.forger(ann.token).tokens()
    assert sorted(bad) == sorted(BAD)

    answered = {"nobody": api.ask(method, path, body).status}
    # The owner comes last: a deletion succeeds once.
    answered |= {name: api.ask(method, path, body, token).status for name, token in bad.items()}
    answered["another"] = api.ask(method, path, body, bob.token).status
    answered["owner"] = api.ask(method, path, body, ann.token).status

    assert answered == dict.fromkeys(["nobody", *BAD], nobody) | {"another": another, "owner": owner}
    api.ask("DELETE", f"/groups/{group}", token=ann.token)


def test_a_token_that_was_not_given_for_the_api_is_refused(api: LiveApi, people: People, ann: Person) -> None:
    forger = people.forger(ann.token)
    # As InitiateAuth gives one, for the pool's own API; and an ID token's claims.
    api_token = forger.signed(scope="aws.cognito.signin.user.admin")
    identity = forger.signed(token_use="id", scope="", aud=forger.claim("client_id"))

    for token in (api_token, identity):
        assert api.ask("POST", "/groups", {"name": "x"}, token).status == 403
    assert api.ask("POST", "/predict_with_auth", b"x", identity).status == 403


def test_what_makes_a_bad_token_bad_is_what_was_changed(api: LiveApi, people: People, ann: Person) -> None:
    resigned = people.forger(ann.token).signed()
    created = api.ask("POST", "/groups", {"name": "resigned"}, resigned)
    assert created.status == 201
    assert created.body["newItem"]["ownerId"] == ann.subject
    assert api.ask("DELETE", f"/groups/{created.body['newItem']['id']}", token=ann.token).status == 204


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("PUT", "/groups", 405),
        ("PATCH", "/predict", 405),
        ("GET", "/groups/a/b", 404),
    ],
)
def test_what_is_not_there_is_told_in_the_apis_words(
    api: LiveApi, method: str, path: str, status: int
) -> None:
    answer = api.ask(method, path)
    assert (answer.status, set(answer.body)) == (status, {"error"})


@pytest.mark.parametrize("path", ["/%67roups", "/groups/../groups", "//groups"])
def test_another_spelling_of_a_path_is_no_way_around_the_authorizer(api: LiveApi, path: str) -> None:
    assert api.ask("POST", path, {"name": "x"}).status in (401, 404, 405)


def test_only_the_pages_origin_may_call_from_a_browser(api: LiveApi) -> None:
    configured = api.stack.client("apigatewayv2").get_apis()["Items"]
    origin = next(each for each in configured if each["ApiId"] in api.base)["CorsConfiguration"][
        "AllowOrigins"
    ][0]
    assert _preflight(api, origin)["access-control-allow-origin"] == origin
    foreign = _preflight(api, "https://evil.example.com")
    assert "access-control-allow-origin" not in foreign
    answered = api.ask("GET", "/groups", headers={"Origin": "https://evil.example.com"})
    assert "access-control-allow-origin" not in answered.headers


def _preflight(api: LiveApi, origin: str) -> dict[str, str]:
    headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    return dict(api.ask("OPTIONS", "/groups", headers=headers).headers)
