"""What the model knows: its card beside "Try it", and the hint where a picture is not of its kind."""

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.web.conftest import DESKTOP, NewPage
from tests.web.fake.model import photos_card
from tests.web.fake.samples import photograph
from tests.web.fake.serving import FakeDeployment
from tests.web.test_access import serious_faults

SMALL: ViewportSize = {"width": 360, "height": 740}


def try_a_portrait(page: Page) -> None:
    page.get_by_label("Picture to try").set_input_files(
        {"name": "portrait.jpg", "mimeType": "image/jpeg", "buffer": photograph("astronaut")}
    )


@pytest.mark.parametrize(("viewport", "dark"), [(DESKTOP, False), (SMALL, True)], ids=["desktop", "phone"])
def test_card_says_what_the_model_is_and_its_labels_are_searched(
    new_page: NewPage, deployment: FakeDeployment, viewport: ViewportSize, dark: bool
) -> None:
    page = new_page(viewport, dark)
    page.goto(deployment.url)
    summary = page.locator("summary").filter(has_text="What the model knows")
    expect(summary).to_contain_text("digits · 10 labels · 99.1% right")
    expect(page.get_by_text("Ruled paper")).to_be_hidden()

    summary.click()
    card = page.locator("details").filter(has=summary)
    expect(card).to_contain_text("99.1% of 360 pictures that it hadn't seen, between 97.5% and 99.7%")
    expect(card).to_contain_text("Apache-2.0")
    expect(card.get_by_text("Ruled paper")).to_be_visible()
    labels = card.get_by_role("region", name="Labels")
    expect(labels.get_by_role("listitem")).to_have_count(10)
    labels.get_by_role("searchbox").fill("eve")
    expect(labels.get_by_role("listitem")).to_have_text(["seven"])
    expect(labels.get_by_role("status")).to_have_text("1 label.")
    labels.get_by_role("searchbox").fill("a portrait")
    expect(labels.get_by_role("status")).to_have_text("No label is called so.")
    assert serious_faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]


def test_picture_of_another_kind_gets_a_hint_from_the_card(page: Page, deployment: FakeDeployment) -> None:
    deployment.cloud.tried = "unsure"
    page.goto(deployment.url)
    try_a_portrait(page)

    trying = page.get_by_role("region", name="Try it")
    expect(trying).to_contain_text("This model knows 10 labels: zero, one, two")
    assert serious_faults(page) == []

    # Another model, another hint: nothing of it stands in the page.
    deployment.cloud.model.card = photos_card()
    page.reload()
    try_a_portrait(page)
    expect(trying).to_contain_text("This model knows 1,000 labels, such as thing 0")
    page.locator("summary").filter(has_text="What the model knows").click()
    expect(trying).to_contain_text("Not measured")
    expect(trying).to_contain_text("940 more labels not shown")


def test_page_does_without_a_card(page: Page, deployment: FakeDeployment) -> None:
    deployment.cloud.model.card = None
    deployment.cloud.tried = "unsure"
    page.goto(deployment.url)
    try_a_portrait(page)

    expect(page.get_by_role("region", name="Try it")).to_contain_text("of this it may know none")
    expect(page.get_by_text("What the model knows")).to_have_count(0)
