"""A stack whose ReadAccess is signed-in: signed out the page asks to sign in, signed in it works as ever."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.web.fake.samples import digit, fill
from tests.web.fake.serving import FakeDeployment
from tests.web.steps import Person, card, create_group, sign_out, upload
from tests.web.test_access import serious_faults


@pytest.fixture
def closed(deployment: FakeDeployment) -> FakeDeployment:
    """Groups with pictures, for who is signed in."""
    fill(deployment.store, digit_count=3)
    deployment.cloud.reads_open = deployment.cloud.model.reads_open = False
    return deployment


def test_stranger_is_asked_to_sign_in_on_every_page(page: Page, closed: FakeDeployment) -> None:
    picture = next(iter(closed.store.pictures.values()))
    group = f"/groups/{picture.group_id}"
    for path in ("/", group, f"{group}/confidence", f"/images/{picture.image_id}"):
        page.goto(closed.url + path)
        expect(page.get_by_role("heading", name="Sign in to see this")).to_be_visible()
        expect(page.get_by_text("only who is signed in may look")).to_be_visible()
        expect(page.get_by_role("heading", level=1)).to_have_count(1)
        # The examples to try are the page's own.
        assert page.locator("main img:not([src^='/examples/'])").count() == 0
        assert closed.store.groups[picture.group_id]["name"] not in page.locator("body").inner_text()
        assert serious_faults(page) == []


def test_page_works_for_who_is_signed_in(page: Page, closed: FakeDeployment) -> None:
    picture = next(each for each in closed.store.pictures.values() if each.course is not None)
    name = closed.store.groups[picture.group_id]["name"]
    asked: list[str] = []
    page.goto(f"{closed.url}/groups/{picture.group_id}")
    # By the button in the notice, back to the group that was asked for.
    page.get_by_role("button", name="Sign in to go on").click()
    page.locator("[name=username]").first.fill("ada")
    page.locator("[name=password]").first.fill(Person().password)
    page.on("request", lambda each: asked.append(each.url) if each.method == "GET" else None)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()

    card(page, picture.title).first.click()
    expect(page.get_by_role("heading", name=picture.title, level=1)).to_be_visible()
    page.get_by_role("link", name="Groups", exact=True).first.click()
    expect(page.get_by_role("link", name=name)).to_be_visible()
    create_group(page, "Ours alone")
    upload(page, [{"name": "seven.png", "mimeType": "image/png", "buffer": digit(7)[1]}])
    expect(card(page, "seven")).to_have_attribute("data-phase", "done")

    # Nothing was read by a route that strangers have.
    read = [urlsplit(url).path for url in asked if url.startswith(closed.cloud_url)]
    assert "/signed-in/groups" in read
    assert [path for path in read if path.startswith(("/groups", "/images"))] == []

    sign_out(page)
    expect(page.get_by_role("heading", name="Sign in to see this")).to_be_visible()
