"""Another OpenID Connect issuer in the user pool's place: tokens as Auth0 makes them are verified alike."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.integration.api.conftest import LiveApi
from tests.web.fake.serving import served

AUDIENCE = "https://loupe.example"


class OtherIssuer:
    """Discovery, keys, and tokens whose `aud` is a list, with `azp` for the client."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._key = RSAKey.generate_key(2048, {"kid": "one"})

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/{path:path}", self._answer)])

    def token(self, key: RSAKey | None = None, **claims: object) -> str:
        now = int(time.time())
        ours = {"iss": self.url, "sub": "auth0|5f7c8ec7c33c6c004bbafe82", "azp": "spa", "iat": now}
        ours |= {"aud": [AUDIENCE, f"{self.url}userinfo"], "exp": now + 3600, "scope": "openid profile email"}
        return str(jwt.encode({"alg": "RS256", "typ": "JWT", "kid": "one"}, ours | claims, key or self._key))

    async def _answer(self, request: Request) -> Response:
        if request.url.path.endswith("/openid-configuration"):
            keys = f"{self.url}.well-known/jwks.json"
            return JSONResponse({"issuer": self.url, "jwks_uri": keys})
        return JSONResponse({"keys": [self._key.as_dict(private=False)]})


@contextmanager
def trusted(api: LiveApi, issuer: OtherIssuer) -> Iterator[None]:
    """The deployed API's authorizer with what the parameters OidcIssuer and OidcAudience would put there."""
    gateway = api.stack.client("apigatewayv2")
    api_id = api.base.rpartition("/execute-api/")[2].partition("/")[0]
    [authorizer] = gateway.get_authorizers(ApiId=api_id)["Items"]
    name: dict[str, Any] = {"ApiId": api_id, "AuthorizerId": authorizer["AuthorizerId"]}
    gateway.update_authorizer(**name, JwtConfiguration={"Issuer": issuer.url, "Audience": [AUDIENCE]})
    try:
        yield
    finally:
        gateway.update_authorizer(**name, JwtConfiguration=authorizer["JwtConfiguration"])


@pytest.fixture(scope="module")
def issuer() -> Iterator[OtherIssuer]:
    listening = socket.create_server(("127.0.0.1", 0))
    running = OtherIssuer(f"http://127.0.0.1:{listening.getsockname()[1]}/")
    with served(running.app(), listening):
        yield running


def test_its_tokens_sign_a_person_in_who_owns_what_they_make(api: LiveApi, issuer: OtherIssuer) -> None:
    with trusted(api, issuer):
        made = api.ask("POST", "/groups", {"name": "Elsewhere"}, issuer.token())
        assert made.status == 201, made.content
        group = made.body["newItem"]

        assert group["ownerId"] == "auth0|5f7c8ec7c33c6c004bbafe82"
        path = f"/groups/{group['id']}"
        assert api.ask("DELETE", path, token=issuer.token(sub="auth0|another")).status == 403
        assert api.ask("DELETE", path, token=issuer.token()).status == 204


def test_its_other_tokens_are_refused(api: LiveApi, issuer: OtherIssuer) -> None:
    wrong = {
        "for another API": issuer.token(aud=["https://other.example", f"{issuer.url}userinfo"]),
        "of another tenant": issuer.token(iss="https://other.eu.auth0.com/"),
        "expired": issuer.token(exp=int(time.time()) - 60),
        "signed by another key": issuer.token(RSAKey.generate_key(2048, {"kid": "one"})),
    }
    with trusted(api, issuer):
        answers = {
            name: api.ask("POST", "/groups", {"name": "x"}, token).status for name, token in wrong.items()
        }

    assert answers == dict.fromkeys(wrong, 401)
