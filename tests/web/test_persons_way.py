"""A person's way through the page, from looking around to signing out."""

import re
from urllib.parse import urlsplit

from playwright.sync_api import FilePayload, Page, expect

from tests.web.fake.samples import digit, photograph
from tests.web.fake.serving import FakeDeployment
from tests.web.steps import (
    SETTLED_MS,
    Person,
    card,
    confirm_deletion,
    create_group,
    row,
    sign_in,
    sign_out,
    upload,
)


def walk(page: Page, url: str, person: Person, accepted: list[FilePayload], refused: FilePayload) -> None:
    """Everything that a person does on a visit. `accepted` are classified, the first is looked at closely."""
    # Signed out, there is something to look at and nothing to change.
    page.goto(url)
    expect(page.get_by_role("heading", name="Groups", level=1)).to_be_visible()
    expect(page.get_by_role("button", name="New group")).to_be_hidden()

    sign_in(page, person)
    create_group(page, "A walk in the park", "Seen on a Sunday.")
    group_path = urlsplit(page.url).path
    upload(page, [*accepted, refused])

    # Each picture comes to its end before the person's eyes, without a reload.
    for payload in accepted:
        name = payload["name"].rsplit(".", 1)[0]
        expect(row(page, name).get_by_text("Done")).to_be_visible(timeout=SETTLED_MS)
        expect(card(page, name)).to_have_attribute("data-phase", "done")
    refused_name = refused["name"].rsplit(".", 1)[0]
    expect(row(page, refused_name).get_by_text("Refused")).to_be_visible(timeout=SETTLED_MS)

    _look_at_an_accepted_one(page, accepted[0]["name"].rsplit(".", 1)[0])
    page.get_by_role("link", name="A walk in the park").click()
    _look_at_a_refused_one(page, refused_name)

    # Deleting asks first, and says that it can't be undone.
    page.get_by_role("button", name="Delete…").click()
    expect(page.get_by_role("alertdialog")).to_contain_text("can't be undone")
    page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_role("heading", name=refused_name, level=1)).to_be_visible()
    page.get_by_role("button", name="Delete…").click()
    confirm_deletion(page, "Delete picture")
    expect(page.get_by_role("heading", name="A walk in the park", level=1)).to_be_visible()
    expect(card(page, refused_name)).to_have_count(0)

    page.get_by_role("button", name="More about this group").click()
    page.get_by_role("menuitem", name="Delete group").click()
    confirm_deletion(page, "Delete group")
    expect(page.get_by_role("heading", name="Groups", level=1)).to_be_visible()
    expect(page.locator(f"a[href='{group_path}']")).to_have_count(0)

    sign_out(page)
    left = page.evaluate("JSON.stringify([{...sessionStorage}, {...localStorage}])")
    assert "token" not in left
    assert "oidc.user" not in left


def _look_at_an_accepted_one(page: Page, name: str) -> None:
    card(page, name).click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
    bars = page.get_by_role("region", name="What the model saw").get_by_role("listitem")
    expect(bars).to_have_count(5)
    expect(bars.first).to_contain_text(re.compile(r"\d%"))
    expect(page.get_by_role("region", name="Its way through the workflow")).to_contain_text(
        "Keeping the result"
    )
    page.get_by_role("button", name="Annotated").click()
    picture = page.get_by_role("img", name=f"{name}, annotated")
    expect(picture).to_be_visible()
    page.wait_for_function(
        "image => image.complete && image.naturalWidth >= 320", arg=picture.element_handle()
    )


def _look_at_a_refused_one(page: Page, name: str) -> None:
    card(page, name).click()
    reason = page.get_by_role("region", name="Why it was refused")
    expect(reason).to_contain_text("wasn't sure enough")
    reason.get_by_text("Details").click()
    expect(reason).to_contain_text("ThresholdConfidenceNotMetError")


def test_person_browses_uploads_watches_deletes_and_leaves(page: Page, deployment: FakeDeployment) -> None:
    accepted: list[FilePayload] = [
        {"name": "three.png", "mimeType": "image/png", "buffer": digit(3)[1]},
        {"name": "astronaut.jpg", "mimeType": "image/jpeg", "buffer": photograph("astronaut")},
    ]
    refused: FilePayload = {"name": "unsure four.png", "mimeType": "image/png", "buffer": digit(4)[1]}

    walk(page, deployment.url, Person(), accepted, refused)

    # Nothing is left behind in the cloud either.
    assert deployment.store.groups == {}
    assert deployment.store.pictures == {}


def test_faces_are_marked_on_the_original_and_can_be_hidden(page: Page, deployment: FakeDeployment) -> None:
    group = deployment.store.add_group("Portraits", "", "owner")
    wish = {"title": "Portrait", "fileName": "astronaut.jpg", "contentType": "image/jpeg"}
    picture = deployment.store.announce(group["id"], "owner", wish)
    deployment.store.take_in(picture, photograph("astronaut"), deployment.store.clock() - 60)

    page.goto(f"{deployment.url}/images/{picture.image_id}")

    marks = page.get_by_role("img", name="1 face marked")
    expect(marks).to_be_visible()
    image, box = page.get_by_role("img", name="Portrait").bounding_box(), marks.bounding_box()
    assert image is not None
    assert box is not None
    assert abs(image["x"] - box["x"]) < 1
    assert abs(image["width"] - box["width"]) < 1
    page.get_by_role("switch", name="Mark faces").click()
    expect(marks).to_be_hidden()
    page.get_by_role("button", name="Annotated").click()
    expect(page.get_by_role("switch", name="Mark faces")).to_be_disabled()


def test_pictures_that_come_from_elsewhere_appear_by_themselves(
    page: Page, deployment: FakeDeployment
) -> None:
    store = deployment.store
    group = store.add_group("Open group", "", "owner")
    page.goto(f"{deployment.url}/groups/{group['id']}")
    expect(page.get_by_role("heading", name="No pictures yet")).to_be_visible()

    wish = {"title": "From the bucket", "fileName": "seven.png", "contentType": "image/png"}
    store.take_in(store.announce(group["id"], "owner", wish), digit(7)[1])

    expect(card(page, "From the bucket")).to_have_attribute("data-phase", "done", timeout=30_000)
