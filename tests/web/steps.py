"""What a person does on the page, named once for all tests."""

from collections.abc import Sequence
from dataclasses import dataclass

from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.web.fake.issuer import PASSWORD

# Cold functions on a busy machine take their time.
SETTLED_MS = 150_000


@dataclass(frozen=True)
class Person:
    """Who signs in."""

    username: str = "ada"
    password: str = PASSWORD


def sign_in(page: Page, person: Person) -> None:
    """From any page, over the issuer's own login page, back to where it began."""
    begin_to_sign_in(page, person)
    expect(page.get_by_role("button", name="Account")).to_be_visible()


def begin_to_sign_in(page: Page, person: Person) -> None:
    """Up to the moment when the issuer sends the browser back."""
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.locator("#username, [name=username]").first.fill(person.username)
    page.locator("#password, [name=password]").first.fill(person.password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="Account").click()
    page.get_by_role("menuitem", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()


def create_group(page: Page, name: str, description: str = "") -> None:
    """On the list of groups; ends on the new group's page."""
    page.get_by_role("button", name="New group").click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("Description").fill(description)
    page.get_by_role("button", name="Create group").click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()


def choose(page: Page, pictures: Sequence[FilePayload]) -> None:
    """Pick files in the file chooser that the button opens."""
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose pictures").click()
    chooser.value.set_files(list(pictures))


def upload(page: Page, pictures: Sequence[FilePayload]) -> None:
    choose(page, pictures)
    noun = "picture" if len(pictures) == 1 else "pictures"
    page.get_by_role("button", name=f"Upload {len(pictures)} {noun}").click()


def row(page: Page, title: str) -> Locator:
    """A picture's row in the list of uploads."""
    return page.get_by_role("region", name="Add pictures").get_by_role("listitem").filter(has_text=title)


def card(page: Page, title: str) -> Locator:
    """A picture's card in the gallery."""
    return page.locator("a[data-phase]").filter(has_text=title)


def confirm_deletion(page: Page, action: str) -> None:
    page.get_by_role("alertdialog").get_by_role("button", name=action).click()
    expect(page.get_by_role("alertdialog")).to_be_hidden()
