"""Much, little, slow and broken: what the page makes of the answers it gets."""

import gzip
import re

from playwright.sync_api import Page, Response, Route, expect

from tests.web.fake.samples import digit, fill
from tests.web.fake.serving import FakeDeployment

BUDGET_BYTES = 200_000


def test_gallery_of_two_thousand_pages_and_draws_only_what_is_near(
    page: Page, deployment: FakeDeployment
) -> None:
    store = deployment.store
    group = store.add_group("Vast", "", "owner")
    data = digit(5)[1]
    for index in range(2000):
        wish = {"title": f"Number {index}", "fileName": "unsure five.png", "contentType": "image/png"}
        store.take_in(store.announce(group["id"], "owner", wish, 1e9 + index), data, 1e9 + index)
    pages: list[str] = []
    page.on("request", lambda request: pages.append(request.url) if "nextToken" in request.url else None)
    page.goto(f"{deployment.url}/groups/{group['id']}")
    expect(page.get_by_text("Number 1999")).to_be_visible()

    most = 0
    for _ in range(400):
        page.mouse.wheel(0, 4000)
        page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        most = max(most, page.locator("a[data-phase]").count())
        if page.get_by_text("Number 0", exact=True).is_visible():
            break

    expect(page.get_by_text("Number 0", exact=True)).to_be_visible()
    assert most < 80
    # Every page was asked for once.
    assert len(pages) == len(set(pages)) == 33
    assert page.locator("li[aria-posinset='2000'][aria-setsize='2000']").count() == 1


def test_first_load_is_within_its_budget_of_javascript(page: Page, deployment: FakeDeployment) -> None:
    sizes: dict[str, int] = {}

    def weigh(response: Response) -> None:
        if response.url.endswith(".js"):
            sizes[response.url] = len(gzip.compress(response.body()))

    page.on("response", weigh)
    page.goto(deployment.url)
    page.wait_for_load_state("networkidle")

    assert len(sizes) >= 2
    assert sum(sizes.values()) < BUDGET_BYTES, sizes


def test_api_that_is_down_is_said_and_asked_again(page: Page, deployment: FakeDeployment) -> None:
    store_url = re.compile(re.escape(deployment.cloud_url) + "/groups.*")
    deployment.store.add_group("Back again", "", "owner")

    def refuse(route: Route) -> None:
        route.abort()

    page.route(store_url, refuse)
    page.goto(deployment.url)
    expect(page.get_by_role("alert")).to_contain_text("can't be reached")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    page.unroute(store_url)

    # By the button or by itself, whichever comes first.
    expect(page.get_by_role("link", name="Back again")).to_be_visible()


def test_unknown_group_and_picture_are_said_to_be_gone(page: Page, deployment: FakeDeployment) -> None:
    for path, what in (("/groups/nowhere", "This group"), ("/images/nothing", "This picture")):
        page.goto(deployment.url + path)
        expect(page.get_by_role("heading", name=f"{what} isn't here")).to_be_visible()
        expect(page.get_by_role("button", name="Try again")).to_have_count(0)
        page.get_by_role("link", name="All groups").click()
        expect(page.get_by_role("heading", name="Groups", level=1)).to_be_visible()


def test_missing_configuration_is_named(page: Page, deployment: FakeDeployment) -> None:
    page.route("**/config.json", lambda route: route.fulfill(json={"oidc": {}}))

    page.goto(deployment.url)

    expect(page.get_by_role("alert")).to_contain_text("config.json lacks apiUrl")


def test_picture_is_not_fetched_again_while_it_is_polled(page: Page, deployment: FakeDeployment) -> None:
    store = deployment.store
    store.pace = 4
    group = store.add_group("Slow", "", "owner")
    wish = {"title": "Slow one", "fileName": "five.png", "contentType": "image/png"}
    picture = store.announce(group["id"], "owner", wish)
    store.take_in(picture, digit(5)[1])
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url) if "/uploads/" in request.url else None)

    page.goto(f"{deployment.url}/images/{picture.image_id}")
    expect(page.get_by_text("Classifying")).to_be_visible()
    expect(page.get_by_text("Done", exact=True)).to_be_visible(timeout=30_000)

    assert len(fetched) == 1


