"""A person moves pictures of theirs to another group: one, and a selection."""

import json
from collections.abc import Sequence

import pytest
from playwright.sync_api import Page, Route, ViewportSize, expect

from tests.web.conftest import NewPage
from tests.web.fake.samples import digit
from tests.web.fake.serving import FakeDeployment
from tests.web.fake.store import Picture
from tests.web.steps import Person, card, sign_in
from tests.web.test_access import serious_faults

NARROW: ViewportSize = {"width": 360, "height": 740}


@pytest.fixture
def owner(deployment: FakeDeployment) -> str:
    return str(deployment.cloud.issuer.subject_named("ada"))


@pytest.fixture
def group(deployment: FakeDeployment, owner: str) -> str:
    return str(deployment.store.add_group("Mine", "", owner)["id"])


def put(deployment: FakeDeployment, group: str, owners: Sequence[str]) -> list[Picture]:
    """A classified digit of each of these people in the group, the oldest first."""
    store = deployment.store
    found = []
    for index, owner in enumerate(owners):
        label, data = digit(index)
        wish = {"title": f"Number {index}", "fileName": f"{label}.png", "contentType": "image/png"}
        moment = store.clock() - 3600 + index
        picture = store.announce(group, owner, wish, moment)
        store.take_in(picture, data, moment)
        found.append(picture)
    return found


def test_picture_is_moved_by_keyboard_and_says_where_it_is(
    page: Page, deployment: FakeDeployment, owner: str, group: str
) -> None:
    (picture, stays) = put(deployment, group, [owner, owner])
    cats, dogs = (deployment.store.add_group(name, "", "somebody") for name in ("Cats", "Dogs"))
    secret = deployment.store.add_group("Secret", "", owner)
    secret["visibility"] = "private"
    page.goto(f"{deployment.url}/groups/{group}")
    sign_in(page, Person())
    card(page, picture.title).click()
    page.get_by_role("button", name="More about this picture").press("Enter")
    page.get_by_role("menuitem", name="Move…").press("Enter")
    dialog = page.get_by_role("dialog", name="Move picture")
    expect(dialog.get_by_label("Find a group")).to_be_focused()
    expect(dialog.get_by_role("radio")).to_have_count(3)
    expect(dialog.get_by_role("radio", name="Mine")).to_have_count(0)
    assert serious_faults(page) == []
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("alert")).to_have_text("Choose a group.")
    dialog.get_by_role("radio", name="Secret").check()
    expect(dialog.get_by_role("status")).to_have_text("There its owner alone sees it.")
    dialog.get_by_label("Find a group").focus()

    page.keyboard.type("dog")
    expect(dialog.get_by_role("radio")).to_have_count(1)
    expect(dialog.get_by_role("radio", name="Dogs")).to_be_checked()
    page.keyboard.press("Enter")

    expect(page.get_by_text(f"“{picture.title}” was moved to “Dogs”")).to_be_visible()
    expect(dialog).to_be_hidden()
    crumbs = page.get_by_role("navigation", name="Breadcrumb")
    expect(crumbs.get_by_role("link", name="Dogs")).to_be_visible()
    assert picture.group_id == dogs["id"]
    crumbs.get_by_role("link", name="Dogs").click()
    expect(card(page, picture.title)).to_be_visible()
    page.get_by_role("link", name="Groups").first.click()
    for name, counted in (("Mine", "1 picture"), ("Dogs", "1 picture"), ("Cats", "0 pictures")):
        expect(page.locator(f"a[href^='/groups/']:has-text('{name}')")).to_contain_text(counted)
    page.locator("a[href^='/groups/']:has-text('Mine')").click()
    expect(card(page, stays.title)).to_be_visible()
    expect(card(page, picture.title)).to_have_count(0)
    assert cats["id"] != picture.group_id


def test_selection_is_moved_as_far_as_it_is_ones_own_and_the_rest_is_named(
    new_page: NewPage, deployment: FakeDeployment, owner: str, group: str
) -> None:
    page = new_page(NARROW)
    pictures = put(deployment, group, [owner, owner, owner, "somebody"])
    dogs = deployment.store.add_group("Dogs and other animals of a very long name", "", owner)
    going = pictures[1]
    page.goto(f"{deployment.url}/groups/{group}")
    sign_in(page, Person())

    def refuse(route: Route) -> None:
        if route.request.method != "PATCH":
            route.fallback()
            return
        answer = {"error": "This image's group is being deleted."}
        headers = {"Access-Control-Allow-Origin": "*", "Content-Type": "application/json"}
        route.fulfill(status=409, headers=headers, body=json.dumps(answer))

    page.route(f"**/images/{going.image_id}", refuse)
    page.get_by_role("button", name="Select", exact=True).click()
    page.get_by_role("button", name="Select all 4").click()
    page.get_by_role("button", name="Move…").click()
    dialog = page.get_by_role("dialog", name="Move 3 pictures")
    expect(dialog.get_by_text("The other 1 aren't yours, and stay.")).to_be_visible()
    dialog.get_by_role("radio", name="Dogs").check()
    expect(dialog.get_by_text("There everybody who may look around here sees it.")).to_be_visible()
    assert serious_faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert dialog.evaluate("dialog => dialog.scrollWidth <= dialog.clientWidth")
    dialog.get_by_role("button", name="Move 3 pictures").click()

    expect(page.get_by_text(f"2 pictures moved to “{dogs['name']}”")).to_be_visible()
    expect(page.get_by_text("1 picture couldn't be: This image's group is being deleted.")).to_be_visible()
    expect(page.get_by_text("2 pictures selected")).to_be_visible()
    assert [picture.group_id == dogs["id"] for picture in pictures] == [True, False, True, False]
    expect(card(page, pictures[0].title)).to_have_count(0)


def test_group_on_a_later_page_of_many_is_found_by_its_name(
    page: Page, deployment: FakeDeployment, owner: str, group: str
) -> None:
    (picture,) = put(deployment, group, [owner])
    store = deployment.store
    oldest = store.add_group("The oldest", "", owner, store.clock() - 10_000)
    for number in range(70):
        store.add_group(f"Group {number}", "", "somebody")
    page.goto(f"{deployment.url}/images/{picture.image_id}")
    sign_in(page, Person())
    page.get_by_role("button", name="More about this picture").click()
    page.get_by_role("menuitem", name="Move…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Show more groups")).to_be_attached()
    dialog.get_by_label("Find a group").fill("no such group")
    expect(dialog.get_by_text("No group is called so.")).to_be_visible()
    dialog.get_by_label("Find a group").fill("oldest")
    page.keyboard.press("Enter")
    expect(page.get_by_text("was moved to “The oldest”")).to_be_visible()
    assert picture.group_id == oldest["id"]
