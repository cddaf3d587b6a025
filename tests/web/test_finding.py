"""Pictures of the whole stack, in the order of their confidence and by the model."""

import re

from playwright.sync_api import Page, expect

from tests.web.fake.samples import fill
from tests.web.fake.serving import FakeDeployment
from tests.web.steps import Person, sign_in
from tests.web.test_access import serious_faults


def test_the_least_sure_come_first_and_what_was_compared_is_said(
    page: Page, deployment: FakeDeployment
) -> None:
    fill(deployment.store, digit_count=10)
    page.goto(deployment.url)
    sign_in(page, Person())
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Pictures").click()
    page.get_by_label("Order").select_option("Least sure first")

    expect(page.get_by_text("13 pictures of 13 that fit")).to_be_visible()
    first = page.locator("a[data-phase]").first
    expect(first).to_have_attribute("data-phase", "refused")
    expect(page).to_have_url(re.compile(r"/pictures\?sort=leastSure$"))
    page.get_by_label("Order").select_option("Surest first")
    expect(first).to_have_attribute("data-phase", "done")
    assert serious_faults(page) == []

    page.get_by_label("Model").select_option("By digits-60d1db21f052, in batches and reviews")
    expect(page.get_by_role("heading", name="No picture fits")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/pictures\?sort=surest&model=digits-60d1db21f052$"))