def test_inbox_is_shown_only_where_there_is_one(page: Page, deployment: FakeDeployment) -> None:
    deployment.store.inbox.append(
        {
            "to": "you@example.com",
            "subject": "Rex: dog",
            "body": "<b>94 %</b>",
            "receivedAt": "2026-01-01T00:00:00Z",
        }
    )
    page.goto(f"{deployment.url}/inbox")
    page.get_by_text("Rex: dog").click()
    expect(page.get_by_text("<b>94 %</b>")).to_be_visible()
    # What an e-mail sets in columns stands in columns.
    expect(page.get_by_text("<b>94 %</b>")).to_have_css("font-family", re.compile("monospace"))

    config = {
        "apiUrl": deployment.cloud_url,
        "oidc": {"authority": f"{deployment.cloud_url}/pool", "clientId": "c"},
    }
    page.route("**/config.json", lambda route: route.fulfill(json=config))
    page.goto(f"{deployment.url}/inbox")

    expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()
    expect(page.get_by_role("link", name="Inbox")).to_have_count(0)


def requests_for(page: Page, part: str) -> list[str]:
    """The API's requests whose path holds `part`, as they are made."""
    made: list[str] = []
    page.on("request", lambda each: made.append(each.url) if part in each.url else None)
    return made


def test_first_load_asks_for_each_list_once(page: Page, deployment: FakeDeployment) -> None:
    group = fill(deployment.store, digit_count=5)
    read: list[str] = []
    page.on("response", lambda each: read.append(each.url) if each.status == 200 else None)

    page.goto(deployment.url)
    expect(page.get_by_role("link", name="Handwritten digits")).to_be_visible()
    page.wait_for_load_state("networkidle")
    page.goto(f"{deployment.url}/groups/{group['id']}")
    expect(page.locator("a[data-phase]").first).to_be_visible()
    page.wait_for_load_state("networkidle")

    lists = [url for url in read if "limit=60" in url]
    assert len(lists) == len(set(lists)) == 2


def test_hidden_page_asks_for_nothing(page: Page, deployment: FakeDeployment) -> None:
    group = fill(deployment.store, digit_count=5)
    page.clock.install()
    page.goto(f"{deployment.url}/groups/{group['id']}")
    expect(page.locator("a[data-phase]").first).to_be_visible()
    page.wait_for_load_state("networkidle")
    made = requests_for(page, "/groups")
    page.clock.run_for(30_000)
    page.wait_for_load_state("networkidle")
    assert made != []

    page.evaluate(
        """() => {
            Object.defineProperty(document, "visibilityState", { get: () => "hidden", configurable: true });
            document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
        }"""
    )
    page.clock.run_for(15_000)
    page.wait_for_load_state("networkidle")
    made.clear()
    page.clock.run_for(120_000)

    assert made == []


def test_group_that_has_not_changed_is_not_sent_again(page: Page, deployment: FakeDeployment) -> None:
    group = fill(deployment.store, digit_count=5)
    page.clock.install()
    answered: list[int] = []
    page.on("response", lambda each: answered.append(each.status) if "/images?" in each.url else None)
    page.goto(f"{deployment.url}/groups/{group['id']}")
    expect(page.locator("a[data-phase]").first).to_be_visible()

    for _ in range(3):
        with page.expect_response(re.compile("/images\\?")):
            page.clock.run_for(11_000)

    # A busy machine may have asked more often.
    assert (answered[0], set(answered[1:])) == (200, {304})


def test_inbox_is_long_and_shown_in_parts(page: Page, deployment: FakeDeployment) -> None:
    deployment.store.inbox.extend(
        {
            "to": "you@example.com",
            "subject": f"Mail {number}",
            "body": f"Look: {deployment.url}/groups/nowhere. And https://console.example/x",
            "receivedAt": f"2026-01-01T00:{number // 60:02}:{number % 60:02}Z",
        }
        for number in range(120)
    )
    page.goto(f"{deployment.url}/inbox")
    mails = page.get_by_role("main").locator("details")

    expect(mails).to_have_count(50)
    page.get_by_role("button", name="Show older mails").click()
    expect(mails).to_have_count(100)
    page.get_by_role("button", name="Show older mails").click()
    expect(mails).to_have_count(120)
    expect(page.get_by_role("button", name="Show older mails")).to_have_count(0)

    page.get_by_text("Mail 119").click()
    elsewhere = page.get_by_role("link", name="https://console.example/x")
    expect(elsewhere).to_have_attribute("rel", "noreferrer")
    page.get_by_role("link", name=f"{deployment.url}/groups/nowhere").click()
    expect(page.get_by_role("heading", name="This group isn't here")).to_be_visible()


def test_what_a_chart_leaves_out_is_said(page: Page, deployment: FakeDeployment) -> None:
    group = fill(deployment.store, digit_count=5)

    page.goto(f"{deployment.url}/groups/{group['id']}/confidence")

    expect(page.get_by_text("5 of 6")).to_be_visible()
    expect(page.get_by_text("Left out: 1 picture that the model gave no answer for.")).to_be_visible()
