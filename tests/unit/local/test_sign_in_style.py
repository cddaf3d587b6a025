"""A client's style: who has one, what it may say, and that managed login has no pages without."""

from typing import Any

import pytest
from ministack.services import cognito
from ministack.services.cloudformation import provisioners

from local.cloud.gaps import sign_in_style
from local.cloud.gaps.sign_in_page import sign_in_form
from local.cloud.gaps.sign_in_style import KIND, create, delete, has_pages, install, update

Pool = dict[str, Any]
STYLE = {"UserPoolId": "pool", "ClientId": "page", "Settings": {"categories": {}}}


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Pool:
    """A pool with two clients, whose domain serves managed login."""
    made: Pool = {
        "UsernameAttributes": ["email"],
        "_users": {},
        "_clients": {"page": {}, "other": {}},
        "_managed_login_versions": {"loupe-1": 2},
    }
    monkeypatch.setattr(cognito, "_user_pools", {"pool": made})
    monkeypatch.setattr(cognito, "_find_pool_by_client_id", lambda client_id: ("pool", made, {}))
    return made


def form(client: str) -> str:
    return sign_in_form(client, "http://127.0.0.1/callback", "openid", "s", "code")


def test_managed_login_has_pages_for_clients_with_a_style_alone(pool: Pool) -> None:
    assert "Login pages unavailable" in form("page")

    physical_id, attributes = create("SignInStyle", STYLE, "stack")

    assert physical_id == f"pool|{attributes['ManagedLoginBrandingId']}"
    assert '<label for="username">E-mail</label>' in form("page")
    assert "Login pages unavailable" in form("other")
    delete(physical_id, STYLE)
    assert "Login pages unavailable" in form("page")


def test_the_classic_pages_need_none(pool: Pool) -> None:
    pool["_managed_login_versions"] = {"loupe-1": 1}

    assert has_pages(pool, "page")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"ClientId": "nobodys"}, "ResourceNotFoundException"),
        ({"UserPoolId": "nobodys"}, "ResourceNotFoundException"),
        ({"UseCognitoProvidedValues": "true"}, "InvalidParameterException"),
    ],
)
def test_what_aws_refuses_is_refused(pool: Pool, wrong: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        create("SignInStyle", {**STYLE, **wrong}, "stack")


def test_a_client_has_one_style(pool: Pool) -> None:
    create("SignInStyle", STYLE, "stack")

    with pytest.raises(ValueError, match="ManagedLoginBrandingExistsException"):
        create("Second", STYLE, "stack")


def test_settings_change_in_place_and_another_client_takes_a_style_of_its_own(pool: Pool) -> None:
    first, _ = create("SignInStyle", STYLE, "stack")

    same, _ = update(first, STYLE, {**STYLE, "Settings": {}}, "stack")
    moved, _ = update(first, STYLE, {**STYLE, "ClientId": "other"}, "stack")

    assert (same, moved == first) == (first, False)
    assert [has_pages(pool, client) for client in ("page", "other")] == [False, True]


def test_stacks_may_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provisioners, "_RESOURCE_HANDLERS", {})
    install()

    assert provisioners._RESOURCE_HANDLERS[KIND]["create"] is sign_in_style.create
