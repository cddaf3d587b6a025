"""Reviewing on the page: by keyboard alone, by thumb, by two people at once, and back again."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, ViewportSize, expect

from tests.web.conftest import DESKTOP, PHONE, NewPage
from tests.web.fake.serving import FakeDeployment
from tests.web.steps import Person, sign_in
from tests.web.test_access import serious_faults

ANN, BOB = Person("reviewer-ann"), Person("reviewer-bob")


def opened(
    new_page: NewPage,
    deployment: FakeDeployment,
    person: Person = ANN,
    viewport: ViewportSize = DESKTOP,
    dark: bool = False,
) -> Page:
    page = new_page(viewport, dark)
    page.goto(f"{deployment.url}/review")
    sign_in(page, person)
    return page


def picture(page: Page) -> str:
    """The file's name of the picture in front."""
    shown = page.get_by_role("img", name="To be reviewed")
    expect(shown).to_be_visible()
    return str(shown.get_attribute("alt")).removeprefix("To be reviewed: ")


def said(deployment: FakeDeployment, name: str) -> list[str]:
    """What people answered about the picture of that file name."""
    found = next(each for each in deployment.reviews.items.values() if each.key.endswith(f"/{name}"))
    return [each.label or each.choice for each in found.answers]


def answer(page: Page, deployment: FakeDeployment, key: str) -> str:
    """Press a key, and wait until the next picture is there and the answer has arrived."""
    name = picture(page)
    page.keyboard.press(key)
    expect(page.get_by_text("You said")).to_be_visible()
    expect(page.get_by_role("img", name=f"To be reviewed: {name}", exact=True)).to_have_count(0)
    return name


def has_picture(page: Page) -> bool:
    """Whether the page shows a picture; once it shows either a picture or that all is done."""
    shown, done = page.get_by_role("img", name="To be reviewed"), page.get_by_text("All done, thank you")
    expect(shown.or_(done)).to_be_visible()
    return shown.count() > 0


def test_thirty_pictures_by_keyboard_alone(new_page: NewPage, deployment: FakeDeployment) -> None:
    deployment.reviews.fill(30)
    page = opened(new_page, deployment)
    expect(page.get_by_role("link", name="Review")).to_be_visible()
    for number in range(30):
        answer(page, deployment, str(number % 9 + 1))
    expect(page.get_by_role("heading", name="All done, thank you")).to_be_visible()
    expect(page.get_by_text("You have reviewed 30 pictures")).to_be_visible()
    assert not deployment.reviews.waiting()


def test_every_key_does_what_the_help_says(new_page: NewPage, deployment: FakeDeployment) -> None:
    deployment.reviews.fill(8)
    page = opened(new_page, deployment)
    picture(page)
    page.keyboard.press("?")
    expect(page.get_by_text("nothing in the picture can be named")).to_be_visible()
    assert said(deployment, answer(page, deployment, "0")) == ["NONE"]
    assert said(deployment, answer(page, deployment, "x")) == ["UNUSABLE"]
    skipped = picture(page)
    page.keyboard.press("s")
    expect(page.get_by_role("img", name=f"To be reviewed: {skipped}", exact=True)).to_have_count(0)
    assert said(deployment, skipped) == []
    page.keyboard.press("/")
    page.keyboard.type("a label nobody gave")
    name = picture(page)
    page.keyboard.press("Enter")
    expect(page.get_by_text("You said a label nobody gave")).to_be_visible()
    assert said(deployment, name) == ["a label nobody gave"]


def test_label_found_by_typing_has_a_key_from_then_on(new_page: NewPage, deployment: FakeDeployment) -> None:
    deployment.reviews.fill(4)
    deployment.reviews.labels |= {f"breed {number:03}" for number in range(300)}
    page = opened(new_page, deployment)
    name = picture(page)
    page.keyboard.press("/")
    page.keyboard.type("breed 217")
    page.keyboard.press("Enter")
    expect(page.get_by_text("You said breed 217")).to_be_visible()
    key = page.get_by_role("button", name="breed 217").get_attribute("aria-keyshortcuts")
    assert key is not None
    page.reload()

    other = answer(page, deployment, key)

    assert said(deployment, name) == said(deployment, other) == ["breed 217"]


def test_an_answer_is_taken_back_and_given_anew(new_page: NewPage, deployment: FakeDeployment) -> None:
    deployment.reviews.fill(4)
    page = opened(new_page, deployment)
    name = answer(page, deployment, "1")
    page.keyboard.press("u")
    expect(page.get_by_role("img", name=f"To be reviewed: {name}", exact=True)).to_be_visible()
    assert said(deployment, name) == []
    page.keyboard.press("2")
    expect(page.get_by_text("You said")).to_be_visible()
    expect(page.get_by_role("img", name=f"To be reviewed: {name}", exact=True)).to_have_count(0)
    assert len(said(deployment, name)) == 1


