"""Uploads: what is checked before, what happens when one fails or is cancelled."""

from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.web.fake.samples import digit
from tests.web.fake.serving import FakeDeployment
from tests.web.steps import Person, card, choose, create_group, row, sign_in, upload


def picture(name: str) -> FilePayload:
    return {"name": name, "mimeType": "image/png", "buffer": digit(1)[1]}


@pytest.fixture
def group_page(page: Page, deployment: FakeDeployment) -> Page:
    """Signed in, on the page of an empty group of one's own."""
    page.goto(deployment.url)
    sign_in(page, Person())
    create_group(page, "Uploads")
    return page


def test_file_that_cannot_be_classified_is_refused_before_it_is_sent(
    group_page: Page, deployment: FakeDeployment, tmp_path: Path
) -> None:
    too_large, no_picture = tmp_path / "vast.tif", tmp_path / "notes.txt"
    with too_large.open("wb") as sparse:
        sparse.truncate(26 * 1024 * 1024)
    no_picture.write_text("hello")

    with group_page.expect_file_chooser() as chooser:
        group_page.get_by_role("button", name="Choose pictures").click()
    chooser.value.set_files([too_large, no_picture])

    expect(row(group_page, "vast")).to_contain_text("Larger than 25 MB")
    expect(row(group_page, "notes")).to_contain_text("Not a JPEG")
    expect(group_page.get_by_role("button", name="Upload")).to_have_count(0)
    assert deployment.store.pictures == {}


def test_refused_upload_says_so_and_can_be_retried(group_page: Page, deployment: FakeDeployment) -> None:
    deployment.cloud.refusals = [(403, "AccessDenied")]

    upload(group_page, [picture("one.png")])

    expect(row(group_page, "one")).to_contain_text("The permission to upload has run out")
    row(group_page, "one").get_by_role("button", name="Retry").click()
    expect(row(group_page, "one").get_by_text("Done")).to_be_visible()
    # The retry took up the same record: there is one picture, not two.
    expect(card(group_page, "one")).to_have_count(1)
    assert len(deployment.store.pictures) == 1


def test_upload_that_finds_the_storage_busy_is_sent_again_by_itself(
    group_page: Page, deployment: FakeDeployment
) -> None:
    deployment.cloud.refusals = [(503, "SlowDown"), (503, "SlowDown")]

    upload(group_page, [picture("one.png")])

    expect(row(group_page, "one").get_by_text("Done")).to_be_visible(timeout=30_000)
    assert len(deployment.store.pictures) == 1


def test_cancelled_upload_leaves_no_record(group_page: Page, deployment: FakeDeployment) -> None:
    deployment.cloud.upload_seconds = 30

    upload(group_page, [picture("one.png")])
    expect(row(group_page, "one").get_by_role("progressbar")).to_be_visible()
    group_page.get_by_role("button", name="Cancel one").click()

    expect(row(group_page, "one")).to_have_count(0)
    expect(card(group_page, "one")).to_have_count(0)
    assert deployment.store.pictures == {}
    deployment.cloud.upload_seconds = 0


def test_title_can_be_changed_before_the_upload(group_page: Page) -> None:
    choose(group_page, [picture("IMG_0042.png")])

    group_page.get_by_label("Title of IMG_0042.png").fill("A very fine one")
    group_page.get_by_role("button", name="Upload 1 picture").click()

    expect(card(group_page, "A very fine one")).to_be_visible()


def test_file_dropped_anywhere_on_the_page_is_taken(group_page: Page) -> None:
    group_page.evaluate(
        """bytes => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([new Uint8Array(bytes)], "dropped.png", { type: "image/png" }));
            for (const kind of ["dragover", "drop"])
                document.body.dispatchEvent(
                    new DragEvent(kind, { dataTransfer: transfer, bubbles: true, cancelable: true }));
        }""",
        list(digit(1)[1]),
    )

    expect(group_page.get_by_label("Title of dropped.png")).to_have_value("dropped")
    expect(row(group_page, "dropped.png").locator("img")).to_have_js_property("naturalWidth", 64)


def test_uploads_go_on_while_the_person_looks_elsewhere(group_page: Page, deployment: FakeDeployment) -> None:
    deployment.cloud.upload_seconds = 1

    upload(group_page, [picture("one.png")])
    group_page.get_by_role("link", name="Loupe").click()
    expect(group_page.get_by_role("heading", name="Groups", level=1)).to_be_visible()
    group_page.get_by_role("link", name="Uploads").click()

    expect(card(group_page, "one")).to_have_attribute("data-phase", "done")
