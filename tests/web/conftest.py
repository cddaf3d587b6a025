"""Chromium, the built page, and a fake deployment behind it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from tests.cloud import DeployedStack
from tests.web.browser import Complaints, chromium
from tests.web.build import built_page
from tests.web.fake.serving import FakeDeployment, fake_deployment
from tests.web.going_without import go_without

DESKTOP: ViewportSize = {"width": 1280, "height": 860}
PHONE: ViewportSize = {"width": 390, "height": 844}
NewPage = Callable[..., Page]

_HERE = Path(__file__).parent
# A browser beside other tests on two cores is slow at times.
expect.set_options(timeout=20_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here drives a browser."""
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(pytest.mark.web)


@pytest.fixture(scope="session")
def dist() -> Path:
    """The page, built from what is in the checkout."""
    return built_page(_HERE.parents[1])


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture
def deployment(dist: Path) -> Iterator[FakeDeployment]:
    """An empty fake deployment whose workflow takes two seconds."""
    with fake_deployment(dist, pace=1.0) as running:
        yield running


@pytest.fixture
def new_page(browser: Browser) -> Iterator[NewPage]:
    """Open a page in a context of its own. Fails the test if the page broke its policy or crashed."""
    complaints = Complaints()
    with ExitStack() as stack:

        def open_page(viewport: ViewportSize = DESKTOP, dark: bool = False) -> Page:
            context: BrowserContext = browser.new_context(
                viewport=viewport, color_scheme="dark" if dark else "light", reduced_motion="reduce"
            )
            stack.callback(context.close)
            context.set_default_timeout(30_000)
            page = context.new_page()
            complaints.listen(page)
            return page

        yield open_page
    assert complaints.found == []


@pytest.fixture
def page(new_page: NewPage) -> Page:
    """A page of a desktop's size."""
    return new_page()


@pytest.fixture(scope="session")
def page_url(stack: DeployedStack) -> str:
    """Where the page of the stack is. Skips the test where it could not be built for want of Node."""
    status = stack.run_loupe("status", "--json")
    page = status["services"].get("page")
    if page is None:
        go_without("The stack's page is not published: `loupe up` found no Node to build it with")
    assert page["url"] == stack.outputs["WebUrl"]
    return str(page["url"])
