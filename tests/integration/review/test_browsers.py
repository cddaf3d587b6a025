"""People in browsers at the deployed page: no two see one picture, and who loads it anew keeps theirs."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from loupe_core.claims import iso
from loupe_review.review import WAITING, Review
from tests.cloud import DeployedStack
from tests.integration.review.conftest import UNSURE, Reviewing
from tests.polling import wait_for
from tests.web.conftest import NewPage, browser, new_page, page_url
from tests.web.steps import SETTLED_MS, Person, sign_in
from tests.web.test_review import has_picture, picture
from tests.web.test_stack import new_person

__all__ = ["browser", "new_page", "page_url"]
PICTURES = 12
# A page takes the next picture while it shows one.
HELD_AT_ONCE = 2
pytestmark = pytest.mark.timeout(900)


def fill(reviewing: Reviewing, count: int) -> list[str]:
    """So many pictures wait, besides what others left; their file names, none of which there is twice."""
    token = uuid.uuid4().hex[:8]
    names = [f"{token}-{number}.png" for number in range(count)]
    keys = [reviewing.put(reviewing.picture(UNSURE), name, prefix="uploads") for name in names]
    for key in keys:
        reviewing.review_of(key)
    return names


def reviewer(stack: DeployedStack) -> tuple[Person, str]:
    """Somebody of the group, and the name that answers bear."""
    person, cognito = new_person(stack), stack.client("cognito-idp")
    account = {"UserPoolId": stack.outputs["UserPoolId"], "Username": person.username}
    cognito.admin_add_user_to_group(**account, GroupName="reviewers")
    attributes = cognito.admin_get_user(**account)["UserAttributes"]
    return person, next(each["Value"] for each in attributes if each["Name"] == "sub")


def opened(page: Page, url: str, person: Person) -> Page:
    page.goto(f"{url}/review")
    sign_in(page, person)
    expect(page.get_by_role("img", name="To be reviewed")).to_be_visible(timeout=SETTLED_MS)
    return page


def held_by(reviewing: Reviewing, subject: str) -> set[str]:
    now = iso(datetime.now(UTC))
    waiting = reviewing.reviews.queue(WAITING, 1000)
    return {each.review_id for each in waiting if each.leased(now) and each.reviewer == subject}


def of_names(reviewing: Reviewing, names: list[str]) -> dict[str, Review]:
    found = {each.key.rpartition("/")[2]: each for each in reviewing.reviews.all()}
    return {name: found[name] for name in names}


def answered(reviewing: Reviewing, names: list[str]) -> dict[str, Review] | None:
    """The reviews by file name, once somebody has answered each."""
    found = of_names(reviewing, names)
    return found if all(each.status != WAITING for each in found.values()) else None


def test_two_people_in_two_browsers_never_see_one_picture(
    reviewing: Reviewing, new_page: NewPage, page_url: str
) -> None:
    names = fill(reviewing, PICTURES)
    people = [reviewer(reviewing.stack) for _ in range(2)]
    pages = [opened(new_page(), page_url, person) for person, _ in people]

    seen: list[list[str]] = [[], []]
    while at_work := [number for number, page in enumerate(pages) if has_picture(page)]:
        for number in at_work:
            seen[number].append(picture(pages[number]))
        for number in at_work:
            # None of these; and nobody waits for the other's answer to arrive.
            pages[number].keyboard.press("0")
        for number in at_work:
            name = f"To be reviewed: {seen[number][-1]}"
            expect(pages[number].get_by_role("img", name=name, exact=True)).to_have_count(0)

    ours = [[name for name in each if name in names] for each in seen]
    assert min(map(len, ours)) > HELD_AT_ONCE
    assert sorted(ours[0] + ours[1]) == sorted(names)
    reviews = wait_for(lambda: answered(reviewing, names), "the last answers", 60)
    assert reviews is not None
    for number, (_, subject) in enumerate(people):
        by_them = {
            name for name, each in reviews.items() if [one.reviewer for one in each.answers] == [subject]
        }
        assert by_them == set(ours[number])


def test_who_loads_the_page_anew_has_the_same_pictures(
    reviewing: Reviewing, new_page: NewPage, page_url: str
) -> None:
    names = fill(reviewing, HELD_AT_ONCE + 2)
    person, subject = reviewer(reviewing.stack)
    page = opened(new_page(), page_url, person)
    wait_for(
        lambda: len(held_by(reviewing, subject)) == HELD_AT_ONCE, "a picture behind the one in front", 60
    )
    held = held_by(reviewing, subject)

    page.reload()
    expect(page.get_by_role("img", name="To be reviewed")).to_be_visible(timeout=SETTLED_MS)
    page.wait_for_load_state("networkidle")
    assert held_by(reviewing, subject) == held

    # Their session ends: whoever signs in again in another browser finds them, too.
    page.context.clear_cookies()
    page.evaluate("() => { sessionStorage.clear(); localStorage.clear(); }")
    opened(new_page(), page_url, person).wait_for_load_state("networkidle")
    assert held_by(reviewing, subject) == held
    # Nothing is left to other tests.
    for review in of_names(reviewing, names).values():
        reviewing.answer(review, reviewer=subject)
