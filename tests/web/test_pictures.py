"""Looking at pictures, correcting them, and doing something with many at once."""

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.web.fake.samples import digit, fill, photograph
from tests.web.fake.serving import FakeDeployment
from tests.web.fake.store import Picture
from tests.web.steps import Person, card, confirm_deletion, sign_in
from tests.web.test_access import serious_faults

Add = Callable[..., list[Picture]]
REVIEWER = Person("reviewer-ann")


@pytest.fixture
def add(deployment: FakeDeployment) -> Add:
    """Put so many classified digits into a group of ada's own."""
    store = deployment.store
    owner = deployment.cloud.issuer.subject_named("ada")
    group = store.add_group("Mine", "", owner)

    def put(count: int, owner_id: str = owner) -> list[Picture]:
        found = []
        for index in range(count):
            label, data = digit(index)
            wish = {"title": f"Number {index}", "fileName": f"{label}.png", "contentType": "image/png"}
            moment = store.clock() - 3600 + index
            picture = store.announce(group["id"], owner_id, wish, moment)
            store.take_in(picture, data, moment)
            found.append(picture)
        return found

    return put


def open_picture(page: Page, deployment: FakeDeployment, picture: Picture) -> None:
    page.goto(f"{deployment.url}/images/{picture.image_id}")
    expect(page.get_by_role("heading", name=picture.title, level=1)).to_be_visible()


def test_arrows_go_to_the_pictures_beside_and_back_to_the_gallery(
    page: Page, deployment: FakeDeployment, add: Add
) -> None:
    oldest, middle, newest = add(3)
    page.goto(f"{deployment.url}/groups/{middle.group_id}")
    card(page, middle.title).click()
    expect(page.get_by_role("link", name="Next picture")).to_be_visible()

    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("heading", name=oldest.title, level=1)).to_be_visible()
    page.get_by_role("link", name="Previous picture").click()
    expect(page.get_by_role("heading", name=middle.title, level=1)).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("heading", name=newest.title, level=1)).to_be_visible()
    expect(page.get_by_role("link", name="Previous picture")).to_have_count(0)

    page.go_back()
    expect(page.get_by_role("heading", name="Mine", level=1)).to_be_visible()


