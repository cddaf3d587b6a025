"""Uploads: what is checked before, what happens when one fails or is cancelled."""

import io
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Dialog, FilePayload, Page, expect

from tests.web.conftest import NewPage
from tests.web.fake.samples import digit
from tests.web.fake.serving import FakeDeployment
from tests.web.steps import Person, card, choose, create_group, row, sign_in, upload
from tests.web.test_access import serious_faults


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


def drop(page: Page) -> bool:
    """Drop a picture on the body. Gives whether the browser was kept from opening it in the tab."""
    prevented = page.evaluate(
        """bytes => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([new Uint8Array(bytes)], "dropped.png", { type: "image/png" }));
            return ["dragover", "drop"].map(kind => !document.body.dispatchEvent(
                new DragEvent(kind, { dataTransfer: transfer, bubbles: true, cancelable: true })));
        }""",
        list(digit(1)[1]),
    )
    return bool(all(prevented))


def test_file_dropped_where_nothing_takes_it_is_refused_with_a_word(
    group_page: Page, deployment: FakeDeployment
) -> None:
    for path in ("/inbox", "/no/such/page"):
        group_page.goto(deployment.url + path)
        expect(group_page.get_by_role("button", name="Account")).to_be_visible()
        assert drop(group_page)
        expect(group_page.get_by_text("Open a group").first).to_be_visible()


def test_file_dropped_anywhere_on_the_page_is_taken(group_page: Page) -> None:
    assert drop(group_page)

    expect(group_page.get_by_label("Title of dropped.png")).to_have_value("dropped")
    expect(row(group_page, "dropped.png").locator("img")).to_have_js_property("naturalWidth", 64)


def test_uploads_go_on_while_the_person_looks_elsewhere(group_page: Page, deployment: FakeDeployment) -> None:
    deployment.cloud.upload_seconds = 1

    upload(group_page, [picture("one.png")])
    group_page.get_by_role("link", name="Loupe").click()
    expect(group_page.get_by_role("heading", name="Groups", level=1)).to_be_visible()
    group_page.get_by_role("link", name="Uploads").click()

    expect(card(group_page, "one")).to_have_attribute("data-phase", "done")


def test_upload_button_stays_on_the_screen_with_thirty_files(group_page: Page) -> None:
    choose(group_page, [picture(f"number {number}.png") for number in range(30)])

    expect(row(group_page, "number 29")).to_have_count(1)
    expect(group_page.get_by_role("region", name="Uploads").get_by_role("button").last).to_be_in_viewport()


def test_overall_progress_follows_to_every_page(group_page: Page, deployment: FakeDeployment) -> None:
    deployment.cloud.upload_seconds = 2
    group_url = group_page.url
    upload(group_page, [different(number) for number in range(5)])

    group_page.get_by_role("link", name="Loupe").click()

    bar = group_page.get_by_role("region", name="Uploads")
    expect(bar).to_contain_text("of 5 pictures uploaded")
    expect(bar.get_by_role("progressbar", name="All uploads")).to_be_visible()
    deployment.cloud.upload_seconds = 0
    expect(bar.get_by_text("5 pictures uploaded", exact=False).first).to_be_visible()
    bar.get_by_role("link", name="Show them").click()
    expect(group_page).to_have_url(group_url)
    bar.get_by_role("button", name="Clear the list").click()
    expect(bar).to_have_count(0)


def different(number: int) -> FilePayload:
    return {"name": f"digit {number}.png", "mimeType": "image/png", "buffer": digit(number)[1]}


def test_same_bytes_are_noticed_and_can_be_taken_all_the_same(group_page: Page) -> None:
    choose(group_page, [picture("one.png"), picture("copy.png")])

    expect(row(group_page, "copy")).to_contain_text("The same file as “one”.")
    expect(group_page.get_by_role("button", name="Upload 1 picture")).to_be_visible()
    row(group_page, "copy").get_by_role("button", name="Take it too").click()
    expect(group_page.get_by_role("button", name="Upload 2 pictures")).to_be_visible()


def test_folder_gives_its_pictures_and_says_what_it_left_out(group_page: Page, tmp_path: Path) -> None:
    inner = tmp_path / "holiday" / "day 1"
    inner.mkdir(parents=True)
    (inner / "beach.png").write_bytes(digit(1)[1])
    (inner.parent / "harbour.png").write_bytes(digit(2)[1])
    (inner.parent / "notes.txt").write_text("hello")

    group_page.get_by_label("Folder of pictures to add").set_input_files(inner.parent)

    expect(group_page.get_by_role("button", name="Upload 2 pictures")).to_be_visible()
    expect(row(group_page, "beach")).to_have_count(1)
    expect(group_page.get_by_text("1 file of the folder left out")).to_be_visible()


def test_file_that_the_browser_cannot_show_is_named_by_its_format(group_page: Page) -> None:
    choose(group_page, [{"name": "phone.heic", "mimeType": "", "buffer": b"\x00\x00\x00\x18ftypheic"}])

    expect(row(group_page, "phone.heic").get_by_text("HEIC", exact=True)).to_be_visible()


def test_preview_is_small_however_large_the_picture(group_page: Page) -> None:
    large = io.BytesIO()
    Image.new("RGB", (4000, 3000), "teal").save(large, "JPEG")
    choose(group_page, [{"name": "large.jpg", "mimeType": "image/jpeg", "buffer": large.getvalue()}])

    shown = row(group_page, "large.jpg").locator("img")
    expect(shown).to_have_js_property("naturalWidth", 320)
    expect(shown).to_have_js_property("naturalHeight", 240)


def test_reload_that_would_lose_staged_pictures_is_asked_about(group_page: Page) -> None:
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    group_page.on("dialog", stay)
    choose(group_page, [picture("one.png")])
    expect(row(group_page, "one.png")).to_be_visible()

    group_page.evaluate("location.reload()")

    expect(row(group_page, "one.png")).to_be_visible()
    assert asked == ["beforeunload"]


def test_upload_that_never_came_is_its_owners_to_send_again_or_remove(
    group_page: Page, deployment: FakeDeployment, new_page: NewPage
) -> None:
    store = deployment.store
    (group,) = store.groups.values()
    wish = {"title": "Lost on the way", "fileName": "lost.png", "contentType": "image/png"}
    lost = store.announce(group["id"], group["ownerId"], wish, store.clock() - 400)
    group_page.reload()
    expect(card(group_page, "Lost on the way")).to_contain_text("Not uploaded")
    stranger = new_page()
    stranger.goto(f"{deployment.url}/images/{lost.image_id}")
    expect(stranger.get_by_role("heading", name="This picture isn't here")).to_be_visible()

    card(group_page, "Lost on the way").click()
    expect(group_page.get_by_role("heading", name="The file never came")).to_be_visible()
    assert serious_faults(group_page) == []
    group_page.get_by_label("The file of this picture").set_input_files([picture("one.png")])

    expect(row(group_page, "Lost on the way").get_by_text("Done")).to_be_visible()
    expect(card(group_page, "Lost on the way")).to_have_count(1)
    assert lost.image_id not in store.pictures
