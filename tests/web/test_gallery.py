"""What galleries and lists look like: cards, badges, and what stands there where there is nothing."""

from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.web.conftest import NewPage
from tests.web.fake.samples import digit, encoded, fill, photograph
from tests.web.fake.serving import FakeDeployment
from tests.web.fake.store import Item
from tests.web.steps import Person, sign_in

# Where each card's badge is, its frame, the box to select it by, and its caption.
PLACES = """() => [...document.querySelectorAll("main li > label")].map((card) => {
    const place = (found) => {
        const { left, top, right, bottom } = found.getBoundingClientRect();
        return { left, top, right, bottom };
    };
    const [box, frame, caption] = card.children;
    const badge = frame.querySelector("[data-phase]");
    return { badge: badge && place(badge), box: place(box), frame: place(frame), caption: place(caption) };
})"""


def apart(one: dict[str, float], other: dict[str, float]) -> bool:
    return (
        one["right"] <= other["left"]
        or other["right"] <= one["left"]
        or one["bottom"] <= other["top"]
        or other["bottom"] <= one["top"]
    )


def within(inner: dict[str, float], outer: dict[str, float]) -> bool:
    return (
        inner["left"] >= outer["left"]
        and inner["top"] >= outer["top"]
        and inner["right"] <= outer["right"]
        and inner["bottom"] <= outer["bottom"]
    )


def every_ending(deployment: FakeDeployment) -> Item:
    """A group with wide, tall and broken pictures in every state that a stranger sees."""
    store = deployment.store
    group = store.add_group("All of them", "", "owner")
    photo = photograph("china")
    shapes = {
        "wide": _grey(300, 40),
        "tall": _grey(40, 300),
        "usual": photo,
    }
    store.pace = 0.0
    for shape, data in shapes.items():
        for name in (f"{shape}", f"unsure {shape}"):
            wish = {"title": name, "fileName": name, "contentType": "image/jpeg"}
            store.take_in(store.announce(group["id"], "owner", wish), data)
    torn = store.announce(group["id"], "owner", {"title": "Torn", "fileName": "torn"})
    store.take_in(torn, photo[:2000])
    store.announce(group["id"], "owner", {"title": "Waiting"})
    slow = store.announce(group["id"], "owner", {"title": "Slow", "fileName": "five"})
    store.pace = 10_000.0
    store.take_in(slow, digit(5)[1], slow.created_at - 5_000)
    return group


def _grey(width: int, height: int) -> bytes:
    return encoded(np.full((height, width, 3), 90, dtype=np.uint8), "PNG")


@pytest.mark.parametrize("width", [320, 1280])
def test_badges_of_cards_collide_with_nothing(
    new_page: NewPage, deployment: FakeDeployment, width: int
) -> None:
    group = every_ending(deployment)
    page = new_page({"width": width, "height": 2400})
    page.goto(f"{deployment.url}/groups/{group['id']}")
    page.get_by_role("button", name="Select", exact=True).click()
    expect(page.get_by_role("checkbox")).to_have_count(9)
    # All but the three that are done.
    for words, number in {"Refused": 3, "Failed": 1, "Uploaded": 1, "Classifying": 1}.items():
        expect(page.get_by_role("main").get_by_text(words, exact=True)).to_have_count(number)

    cards: list[dict[str, Any]] = page.evaluate(PLACES)

    badges = [each for each in cards if each["badge"] is not None]
    assert len(badges) == 6
    for each in badges:
        assert within(each["badge"], each["frame"]), each
        assert apart(each["badge"], each["box"]), each
        assert apart(each["badge"], each["caption"]), each
    # Wide or tall, a picture leaves no stripes beside or above it.
    pictures = page.get_by_role("main").locator("li img")
    expect(pictures.first).to_be_visible()
    fits = pictures.evaluate_all("(found) => found.map((each) => getComputedStyle(each).objectFit)")
    assert set(fits) == {"cover"}


def test_card_of_a_group_has_its_cover_its_count_and_its_owner(
    page: Page, deployment: FakeDeployment
) -> None:
    store = deployment.store
    fill(store, digit_count=10)
    store.add_group("My own", "", deployment.cloud.issuer.subject_named("ada"))
    page.goto(deployment.url)
    sign_in(page, Person())

    def card(name: str) -> Locator:
        return page.get_by_role("main").get_by_role("link").filter(has_text=name)

    digits, own = card("Handwritten digits"), card("My own")
    expect(digits).to_contain_text("11 pictures")
    expect(digits.locator("img")).to_have_count(4)
    # They have been loaded, and are small copies.
    for number in range(4):
        expect(digits.locator("img").nth(number)).to_have_js_property("complete", True)
    expect(digits).not_to_contain_text("yours")
    expect(own).to_contain_text("0 pictures")
    expect(own).to_contain_text("yours")
    expect(own.locator("img")).to_have_count(0)


def test_of_more_groups_than_a_page_the_newest_is_first_and_the_others_are_asked_for(
    page: Page, deployment: FakeDeployment
) -> None:
    for number in range(61):
        deployment.store.add_group(f"Group {number}", "", "owner", 1e9 + number)
    page.goto(deployment.url)
    cards = page.get_by_role("main").locator("a[href^='/groups/']")
    expect(cards).to_have_count(60)
    expect(cards.first).to_contain_text("Group 60")

    page.get_by_role("button", name="Show more groups").click()

    expect(cards).to_have_count(61)
    expect(cards.last).to_contain_text("Group 0")
    expect(page.get_by_role("button", name="Show more groups")).to_have_count(0)


def test_what_is_empty_says_what_to_do(page: Page, deployment: FakeDeployment) -> None:
    page.goto(deployment.url)
    main = page.get_by_role("main")
    expect(main.get_by_role("heading", name="No groups yet")).to_be_visible()
    expect(main.get_by_role("button", name="Sign in to create one")).to_be_visible()
    sign_in(page, Person("reviewer-ann"))
    expect(main.get_by_role("button", name="Create the first group")).to_be_visible()

    page.get_by_role("link", name="Pictures").click()
    expect(main.get_by_role("heading", name="No pictures yet")).to_be_visible()
    page.get_by_label("Outcome").select_option("Refused")
    expect(main.get_by_role("heading", name="No picture fits")).to_be_visible()
    main.get_by_role("link", name="Without filters").click()
    expect(main.get_by_role("heading", name="No pictures yet")).to_be_visible()
    expect(main.get_by_role("link", name="Open a group to add some")).to_have_attribute("href", "/")

    page.get_by_role("link", name="Review").click()
    expect(main.get_by_role("heading", name="Nothing waits")).to_be_visible()
    expect(main).to_contain_text("between the stack's ReviewThreshold and its ConfidenceThreshold")
    page.get_by_role("link", name="Inbox").click()
    expect(main.get_by_role("heading", name="No mail yet")).to_be_visible()
    expect(main).to_contain_text("Add a picture to a group")

    group = deployment.store.add_group("Empty", "", "owner")
    page.goto(f"{deployment.url}/groups/{group['id']}")
    expect(main.get_by_role("heading", name="Add the first pictures")).to_be_visible()
    expect(main.get_by_role("button", name="Choose pictures")).to_be_visible()