def test_the_guess_is_hidden_until_answered(new_page: NewPage, deployment: FakeDeployment) -> None:
    deployment.reviews.fill(4)
    page = opened(new_page, deployment)
    picture(page)
    expect(page.get_by_text("The model’s guess:")).to_have_count(0)
    answer(page, deployment, "0")
    expect(page.get_by_text("the model thought")).to_be_visible()
    setting = page.get_by_role("checkbox", name="Show the model’s guess")
    setting.check()
    answer(page, deployment, "0")
    # From the next picture on; and away at once.
    expect(page.get_by_text("The model’s guess:")).to_be_visible()
    setting.uncheck()
    expect(page.get_by_text("The model’s guess:")).to_have_count(0)


def test_two_people_at_once_never_see_one_picture(new_page: NewPage, deployment: FakeDeployment) -> None:
    deployment.reviews.fill(13)
    pages = [opened(new_page, deployment, person) for person in (ANN, BOB)]
    seen: list[list[str]] = [[], []]
    while at_work := [number for number, page in enumerate(pages) if has_picture(page)]:
        for number in at_work:
            seen[number].append(picture(pages[number]))
        for number in at_work:
            # Nobody waits for the other's answer to arrive.
            pages[number].keyboard.press("1")
        for number in at_work:
            name = f"To be reviewed: {seen[number][-1]}"
            expect(pages[number].get_by_role("img", name=name, exact=True)).to_have_count(0)
    assert min(map(len, seen)) > 3
    assert sorted(seen[0] + seen[1]) == sorted({*seen[0], *seen[1]})
    assert not deployment.reviews.waiting()
    owners: dict[str, set[str]] = {}
    for person, review in deployment.reviews.given:
        owners.setdefault(review, set()).add(person)
    assert all(len(people) == 1 for people in owners.values())


def test_who_is_faster_than_the_next_picture_comes_is_not_done(
    new_page: NewPage, deployment: FakeDeployment
) -> None:
    deployment.reviews.fill(5)
    page = opened(new_page, deployment)
    asked: list[Route] = []
    first = picture(page)
    expect(page.get_by_text("5 pictures waiting")).to_be_visible()
    page.wait_for_load_state("networkidle")
    slow = True
    page.route("**/reviews/next", lambda route: asked.append(route) if slow else route.continue_())
    page.keyboard.press("0")
    expect(page.get_by_role("img", name=f"To be reviewed: {first}", exact=True)).to_have_count(0)
    picture(page)
    page.keyboard.press("0")
    expect(page.get_by_text("Fetching the next picture")).to_be_visible()
    expect(page.get_by_text("All done, thank you")).to_have_count(0)
    slow = False
    for each in asked:
        each.continue_()
    assert has_picture(page)


def test_who_reloads_gets_the_same_picture_again(new_page: NewPage, deployment: FakeDeployment) -> None:
    deployment.reviews.fill(6)
    page = opened(new_page, deployment)
    before = picture(page)
    page.reload()
    assert picture(page) in {before, "scan-1.png", "scan-2.png"}
    assert len({review for _, review in deployment.reviews.given}) == 2


def test_a_picture_that_was_lost_to_another_is_said_and_left(
    new_page: NewPage, deployment: FakeDeployment
) -> None:
    deployment.reviews.fill(3)
    page = opened(new_page, deployment)
    name = picture(page)
    items = deployment.reviews.items
    key = next(key for key, each in items.items() if each.key.endswith(f"/{name}"))
    items[key] = items[key].changed(status="DECIDED")
    page.keyboard.press("1")
    expect(page.get_by_text("That picture is no longer yours")).to_be_visible()
    assert picture(page) != name


def test_who_is_no_reviewer_is_not_led_there(new_page: NewPage, deployment: FakeDeployment) -> None:
    page = new_page()
    page.goto(deployment.url)
    sign_in(page, Person("guest"))
    expect(page.get_by_role("link", name="Review")).to_have_count(0)


@pytest.mark.parametrize(
    ("viewport", "dark"), [(DESKTOP, False), (PHONE, True)], ids=["desktop in light", "phone in dark"]
)
def test_axe_finds_nothing_serious(
    new_page: NewPage, deployment: FakeDeployment, viewport: ViewportSize, dark: bool
) -> None:
    deployment.reviews.fill(2)
    page = opened(new_page, deployment, viewport=viewport, dark=dark)
    picture(page)
    assert serious_faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.get_by_role("button", name="None of these").click()
    expect(page.get_by_text("You said")).to_be_visible()
    assert serious_faults(page) == []
    answer(page, deployment, "0")
    expect(page.get_by_role("heading", name="All done, thank you")).to_be_visible()
    assert serious_faults(page) == []
