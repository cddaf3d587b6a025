"""The local cloud's sign-in page in a browser: for everybody, and no wider than a phone."""

from typing import Any

import pytest
from ministack.services import cognito
from playwright.sync_api import ViewportSize, expect

from local.cloud.gaps.sign_in_page import sign_in_form
from local.demo_user import EMAIL, PASSWORD
from tests.web.conftest import DESKTOP, NewPage
from tests.web.test_access import serious_faults

SMALL: ViewportSize = {"width": 320, "height": 640}


@pytest.mark.parametrize(
    ("viewport", "dark"), [(DESKTOP, False), (SMALL, True)], ids=["light", "phone in dark"]
)
def test_sign_in_page_is_for_everybody(
    new_page: NewPage, monkeypatch: pytest.MonkeyPatch, viewport: ViewportSize, dark: bool
) -> None:
    user = {"Username": EMAIL, "_password": PASSWORD}
    pool: dict[str, Any] = {"UsernameAttributes": ["email"], "_users": {EMAIL: user}}
    monkeypatch.setattr(cognito, "_find_pool_by_client_id", lambda client_id: ("pool", pool, {}))
    page = new_page(viewport, dark)
    refusal = "Incorrect username or password."
    page.set_content(
        sign_in_form("client", "http://127.0.0.1/callback", "openid", "s", "code", error_message=refusal)
    )

    expect(page.get_by_label("E-mail")).to_be_focused()
    expect(page.get_by_role("alert")).to_have_text("Incorrect e-mail or password.")
    expect(page.get_by_text(PASSWORD)).to_be_visible()
    assert serious_faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
