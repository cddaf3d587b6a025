"""For everybody: axe finds nothing serious, the keyboard suffices, a narrow window is enough."""

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.web.conftest import DESKTOP, PHONE, NewPage
from tests.web.fake.operating import OPERATORS
from tests.web.fake.samples import fill
from tests.web.fake.serving import FakeDeployment
from tests.web.steps import Person, choose, sign_in

AXE = Path(__file__).parents[2] / "site" / "web" / "node_modules" / "axe-core" / "axe.min.js"
SMALLEST: ViewportSize = {"width": 320, "height": 640}


@pytest.fixture
def filled(deployment: FakeDeployment) -> FakeDeployment:
    """Groups with pictures of every ending."""
    fill(deployment.store, digit_count=12)
    return deployment


def serious_faults(page: Page) -> list[str]:
    """What axe calls serious or critical, with the elements."""
    # axe is a script of our own machine, injected by the debugger: the page's policy doesn't concern it.
    page.evaluate(AXE.read_text())
    report: dict[str, Any] = page.evaluate(
        """axe.run(
            // Base UI's focus guards are there to be focused: they pass the focus on at once.
            { exclude: [["[data-base-ui-focus-guard]"]] },
            { runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"] },
        )"""
    )
    return [
        json.dumps([found["id"], found["help"], [node["html"][:160] for node in found["nodes"][:3]]])
        for found in report["violations"]
        if found["impact"] in ("serious", "critical")
    ]


def paths_of(deployment: FakeDeployment) -> list[str]:
    store = deployment.store
    refused = next(each for each in store.pictures.values() if "unsure" in each.file_name)
    faces = next(each for each in store.pictures.values() if each.file_name == "astronaut")
    return [
        "/",
        f"/groups/{refused.group_id}",
        f"/groups/{refused.group_id}/confidence",
        f"/images/{refused.image_id}",
        f"/images/{faces.image_id}",
        "/inbox",
        "/no/such/page",
        "/groups/no-such-group",
    ]


@pytest.mark.parametrize(
    ("viewport", "dark"), [(DESKTOP, False), (PHONE, True)], ids=["desktop in light", "phone in dark"]
)
def test_axe_finds_nothing_serious(
    new_page: NewPage, filled: FakeDeployment, viewport: ViewportSize, dark: bool
) -> None:
    page = new_page(viewport, dark)
    for path in paths_of(filled):
        page.goto(filled.url + path)
        expect(page.locator("main h1").first).to_be_visible()
        page.wait_for_load_state("networkidle")
        assert serious_faults(page) == [], path


def test_axe_finds_nothing_serious_in_what_only_members_see(page: Page, filled: FakeDeployment) -> None:
    page.goto(filled.url)
    sign_in(page, Person())
    page.get_by_role("button", name="New group").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert serious_faults(page) == []
    page.get_by_label("Name").fill("Mine")
    page.get_by_role("button", name="Create group").click()
    choose(page, [{"name": "notes.txt", "mimeType": "text/plain", "buffer": b"hello"}])
    expect(page.get_by_text("Not a JPEG")).to_be_visible()
    assert serious_faults(page) == []
    page.get_by_role("button", name="More about this group").click()
    expect(page.get_by_role("menu")).to_be_visible()
    assert serious_faults(page) == []


