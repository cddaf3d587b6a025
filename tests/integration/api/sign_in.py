"""Signing in at the user pool's hosted pages with a code and PKCE, and tokens that are not what they seem."""

import base64
import hashlib
import html
import json
import re
import secrets
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.integration.api.web import request

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class HostedSignIn:
    """The user pool's pages, at the local cloud's gateway."""

    def __init__(self, gateway_url: str, client_id: str, redirect_uri: str) -> None:
        self._gateway = gateway_url
        self._client_id = client_id
        self._redirect_uri = redirect_uri

    def access_token(self, user: str, password: str) -> str:
        """What the page gets when a person has signed in."""
        verifier = secrets.token_urlsafe(48)
        asked = {
            "client_id": self._client_id,
            "redirect_uri": self._redirect_uri,
            "response_type": "code",
            "scope": "openid email profile",
            "state": secrets.token_urlsafe(8),
            "code_challenge": _encoded(hashlib.sha256(verifier.encode()).digest()),
            "code_challenge_method": "S256",
        }
        page = request("GET", f"{self._gateway}/oauth2/authorize?{urlencode(asked)}")
        hidden = re.findall(r'name="(\w+)" value="([^"]*)"', page.content.decode())
        fields = {name: html.unescape(value) for name, value in hidden}
        fields |= {"username": user, "password": password}
        back = request("POST", f"{self._gateway}/login", urlencode(fields).encode(), FORM)
        answer = parse_qs(urlsplit(back.headers["location"]).query)
        assert answer["state"] == [asked["state"]]
        exchange = {
            "grant_type": "authorization_code",
            "client_id": self._client_id,
            "code": answer["code"][0],
            "redirect_uri": self._redirect_uri,
            "code_verifier": verifier,
        }
        tokens = request("POST", f"{self._gateway}/oauth2/token", urlencode(exchange).encode(), FORM)
        assert tokens.status == 200, tokens.content
        return str(tokens.body["access_token"])


class Forger:
    """Makes tokens out of a good one: signed by the pool's own key, by another, or not at all."""

    def __init__(self, token: str, key: Path) -> None:
        """`key`: where the local cloud keeps the key that the user pool signs access tokens with."""
        head, claims, self._signature = token.split(".")
        self._head: dict[str, Any] = json.loads(_decoded(head))
        self._claims: dict[str, Any] = json.loads(_decoded(claims))
        loaded = serialization.load_pem_private_key(key.read_bytes(), None)
        assert isinstance(loaded, rsa.RSAPrivateKey)
        self._key = loaded

    def subject(self) -> str:
        return str(self._claims["sub"])

    def claim(self, name: str) -> str:
        return str(self._claims[name])

    def signed(self, **claims: object) -> str:
        """As the pool would sign it."""
        return self._made(self._claims | claims, self._key)

    def tokens(self) -> dict[str, str]:
        """One token for each way to be wrong."""
        past = int(time.time()) - 60
        another = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        unsigned = f"{_json({**self._head, 'alg': 'none'})}.{_json(self._claims)}."
        tampered = f"{_json(self._head)}.{_json({**self._claims, 'sub': 'somebody-else'})}.{self._signature}"
        issuer = str(self._claims["iss"])
        return {
            "expired": self.signed(exp=past),
            "tampered": tampered,
            "unsigned": unsigned,
            "signed by another key": self._made(self._claims, another),
            "for another audience": self.signed(client_id="another-client"),
            "of another issuer": self.signed(iss=issuer + "x"),
            "not yet valid": self.signed(nbf=int(time.time()) + 3600),
            "no token": "",
            "not a token": "abc.def.ghi",
        }

    def _made(self, claims: dict[str, Any], key: rsa.RSAPrivateKey) -> str:
        signed = f"{_json(self._head)}.{_json(claims)}"
        signature = key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{_encoded(signature)}"


def _json(value: object) -> str:
    return _encoded(json.dumps(value).encode())


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
