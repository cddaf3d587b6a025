"""The hosted sign-in page: what it asks for, what it keeps, and what it says to whom."""

from typing import Any
from urllib.parse import urlencode

import pytest
from ministack.services import cognito

from local.cloud.gaps.sign_in_page import install, keeping_what_was_typed, sign_in_form
from local.demo_user import EMAIL, PASSWORD

REQUEST = ("client", "http://127.0.0.1/callback", "openid", 'st"ate', "code", "challenge", "S256", "nonce")
Pool = dict[str, Any]


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Pool:
    """A pool whose people sign in by e-mail; nobody is in it."""
    made: Pool = {"UsernameAttributes": ["email"], "_users": {}}
    monkeypatch.setattr(cognito, "_find_pool_by_client_id", lambda client_id: ("pool", made, {}))
    return made


def test_it_asks_for_an_e_mail_where_the_pool_signs_in_by_one(pool: Pool) -> None:
    assert '<label for="username">E-mail</label>' in sign_in_form(*REQUEST)

    pool["UsernameAttributes"] = []

    assert '<label for="username">Username</label>' in sign_in_form(*REQUEST)


def test_it_carries_the_request_on(pool: Pool) -> None:
    page = sign_in_form(*REQUEST)

    assert '<input type="hidden" name="state" value="st&quot;ate">' in page
    assert '<input type="hidden" name="code_challenge" value="challenge">' in page


def test_a_refused_form_keeps_the_name_and_never_the_password(pool: Pool) -> None:
    def refuse(*_: Any) -> str:
        return sign_in_form(*REQUEST, error_message="Incorrect username or password.")

    form = b"username=%22%3Eada%40example.com&password=secret"
    page = keeping_what_was_typed(refuse)("POST", "/login", {}, form, {})

    assert 'value="&quot;&gt;ada@example.com"' in page
    assert "secret" not in page
    assert '<div class="error" role="alert">Incorrect e-mail or password.</div>' in page
    # The next person's page is empty.
    assert "ada" not in sign_in_form(*REQUEST)


def test_the_demos_password_is_shown_as_long_as_it_opens_something(pool: Pool) -> None:
    assert PASSWORD not in sign_in_form(*REQUEST)

    pool["_users"][EMAIL] = {"Username": EMAIL, "_password": PASSWORD}
    assert f"<code>{PASSWORD}</code>" in sign_in_form(*REQUEST)

    pool["_users"][EMAIL]["_password"] = "changed since"
    assert "<code>" not in sign_in_form(*REQUEST)


def test_the_emulator_serves_it_and_keeps_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    callback = "http://127.0.0.1/callback"
    pool: Pool = {"UsernameAttributes": ["email"], "_users": {}}
    client = {"AllowedOAuthFlows": ["code"], "CallbackURLs": [callback], "AllowedOAuthScopes": ["openid"]}
    monkeypatch.setattr(cognito, "_find_pool_by_client_id", lambda client_id: ("pool", pool, client))
    for name in ("_page_shell", "_login_page_html", "handle_login_submit"):
        monkeypatch.setattr(cognito, name, getattr(cognito, name))
    install()
    asked = {"client_id": "c", "redirect_uri": callback, "response_type": "code", "scope": "openid"}

    status, _, body = cognito.handle_oauth2_authorize("GET", "/oauth2/authorize", {}, asked)

    assert (status, b">E-mail</label>" in body) == (200, True)
    form = urlencode({**asked, "username": "ada@example.com", "password": "wrong"}).encode()
    _, _, again = cognito.handle_login_submit("POST", "/login", {}, form, {})
    assert b'value="ada@example.com"' in again
    assert b"Incorrect e-mail or password." in again
