"""A session that lasts: renewed silently, after a sleep and a reload too; what is said when it can't be."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.web.fake.serving import FakeDeployment, fake_deployment
from tests.web.steps import Person, create_group, sign_in


@pytest.fixture
def renewing(dist: Path) -> Iterator[FakeDeployment]:
    """The issuer gives refresh tokens."""
    with fake_deployment(dist) as running:
        running.cloud.issuer.renews = True
        yield running


def age(page: Page) -> None:
    """The stored access token ran out an hour ago, as it has when a laptop wakes."""
    page.evaluate(
        """() => {
            const key = Object.keys(sessionStorage).find(each => each.startsWith("oidc.user:"));
            const user = JSON.parse(sessionStorage.getItem(key));
            user.expires_at = Math.floor(Date.now() / 1000) - 3600;
            sessionStorage.setItem(key, JSON.stringify(user));
        }"""
    )


def test_session_goes_on_after_a_reload_with_a_token_that_ran_out(
    page: Page, renewing: FakeDeployment
) -> None:
    page.goto(renewing.url)
    sign_in(page, Person())
    age(page)
    renewing.cloud.issuer.expire_all()

    page.reload()

    create_group(page, "Made after a sleep")
    assert renewing.cloud.issuer.renewals >= 1
    expect(page.get_by_text("Your session has ended")).to_have_count(0)


def test_token_that_the_api_takes_no_more_is_renewed_within_the_request(
    page: Page, renewing: FakeDeployment
) -> None:
    page.goto(renewing.url)
    sign_in(page, Person())
    renewing.cloud.issuer.expire_all()

    create_group(page, "Made with another token")

    assert renewing.cloud.issuer.renewals == 1


def test_issuer_that_is_down_ends_no_session(page: Page, renewing: FakeDeployment) -> None:
    page.goto(renewing.url)
    sign_in(page, Person())
    age(page)
    renewing.cloud.issuer.is_down = True
    page.reload()
    expect(page.get_by_text("Reconnecting")).to_be_visible()
    expect(page.get_by_role("button", name="Account")).to_be_visible()

    renewing.cloud.issuer.is_down = False

    expect(page.get_by_text("Reconnecting")).to_have_count(0)
    create_group(page, "Made when it was back")


def test_issuer_that_cannot_be_reached_is_said_to_who_signs_in(
    page: Page, deployment: FakeDeployment
) -> None:
    discovery = "**/.well-known/openid-configuration"
    page.route(discovery, lambda route: route.abort())
    page.goto(deployment.url)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_text("The sign-in page couldn't be reached", exact=True)).to_be_visible()

    page.unroute(discovery)

    sign_in(page, Person())


def test_session_that_was_revoked_ends_with_a_word(page: Page, renewing: FakeDeployment) -> None:
    page.goto(renewing.url)
    sign_in(page, Person())
    age(page)
    renewing.cloud.issuer.revoke_all()

    page.reload()

    expect(page.get_by_text("Your session has ended")).to_be_visible()
    expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    assert "access_token" not in page.evaluate("JSON.stringify(sessionStorage)")


def test_lost_connection_is_said_and_comes_back_by_itself(page: Page, deployment: FakeDeployment) -> None:
    deployment.store.add_group("Back again", "", "owner")
    everything = re.compile(re.escape(deployment.cloud_url) + "/groups.*")

    def refuse(route: Route) -> None:
        route.abort()

    page.route(everything, refuse)
    page.goto(deployment.url)
    expect(page.get_by_text("Reconnecting")).to_be_visible()
    page.unroute(everything)

    expect(page.get_by_role("link", name="Back again")).to_be_visible()
    expect(page.get_by_text("Reconnecting")).to_have_count(0)


@pytest.mark.parametrize(
    ("status", "said"), [(401, "Your session has ended"), (429, "Too many requests"), (503, "503")]
)
def test_each_refusal_has_its_own_words(
    page: Page, deployment: FakeDeployment, status: int, said: str
) -> None:
    headers = {
        "Access-Control-Allow-Origin": deployment.url,
        "Access-Control-Allow-Headers": "*, authorization",
    }
    page.goto(deployment.url)
    sign_in(page, Person())
    page.route(
        re.compile(re.escape(deployment.cloud_url) + "/signed-in/groups.*"),
        lambda route: route.fulfill(status=status, json={"message": "No"}, headers=headers),
    )

    page.reload()

    expect(page.get_by_role("alert")).to_contain_text(said)
    expect(page.get_by_text("Reconnecting")).to_have_count(0)
