"""Pictures are classified again with another threshold: one, and a selection."""

import pytest
from playwright.sync_api import Page, expect

from tests.web.fake.samples import digit
from tests.web.fake.serving import FakeDeployment
from tests.web.fake.store import Item, Picture
from tests.web.steps import Person, sign_in
from tests.web.test_access import serious_faults


@pytest.fixture
def mine(deployment: FakeDeployment) -> Item:
    """A group of ada's."""
    return deployment.store.add_group("Mine", "", deployment.cloud.issuer.subject_named("ada"))


def add(deployment: FakeDeployment, group: Item, name: str) -> Picture:
    """A picture of ada's that was classified an hour ago."""
    store = deployment.store
    wish = {"title": name, "fileName": f"{name}.png", "contentType": "image/png"}
    picture = store.announce(group["id"], group["ownerId"], wish, store.clock() - 3600)
    store.take_in(picture, digit(7)[1], store.clock() - 3600)
    return picture


def more(page: Page, item: str) -> None:
    page.get_by_role("button", name="More about this picture").click()
    page.get_by_role("menuitem", name=item).click()
    expect(page.get_by_role("dialog")).to_be_visible()


def test_picture_is_classified_again_with_another_threshold(
    page: Page, deployment: FakeDeployment, mine: Item
) -> None:
    picture = add(deployment, mine, "unsure seven")
    page.goto(f"{deployment.url}/images/{picture.image_id}")
    sign_in(page, Person())
    expect(page.get_by_role("region", name="Why it was refused")).to_be_visible()
    more(page, "Classify again with another threshold…")
    page.keyboard.type("130")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("Give a number from 0 to 100.")
    assert serious_faults(page) == []

    page.get_by_label("Accept from, in percent").fill("30")
    page.keyboard.press("Enter")

    expect(page.get_by_role("region", name="Result")).to_contain_text("30% needed")
    expect(page.get_by_role("region", name="Why it was refused")).to_have_count(0)
    assert picture.threshold == 0.3


def test_selection_is_classified_again_with_another_threshold(
    page: Page, deployment: FakeDeployment, mine: Item
) -> None:
    pictures = [add(deployment, mine, name) for name in ("unsure seven", "unsure two", "one")]
    page.goto(f"{deployment.url}/groups/{mine['id']}")
    sign_in(page, Person())
    page.get_by_role("button", name="Select", exact=True).click()
    page.get_by_role("button", name="Select all 3").click()
    page.get_by_role("button", name="Classify again…").click()
    page.get_by_label("Accept from, in percent").fill("25,5 %")
    page.get_by_role("dialog").get_by_role("button", name="Classify again").click()
    expect(page.get_by_text("3 pictures classified again")).to_be_visible()
    assert [picture.threshold for picture in pictures] == [0.255] * 3