@pytest.mark.parametrize("viewport", [PHONE, SMALLEST], ids=["390", "320"])
def test_narrow_window_never_scrolls_sideways_where_members_are(
    new_page: NewPage, filled: FakeDeployment, viewport: ViewportSize
) -> None:
    filled.reviews.fill(3)
    # A scroll bar takes its place where it does not lie over the page.
    width = viewport["width"] - 15
    page = new_page({"width": width, "height": 640})
    page.goto(filled.url)
    sign_in(page, Person(OPERATORS[1]))
    for path in ("/", "/pictures", "/review", "/operate", "/operate/runs", "/quality"):
        page.goto(filled.url + path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


@pytest.mark.parametrize("viewport", [PHONE, SMALLEST], ids=["390", "320"])
def test_narrow_window_never_scrolls_sideways(
    new_page: NewPage, filled: FakeDeployment, viewport: ViewportSize
) -> None:
    page = new_page(viewport)
    for path in paths_of(filled):
        page.goto(filled.url + path)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"], path


def test_keyboard_alone_reaches_the_content_and_a_group(page: Page, filled: FakeDeployment) -> None:
    page.goto(filled.url)
    expect(page.get_by_role("link", name="Handwritten digits")).to_be_visible()
    expect(page.get_by_role("button", name="Choose a picture")).to_be_visible()
    expect(page.get_by_text("What the model knows")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Choose a picture")).to_be_focused()
    for example in ("Try a cup of coffee", "Try a cat", "Try a handwritten digit"):
        page.keyboard.press("Tab")
        expect(page.get_by_role("button", name=example)).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("summary").filter(has_text="What the model knows")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Handwritten digits")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Handwritten digits", level=1)).to_be_visible()
    # A new page begins at its content, not where the last one ended.
    expect(page.locator("main")).to_be_focused()


def test_chart_is_walked_with_arrow_keys(page: Page, filled: FakeDeployment) -> None:
    page.goto(filled.url + paths_of(filled)[2])
    chart = page.get_by_role("application", name="Confidence of 12 pictures")
    chart.focus()
    page.keyboard.press("End")
    said = page.locator("[role=status].visually-hidden").filter(has_text="accepted")
    expect(said).to_contain_text("One 12: one")
    page.keyboard.press("ArrowLeft")
    expect(said).not_to_contain_text("One 12: one")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Zero 11", level=1)).to_be_visible()


def test_dialog_takes_the_focus_and_gives_it_back(page: Page, filled: FakeDeployment) -> None:
    page.goto(filled.url)
    sign_in(page, Person())
    opener = page.get_by_role("button", name="New group")
    opener.click()
    expect(page.get_by_label("Name")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(opener).to_be_focused()


def test_enter_submits_a_dialog(page: Page, filled: FakeDeployment) -> None:
    page.goto(filled.url)
    sign_in(page, Person())
    page.get_by_role("button", name="New group").click()
    expect(page.get_by_label("Name")).to_be_focused()
    page.keyboard.type("By keyboard")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="By keyboard", level=1)).to_be_visible()


def test_every_page_has_one_main_heading(page: Page, filled: FakeDeployment) -> None:
    for path in (*paths_of(filled), "/pictures", "/review", "/operate", "/operate/runs", "/quality"):
        page.goto(filled.url + path)
        expect(page.get_by_role("heading", level=1)).to_have_count(1)


def test_address_that_is_no_page_says_so_in_its_main_heading(page: Page, filled: FakeDeployment) -> None:
    page.goto(f"{filled.url}/no/such/page")

    expect(page.get_by_role("heading", level=1)).to_have_text("There is no such page")


@pytest.mark.parametrize("width", [360, 1280])
def test_menu_of_a_group_stays_beside_its_title(
    new_page: NewPage, filled: FakeDeployment, width: int
) -> None:
    subject = filled.cloud.issuer.subject_named("ada")
    group = filled.store.add_group("A very long title of a group of pictures, " * 2, "", subject)
    page = new_page({"width": width, "height": 800})
    page.goto(f"{filled.url}/groups/{group['id']}")
    sign_in(page, Person())

    title = page.get_by_role("heading", level=1).bounding_box()
    menu = page.get_by_role("button", name="More about this group").bounding_box()
    assert title is not None
    assert menu is not None
    assert menu["x"] >= title["x"] + title["width"]
    assert abs(menu["y"] - title["y"]) < 24


def test_chosen_theme_is_kept_and_overrides_the_system(page: Page, filled: FakeDeployment) -> None:
    page.goto(filled.url)
    light = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    page.get_by_role("button", name="Theme: same as system").click()
    page.get_by_role("button", name="Theme: light").click()
    expect(page.get_by_role("button", name="Theme: dark")).to_be_visible()
    page.reload()
    expect(page.get_by_role("button", name="Theme: dark")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") != light
