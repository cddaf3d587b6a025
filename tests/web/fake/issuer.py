"""An OIDC issuer as Cognito is one: discovery, hosted login, authorization code with PKCE, logout."""

import base64
import hashlib
import html
import secrets
import time
from typing import Any
from urllib.parse import parse_qs, urlencode

from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT_ID = "loupe-page"
PASSWORD = "Correct-horse-9"
_LOGIN = """<!doctype html><html lang="en"><title>Sign in</title><h1>Sign in</h1>
<form method="post" action="/login">{hidden}
<label>Username <input name="username" id="username"></label>
<label>Password <input name="password" id="password" type="password"></label>
<button type="submit">Sign in</button></form></html>"""


class Issuer:
    """Signs in anybody who knows the password. `token_seconds` is how long an access token is good.

    With `renews` it gives refresh tokens; `is_down` makes its token endpoint fail as a broken server does.
    """

    def __init__(self, token_seconds: int = 3600) -> None:
        self.token_seconds = token_seconds
        self.renews = False
        self.is_down = False
        self.renewals = 0
        self._key = RSAKey.generate_key(2048, {"kid": "fake"})
        self._codes: dict[str, dict[str, str]] = {}
        self._subjects: dict[str, tuple[str, float]] = {}
        # Refresh token: who signed in, and when.
        self._refresh: dict[str, tuple[str, int]] = {}

    def subject_of(self, authorization: str | None) -> str | None:
        """Whom a bearer token belongs to; None when it is none of ours or is too old."""
        token = (authorization or "").removeprefix("Bearer ")
        subject, until = self._subjects.get(token, ("", 0.0))
        return subject if subject and until > time.time() else None

    @staticmethod
    def subject_named(username: str) -> str:
        """The `sub` of whoever signs in by this name."""
        return hashlib.sha256(username.encode()).hexdigest()[:32]

    def revoke_all(self) -> None:
        """End every session, as an administrator may."""
        self._subjects.clear()
        self._refresh.clear()

    def expire_all(self) -> None:
        """Let every access token be too old; refresh tokens are good still."""
        self._subjects.clear()

    def routes(self) -> list[Route]:
        return [
            Route("/pool/.well-known/openid-configuration", self._discovery),
            Route("/pool/.well-known/jwks.json", self._keys),
            Route("/oauth2/authorize", self._authorize),
            Route("/login", self._login, methods=["POST"]),
            Route("/oauth2/token", self._token, methods=["POST"]),
            Route("/oauth2/revoke", self._revoke, methods=["POST"]),
            Route("/logout", self._logout),
        ]

    async def _discovery(self, request: Request) -> Response:
        base = str(request.base_url).rstrip("/")
        return JSONResponse(
            {
                "issuer": f"{base}/pool",
                "authorization_endpoint": f"{base}/oauth2/authorize",
                "token_endpoint": f"{base}/oauth2/token",
                "revocation_endpoint": f"{base}/oauth2/revoke",
                "end_session_endpoint": f"{base}/logout",
                "jwks_uri": f"{base}/pool/.well-known/jwks.json",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
            }
        )

    async def _keys(self, request: Request) -> Response:
        return JSONResponse({"keys": [self._key.as_dict(private=False)]})

    async def _authorize(self, request: Request) -> Response:
        wish = dict(request.query_params)
        if wish.get("client_id") != CLIENT_ID or wish.get("code_challenge_method") != "S256":
            return JSONResponse({"error": "invalid_request"}, 400)
        hidden = "".join(
            f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
            for name, value in wish.items()
        )
        return HTMLResponse(_LOGIN.format(hidden=hidden))

    async def _login(self, request: Request) -> Response:
        form = _form(await request.body())
        if form.get("password") != PASSWORD:
            return HTMLResponse("<h1>Incorrect username or password.</h1>", 401)
        code = secrets.token_urlsafe(24)
        self._codes[code] = form
        back = {"code": code, "state": form["state"]}
        return RedirectResponse(f"{form['redirect_uri']}?{urlencode(back)}", 302)

    async def _token(self, request: Request) -> Response:
        form = _form(await request.body())
        base = str(request.base_url).rstrip("/")
        if self.is_down:
            return Response("Bad Gateway", 502)
        if form.get("grant_type") == "refresh_token":
            return self._renewed(form.get("refresh_token", ""), base)
        granted = self._codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if granted is None or challenge != granted.get("code_challenge"):
            return JSONResponse({"error": "invalid_grant"}, 400)
        signed_in_at = int(time.time())
        tokens = self._tokens(granted["username"], base, signed_in_at)
        if self.renews:
            tokens["refresh_token"] = secrets.token_urlsafe(24)
            self._refresh[tokens["refresh_token"]] = (granted["username"], signed_in_at)
        return JSONResponse(tokens)

    def _renewed(self, refresh_token: str, base: str) -> Response:
        """As Cognito does: new tokens with the first sign-in's `auth_time`, and no new refresh token."""
        if refresh_token not in self._refresh:
            return JSONResponse({"error": "invalid_grant"}, 400)
        self.renewals += 1
        username, signed_in_at = self._refresh[refresh_token]
        return JSONResponse(self._tokens(username, base, signed_in_at))

    def _tokens(self, username: str, base: str, signed_in_at: int) -> dict[str, Any]:
        now = int(time.time())
        subject = self.subject_named(username)
        common = {
            "sub": subject,
            "iss": f"{base}/pool",
            "iat": now,
            "exp": now + self.token_seconds,
            "auth_time": signed_in_at,
        }
        header = {"alg": "RS256", "kid": "fake"}
        for_access = {**common, "client_id": CLIENT_ID, "jti": secrets.token_hex(8)}
        for_page = {**common, "aud": CLIENT_ID, "email": f"{username}@example.com"}
        # By the name: "reviewer-ann", "operator-and-reviewer".
        groups = [group for group in ("reviewers", "operators") if group.removesuffix("s") in username]
        if groups:
            for_page["cognito:groups"] = groups
        access = jwt.encode(header, for_access, self._key)
        identity = jwt.encode(header, for_page, self._key)
        self._subjects[access] = (subject, float(now + self.token_seconds))
        return {
            "access_token": access,
            "id_token": identity,
            "token_type": "Bearer",
            "expires_in": self.token_seconds,
        }

    async def _revoke(self, request: Request) -> Response:
        self._subjects.pop(_form(await request.body()).get("token", ""), None)
        return Response(status_code=200)

    async def _logout(self, request: Request) -> Response:
        query = request.query_params
        if query.get("client_id") != CLIENT_ID or "logout_uri" not in query:
            return JSONResponse({"error": "invalid_request"}, 400)
        return RedirectResponse(query["logout_uri"], 302)


def _form(body: bytes) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(body.decode()).items()}
