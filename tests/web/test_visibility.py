"""Who may see a group: chosen where it is made and where one uploads, and said there."""

import re

from playwright.sync_api import Page, expect

from tests.web.conftest import NewPage
from tests.web.fake.samples import digit
from tests.web.fake.serving import FakeDeployment
from tests.web.steps import Person, card, sign_in, upload
from tests.web.test_access import serious_faults


def test_private_group_is_made_used_and_shared_by_its_owner(
    page: Page, new_page: NewPage, deployment: FakeDeployment
) -> None:
    page.goto(deployment.url)
    sign_in(page, Person())
    page.get_by_role("button", name="New group").click()
    page.get_by_label("Name").fill("Ours alone")
    choice = page.get_by_label("Who may see it")
    expect(choice).to_have_value("public")
    choice.select_option("Private")
    expect(choice).to_have_accessible_description(re.compile("Its owner alone sees it.*reviewers"))
    assert serious_faults(page) == []
    page.get_by_role("button", name="Create group").click()
    expect(page.get_by_role("heading", name="Ours alone", level=1)).to_be_visible()
    expect(page.get_by_label("Who may see it")).to_have_value("private")
    upload(page, [{"name": "seven.png", "mimeType": "image/png", "buffer": digit(7)[1]}])
    expect(card(page, "seven")).to_have_attribute("data-phase", "done")
    address = page.url

    # Nobody else finds it, by its address either.
    stranger = new_page()
    stranger.goto(address)
    expect(stranger.get_by_role("heading", name="This group isn't here")).to_be_visible()
    stranger.goto(deployment.url)
    expect(stranger.get_by_role("heading", name="No groups yet")).to_be_visible()

    # By its link it is there for whoever has it, and in nobody's list.
    page.get_by_label("Who may see it").select_option("By link")
    expect(page.get_by_text("Whoever has the link sees copies")).to_be_visible()
    assert serious_faults(page) == []
    stranger.goto(address)
    expect(card(stranger, "seven")).to_be_visible()
    expect(stranger.get_by_label("Who may see it")).to_have_count(0)
    stranger.goto(deployment.url)
    expect(stranger.get_by_role("heading", name="No groups yet")).to_be_visible()
    page.get_by_role("link", name="Groups", exact=True).first.click()
    expect(page.get_by_role("link", name="Ours alone")).to_contain_text("by link")


def test_who_adds_pictures_to_anothers_group_reads_who_will_see_them(
    page: Page, deployment: FakeDeployment
) -> None:
    group = deployment.store.add_group("Everybody's", "", "somebody-else")
    page.goto(f"{deployment.url}/groups/{group['id']}")
    sign_in(page, Person())
    expect(page.get_by_text("whoever may look around here sees copies")).to_be_visible()
    expect(page.get_by_label("Who may see it")).to_have_count(0)