def test_picture_is_enlarged_moved_copied_and_saved(page: Page, deployment: FakeDeployment, add: Add) -> None:
    picture, _ = add(2)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_picture(page, deployment, picture)
    frame = page.get_by_role("group", name="The picture, enlarged")
    frame.focus()
    page.keyboard.press("+")
    page.keyboard.press("+")
    expect(frame.get_by_role("status")).to_have_text("Enlarged 2.3 times")
    page.keyboard.press("ArrowLeft")
    # The arrows move the picture now, and don't go to the next one.
    expect(page.get_by_role("heading", name=picture.title, level=1)).to_be_visible()
    assert serious_faults(page) == []
    page.keyboard.press("0")
    expect(frame.get_by_role("status")).to_have_text("")

    page.get_by_role("button", name="More about this picture").click()
    page.get_by_role("menuitem", name="Copy link").click()
    expect(page.get_by_text("Link copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == page.url
    page.get_by_role("button", name="More about this picture").click()
    with page.expect_download() as saved:
        page.get_by_role("menuitem", name="Download annotated").click()
    assert saved.value.suggested_filename == "Number 0 annotated.jpg"
    assert Path(saved.value.path()).read_bytes() == picture.annotated


def test_workflow_is_told_in_plain_words_and_the_threshold_is_the_records(
    page: Page, deployment: FakeDeployment, add: Add
) -> None:
    (picture,) = add(1)
    picture.threshold = 0.1
    open_picture(page, deployment, picture)

    expect(page.get_by_role("region", name="Result")).to_contain_text("10% needed")
    expect(page.get_by_text("Threshold 10%")).to_be_visible()
    way = page.get_by_role("region", name="Its way through the workflow")
    expect(way.get_by_text("Asking the model")).to_be_visible()
    expect(way.get_by_text("Classify Image Data")).to_be_hidden()
    way.get_by_text("Details").click()
    expect(way.get_by_text("Classify Image Data")).to_be_visible()


def test_owner_says_what_a_picture_shows_and_the_models_guess_stays(
    page: Page, deployment: FakeDeployment, add: Add
) -> None:
    (picture,) = add(1)
    open_picture(page, deployment, picture)
    expect(page.get_by_role("button", name="This is wrong…")).to_have_count(0)
    sign_in(page, Person())

    page.get_by_role("button", name="This is wrong…").click()
    expect(page.get_by_label("The right label")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("Say what it shows.")
    assert serious_faults(page) == []
    page.keyboard.type("an owl")
    page.keyboard.press("Enter")

    result = page.get_by_role("region", name="Result")
    expect(result).to_contain_text("an owl")
    expect(result).to_contain_text("said a person; the model had said zero")
    assert picture.correction == ("LABEL", "an owl")


def test_reviewer_says_that_a_strangers_picture_is_unusable(
    page: Page, deployment: FakeDeployment, add: Add
) -> None:
    (picture,) = add(1)
    open_picture(page, deployment, picture)
    sign_in(page, REVIEWER)

    page.get_by_role("button", name="This is wrong…").click()
    page.get_by_role("button", name="It is unusable").click()

    expect(page.get_by_role("heading", name="A person found it unusable")).to_be_visible()
    # What the model had said is said to be the model's, and by nobody else.
    expect(page.get_by_role("region", name="Result")).to_contain_text(
        "No labelsaid a person; the model had said zero"
    )


def test_selection_is_exported(page: Page, deployment: FakeDeployment, add: Add) -> None:
    pictures = add(3)
    pictures[0].title = '=1+1 "quoted", sum'
    page.goto(f"{deployment.url}/groups/{pictures[0].group_id}")
    page.get_by_role("button", name="Select", exact=True).click()
    page.get_by_role("checkbox", name="Select Number 2").press("Space")
    expect(page.get_by_text("1 picture selected")).to_be_visible()
    assert serious_faults(page) == []
    page.get_by_role("button", name="Select all 3").click()

    with page.expect_download() as saved:
        page.get_by_role("button", name="CSV").click()
    rows = list(csv.DictReader(io.StringIO(Path(saved.value.path()).read_text())))
    assert {row["imageId"] for row in rows} == {picture.image_id for picture in pictures}
    assert rows[-1]["title"] == '\'=1+1 "quoted", sum'
    with page.expect_download() as saved:
        page.get_by_role("button", name="JSON").click()
    assert len(json.loads(Path(saved.value.path()).read_text())) == 3
    with page.expect_download() as saved:
        page.get_by_role("button", name="Training folder").click()
    with zipfile.ZipFile(saved.value.path()) as folder:
        assert folder.testzip() is None
        assert {name.partition("/")[2].partition(".")[0] for name in folder.namelist()} == {
            picture.image_id for picture in pictures
        }


def test_selection_is_classified_again_and_deleted_as_far_as_it_is_ones_own(
    page: Page, deployment: FakeDeployment, add: Add
) -> None:
    add(2)
    (foreign,) = add(1, owner_id="somebody-else")
    page.goto(f"{deployment.url}/groups/{foreign.group_id}")
    sign_in(page, Person())
    page.get_by_role("button", name="Select", exact=True).click()
    page.get_by_role("button", name="Select all 3").click()
    page.get_by_role("button", name="Classify again…").click()
    page.get_by_role("dialog").get_by_role("button", name="Classify again").click()
    expect(page.get_by_text("2 pictures classified again")).to_be_visible()

    page.get_by_role("button", name="Select all 3").click()
    page.get_by_role("button", name="Delete…").click()
    expect(page.get_by_role("alertdialog")).to_contain_text("The other 1 aren't yours")
    confirm_deletion(page, "Delete 2 pictures")

    expect(page.get_by_text("2 pictures deleted")).to_be_visible()
    assert list(deployment.store.pictures) == [foreign.image_id]


def test_another_threshold_is_tried_on_the_chart(page: Page, deployment: FakeDeployment) -> None:
    group = fill(deployment.store, digit_count=18)
    page.goto(f"{deployment.url}/groups/{group['id']}/confidence")
    explorer = page.get_by_role("region", name="Try another threshold")
    said = explorer.get_by_role("status")
    expect(said).to_contain_text("16 pictures accepted, 2 refused.")

    slider = explorer.get_by_role("slider", name="Threshold")
    slider.press("Home")
    expect(said).to_contain_text("18 pictures accepted, 0 refused: 2 more accepted than now.")
    slider.press("End")
    expect(said).to_contain_text("fewer accepted than now")
    expect(page.get_by_role("table", name="Accepted by label")).to_contain_text("zero")
    assert serious_faults(page) == []
    page.get_by_role("button", name="As it is").click()
    expect(said).to_contain_text("16 pictures accepted, 2 refused.")


def test_precision_follows_the_threshold_where_people_have_decided(
    page: Page, deployment: FakeDeployment
) -> None:
    group = fill(deployment.store, digit_count=18)
    pictures = [each for each in deployment.store.of_group(group["id"]) if each.annotated or each.data]
    sure = [each for each in pictures if "unsure" not in each.file_name and each.file_name != "torn"]
    unsure = [each for each in pictures if "unsure" in each.file_name]
    said = {each.image_id: each.title.split()[0].lower() for each in pictures}
    for picture in (*sure[:3], unsure[0]):
        picture.correction = ("LABEL", said[picture.image_id])
    sure[0].correction = ("NONE", "")
    page.goto(f"{deployment.url}/groups/{group['id']}/confidence")
    explorer = page.get_by_role("region", name="Try another threshold")
    expect(explorer).to_contain_text("66.6%2 of 3 decided")
    expect(explorer).to_contain_text("100%1 of 1 decided")
    expect(explorer.get_by_role("columnheader", name="Right of them")).to_be_visible()

    explorer.get_by_role("slider", name="Threshold").press("Home")
    expect(explorer).to_contain_text("75%3 of 4 decided")
    expect(explorer).to_contain_text("unknownnone of them decided")
    assert serious_faults(page) == []


def test_stranger_tries_the_model_on_the_first_page(page: Page, deployment: FakeDeployment) -> None:
    portrait: FilePayload = {
        "name": "astronaut.jpg",
        "mimeType": "image/jpeg",
        "buffer": photograph("astronaut"),
    }
    page.goto(deployment.url)
    page.get_by_label("Picture to try").set_input_files(portrait)

    trying = page.get_by_role("region", name="Try it")
    expect(trying.get_by_role("listitem")).to_have_count(5)
    expect(trying.get_by_role("listitem").first).to_contain_text("seven")
    assert deployment.store.pictures == {}
    assert serious_faults(page) == []


def test_model_that_only_answers_who_is_signed_in_says_so(page: Page, deployment: FakeDeployment) -> None:
    deployment.cloud.predict_open = False
    page.goto(deployment.url)
    chosen: list[FilePayload] = [{"name": "seven.png", "mimeType": "image/png", "buffer": digit(7)[1]}]
    page.get_by_label("Picture to try").set_input_files(chosen)
    trying = page.get_by_role("region", name="Try it")
    expect(trying.get_by_role("alert")).to_contain_text("only who is signed in")

    sign_in(page, Person())
    page.get_by_label("Picture to try").set_input_files(chosen)

    expect(trying.get_by_role("listitem")).to_have_count(5)


def test_gallery_shows_the_smallest_copies(page: Page, deployment: FakeDeployment, add: Add) -> None:
    (picture,) = add(1)
    fetched: list[str] = []
    page.on("request", lambda each: fetched.append(each.url) if "/copies/" in each.url else None)
    page.goto(f"{deployment.url}/groups/{picture.group_id}")
    expect(card(page, picture.title).locator("img")).to_have_js_property("complete", True)
    page.wait_for_load_state("networkidle")

    assert [url.split("?")[0].rpartition("/")[2] for url in fetched] == ["320"]


def test_owner_renames_pictures_and_groups_and_too_long_a_name_is_refused(
    page: Page, deployment: FakeDeployment, add: Add
) -> None:
    (picture,) = add(1)
    open_picture(page, deployment, picture)
    sign_in(page, Person())
    page.get_by_role("button", name="More about this picture").click()
    page.get_by_role("menuitem", name="Rename…").click()
    page.get_by_label("Title", exact=True).fill("x" * 201)
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("201 characters; 200 are the most")
    page.get_by_label("Title", exact=True).fill("A round one")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="A round one", level=1)).to_be_visible()

    page.get_by_role("navigation", name="Breadcrumb").get_by_role("link", name="Mine").click()
    expect(card(page, "A round one")).to_be_visible()
    page.get_by_role("button", name="More about this group").click()
    page.get_by_role("menuitem", name="Edit group…").click()
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    page.get_by_label("Name", exact=True).fill("Ours")
    page.get_by_label("Made by").fill(" Ada ")
    assert serious_faults(page) == []
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Ours", level=1)).to_be_visible()
    expect(page.get_by_text("by Ada", exact=True)).to_be_visible()

    page.get_by_role("link", name="Groups", exact=True).first.click()
    expect(page.get_by_role("link", name="Ours")).to_contain_text("1 picture")
    expect(page.get_by_role("link", name="Ours")).to_contain_text("by Ada · yours")
    # Who gave a name once is called so in the next group, too, unless they say otherwise.
    page.get_by_role("button", name="New group").click()
    expect(page.get_by_label("Made by")).to_have_value("Ada")


def test_model_is_tried_with_an_example(page: Page, deployment: FakeDeployment) -> None:
    page.goto(deployment.url)
    trying = page.get_by_role("region", name="Try it")
    trying.get_by_role("button", name="Try a cat").click()

    expect(trying.get_by_role("list").get_by_role("listitem")).to_have_count(5)
    expect(trying.get_by_role("list", name="Examples")).to_have_count(0)


def test_pictures_of_the_whole_stack_are_found_and_the_address_says_what_for(
    page: Page, deployment: FakeDeployment, add: Add
) -> None:
    fill(deployment.store, digit_count=18)
    add(2)
    page.goto(deployment.url)
    sign_in(page, Person())
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Pictures").click()
    expect(page.get_by_role("status").filter(has_text="24 pictures")).to_be_visible()
    assert serious_faults(page) == []

    page.get_by_label("Outcome").select_option("Refused")
    expect(page.get_by_role("status").filter(has_text="2 pictures")).to_be_visible()
    page.get_by_label("Label, title, key or id").fill("number")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="No picture fits")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/pictures\?status=REJECTED&search=number$"))
    page.get_by_label("Outcome").select_option("Any outcome")
    expect(page.get_by_role("status").filter(has_text="2 pictures")).to_be_visible()
    page.go_back()
    page.go_back()
    expect(page.get_by_label("Outcome")).to_have_value("REJECTED")
    expect(page.get_by_role("status").filter(has_text="2 pictures")).to_be_visible()

    page.get_by_label("Outcome").select_option("Any outcome")
    # The days themselves are tests/wish.test.ts's of the page.
    long_ago = (datetime.now(UTC) - timedelta(days=30)).date().isoformat()
    page.get_by_label("Added from").fill(long_ago)
    expect(page.get_by_role("status").filter(has_text="24 pictures")).to_be_visible()
    page.get_by_label("Added from").fill("")
    page.get_by_label("Added to").fill(long_ago)
    expect(page.get_by_role("heading", name="No picture fits")).to_be_visible()
    expect(page).to_have_url(re.compile(rf"\?to={long_ago}$"))


# Two filters in one task: nothing was rendered in between.
CHOOSE_TWO = """() => {
  for (const [label, value] of [["Outcome", "REJECTED"], ["Order", "oldest"]]) {
    const select = document.querySelector(`select[aria-label="${label}"]`);
    select.value = value;
    select.dispatchEvent(new Event("change", { bubbles: true }));
  }
}"""


def test_filters_chosen_faster_than_the_page_is_drawn_all_count(
    page: Page, deployment: FakeDeployment
) -> None:
    fill(deployment.store, digit_count=18)
    page.goto(deployment.url)
    sign_in(page, Person())
    page.goto(f"{deployment.url}/pictures?faceDetected=false")
    expect(page.get_by_role("status").filter(has_text="pictures")).to_be_visible()

    page.evaluate(CHOOSE_TWO)

    expect(page).to_have_url(re.compile(r"\?faceDetected=false&status=REJECTED&sort=oldest$"))
    expect(page.get_by_label("Outcome")).to_have_value("REJECTED")
    expect(page.get_by_label("Order")).to_have_value("oldest")
