"""What strangers type, what a thief would look for, and what happens when a session ends."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.web.fake.samples import digit
from tests.web.fake.serving import FakeDeployment, fake_deployment
from tests.web.steps import Person, sign_in

HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script> {{7*7}} ‮ 🦉"


def test_markup_in_names_and_titles_is_shown_as_text(page: Page, deployment: FakeDeployment) -> None:
    store = deployment.store
    group = store.add_group(HOSTILE, HOSTILE, "owner")
    wish = {"title": HOSTILE, "fileName": "seven.png", "contentType": "image/png"}
    picture = store.announce(group["id"], "owner", wish)
    store.take_in(picture, digit(7)[1], store.clock() - 60)
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))

    group_path = f"/groups/{group['id']}"
    for path in ("/", group_path, f"{group_path}/confidence", f"/images/{picture.image_id}"):
        page.goto(deployment.url + path)
        expect(page.get_by_text(HOSTILE).first).to_be_visible()

    assert page.locator("img[src=x]").count() == 0


def test_ten_thousand_characters_break_no_layout(page: Page, deployment: FakeDeployment) -> None:
    group = deployment.store.add_group("W" * 10_000, "W" * 10_000, "owner")

    page.goto(f"{deployment.url}/groups/{group['id']}")

    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_tokens_are_in_the_tab_only(page: Page, deployment: FakeDeployment) -> None:
    page.goto(deployment.url)
    sign_in(page, Person())

    assert page.evaluate("localStorage.length") == 0
    assert "access_token" in page.evaluate("JSON.stringify(sessionStorage)")
    assert page.context.cookies(deployment.url) == []
    other = page.context.new_page()
    other.goto(deployment.url)
    expect(other.get_by_role("button", name="Sign in", exact=True)).to_be_visible()


def test_session_survives_a_reload(page: Page, deployment: FakeDeployment) -> None:
    page.goto(deployment.url)
    sign_in(page, Person())

    page.reload()

    expect(page.get_by_role("button", name="Account")).to_be_visible()


@pytest.fixture
def short_sessions(dist: Path) -> Iterator[FakeDeployment]:
    """Access tokens are good for a few seconds."""
    with fake_deployment(dist) as running:
        running.cloud.issuer.token_seconds = 5
        yield running


def test_tokens_go_when_the_session_runs_out(page: Page, short_sessions: FakeDeployment) -> None:
    page.goto(short_sessions.url)
    sign_in(page, Person())

    expect(page.get_by_text("Your session has ended")).to_be_visible(timeout=20_000)
    expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    assert "access_token" not in page.evaluate("JSON.stringify(sessionStorage)")


def test_other_peoples_things_cannot_be_deleted(page: Page, deployment: FakeDeployment) -> None:
    group = deployment.store.add_group("Somebody else's", "", "somebody-else")

    page.goto(f"{deployment.url}/groups/{group['id']}")
    sign_in(page, Person())

    expect(page.get_by_role("heading", name="Somebody else's", level=1)).to_be_visible()
    expect(page.get_by_role("button", name="More about this group")).to_have_count(0)


def test_signing_in_comes_back_to_where_it_began(page: Page, deployment: FakeDeployment) -> None:
    group = deployment.store.add_group("Deep", "", "owner")
    page.goto(f"{deployment.url}/groups/{group['id']}/confidence")

    sign_in(page, Person())

    expect(page).to_have_url(f"{deployment.url}/groups/{group['id']}/confidence")


def test_wrong_answer_of_the_issuer_is_told(page: Page, deployment: FakeDeployment) -> None:
    page.goto(f"{deployment.url}/callback?error=access_denied&error_description=Not+today&state=forged")

    expect(page.get_by_role("heading", name="Signing in didn't work")).to_be_visible()


def test_missing_name_is_told_in_the_dialog(page: Page, deployment: FakeDeployment) -> None:
    page.goto(deployment.url)
    sign_in(page, Person())
    page.get_by_role("button", name="Create the first group").click()
    page.get_by_role("button", name="Create group").click()
    expect(page.get_by_role("alert")).to_have_text("Give the group a name.")


def test_dialog_that_is_clicked_twice_at_once_makes_one_group(page: Page, deployment: FakeDeployment) -> None:
    page.goto(deployment.url)
    sign_in(page, Person())
    page.get_by_role("button", name="New group").click()
    page.get_by_label("Name").fill("Only one")
    page.get_by_role("button", name="Create group").evaluate(
        "(button) => { button.click(); button.click(); }"
    )

    expect(page.get_by_role("heading", name="Only one", level=1)).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert [group["name"] for group in deployment.store.groups.values()] == ["Only one"]


def test_revoked_session_is_told_in_the_dialog(page: Page, deployment: FakeDeployment) -> None:
    page.goto(deployment.url)
    sign_in(page, Person())
    deployment.cloud.issuer.revoke_all()

    page.get_by_role("button", name="Create the first group").click()
    page.get_by_label("Name").fill("Too late")
    page.get_by_role("button", name="Create group").click()

    expect(page.get_by_role("alert")).to_contain_text("Sign in again")
