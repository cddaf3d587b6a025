"""The page's code comes in parts: one that doesn't arrive must not take the others with it."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.web.conftest import PHONE
from tests.web.fake.serving import FakeDeployment
from tests.web.steps import Person, begin_to_sign_in, confirm_deletion, create_group, sign_in
from tests.web.test_access import serious_faults

MISSING = "This part of the page didn't arrive"


def lose(page: Page, part: str) -> re.Pattern[str]:
    """Let the code of a part not arrive. What `page.unroute` takes."""
    code = re.compile(rf"/assets/{part}-[^/]+\.js$")
    page.route(code, lambda route: route.abort())
    return code


@pytest.mark.parametrize(
    ("part", "path"),
    [
        ("FindPage", "/pictures"),
        ("ConfidencePage", "/groups/{group}/confidence"),
        ("GroupPage", "/groups/{group}"),
    ],
)
def test_page_whose_code_is_missing_says_so_and_comes_with_the_next_load(
    page: Page, deployment: FakeDeployment, part: str, path: str
) -> None:
    group = deployment.store.add_group("Lisbon", "", "owner")
    code = lose(page, part)

    page.goto(deployment.url + path.format(group=group["id"]))

    expect(page.get_by_role("heading", name=MISSING, level=1)).to_be_visible()
    page.unroute(code)
    page.get_by_role("button", name="Load the page again").click()
    expect(page.get_by_role("heading", name=MISSING)).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_part_that_is_missing_leaves_the_rest_of_its_page(page: Page, deployment: FakeDeployment) -> None:
    deployment.store.add_group("Lisbon", "", "owner")
    lose(page, "TryIt")

    page.goto(deployment.url)

    expect(page.get_by_role("heading", name=MISSING)).to_be_visible()
    expect(page.get_by_role("link", name="Lisbon")).to_be_visible()


def test_dialog_that_is_missing_is_said_where_it_is_seen_and_put_away(
    page: Page, deployment: FakeDeployment
) -> None:
    page.set_viewport_size(PHONE)
    lose(page, "NewGroupDialog")
    page.goto(deployment.url)
    sign_in(page, Person())

    page.get_by_role("button", name="New group").click()

    expect(page.get_by_role("alert")).to_contain_text(MISSING)
    expect(page.get_by_role("alert")).to_be_in_viewport(ratio=1)
    assert serious_faults(page) == []
    page.get_by_role("button", name="Not now").click()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_menu_that_is_missing_leaves_its_place_and_a_way_to_get_it(
    page: Page, deployment: FakeDeployment
) -> None:
    page.set_viewport_size(PHONE)
    code = lose(page, "AccountMenu")
    page.goto(deployment.url)
    begin_to_sign_in(page, Person())
    again = page.get_by_role("banner").get_by_role("button", name="Load the page again")
    expect(again).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]

    page.unroute(code)
    again.click()

    expect(page.get_by_role("button", name="Account")).to_be_visible()


def test_dialog_that_could_not_be_fetched_ahead_is_no_crash(page: Page, deployment: FakeDeployment) -> None:
    code = lose(page, "NewGroupDialog")
    page.goto(deployment.url)
    with page.expect_event("requestfailed", lambda request: bool(code.search(request.url))):
        sign_in(page, Person())

    expect(page.get_by_role("heading", name="Groups", level=1)).to_be_visible()
    page.unroute(code)
    page.reload()
    create_group(page, "Lisbon")


def test_news_that_cannot_be_shown_is_no_crash(page: Page, deployment: FakeDeployment) -> None:
    code = lose(page, "Toasts")
    page.goto(deployment.url)
    sign_in(page, Person())
    create_group(page, "Lisbon")

    page.get_by_role("button", name="More about this group").click()
    page.get_by_role("menuitem", name="Delete group").click()
    with page.expect_event("requestfailed", lambda request: bool(code.search(request.url))):
        confirm_deletion(page, "Delete group")

    expect(page.get_by_role("heading", name="No groups yet")).to_be_visible()
