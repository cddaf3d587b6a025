"""Operators and reviewers: how the stack does, batch runs and their reports, how good the model is."""

import re
import time

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.web.conftest import DESKTOP, NewPage
from tests.web.fake.figures import some_figures
from tests.web.fake.operating import FINISHED, OPERATORS, REVIEWERS, RUNNING, STOPPED, some_quality, some_runs
from tests.web.fake.samples import fill
from tests.web.fake.serving import FakeDeployment
from tests.web.steps import Person, sign_in
from tests.web.test_access import serious_faults

OPERATOR = Person(OPERATORS[0])
SMALL: ViewportSize = {"width": 360, "height": 740}
SMALLEST: ViewportSize = {"width": 320, "height": 640}


@pytest.fixture
def running(deployment: FakeDeployment) -> FakeDeployment:
    """A deployment with a run that runs and two that ended."""
    deployment.cloud.operating.runs = some_runs(time.time())
    return deployment


@pytest.mark.parametrize(("viewport", "dark"), [(DESKTOP, False), (SMALL, True)], ids=["desktop", "phone"])
def test_runs_are_listed_followed_and_their_reports_opened(
    new_page: NewPage, running: FakeDeployment, viewport: ViewportSize, dark: bool
) -> None:
    page = new_page(viewport, dark)
    page.goto(running.url)
    sign_in(page, OPERATOR)
    page.get_by_role("link", name="Operate").click()
    page.get_by_role("link", name="Batch runs").click()
    expect(page.get_by_role("heading", name="Batch runs", level=1)).to_be_visible()
    rows = page.get_by_role("table", name="Batch runs").get_by_role("row")
    expect(rows).to_have_count(4)
    expect(rows.nth(1)).to_contain_text("Running")
    expect(rows.nth(2)).to_contain_text("Finished")
    expect(rows.nth(2)).to_contain_text("10,0009,00098812$0.07")
    assert serious_faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]

    page.get_by_role("link", name=FINISHED).click()
    expect(page.get_by_role("heading", name=FINISHED, level=1)).to_be_visible()
    expect(page.get_by_text("The file is damaged")).to_be_visible()
    expect(page.get_by_text("s3://photos/2026/")).to_be_visible()
    assert serious_faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Open the report").click()
    expect(opened.value.get_by_role("heading", name=f"Report of {FINISHED}")).to_be_visible()


def test_run_is_followed_to_its_end(page: Page, running: FakeDeployment) -> None:
    page.goto(f"{running.url}/operate/runs/{RUNNING}")
    page.get_by_role("button", name="Sign in to go on").click()
    page.locator("[name=username]").first.fill(OPERATOR.username)
    page.locator("[name=password]").first.fill(OPERATOR.password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    progress = page.get_by_role("region", name="Progress")
    expect(progress).to_contain_text("Classifying the pictures: 500 of 2,000 pictures")
    expect(progress).to_contain_text("left")
    expect(progress.get_by_role("progressbar")).to_have_attribute("value", "500")
    assert serious_faults(page) == []

    ended = next(each for each in running.cloud.operating.runs if each["run"] == FINISHED)
    running.cloud.operating.runs[0] = ended | {"run": RUNNING}
    expect(page.get_by_role("link", name="Open the report")).to_be_visible()
    expect(progress).to_have_count(0)


def test_run_that_ended_badly_says_why(page: Page, running: FakeDeployment) -> None:
    page.goto(running.url)
    sign_in(page, OPERATOR)
    page.goto(f"{running.url}/operate/runs/{STOPPED}")
    expect(page.get_by_text("Stopped", exact=True)).to_be_visible()
    expect(page.get_by_role("heading", name="It was stopped")).to_be_visible()
    expect(page.get_by_text("The execution ended as ABORTED.")).to_be_visible()
    expect(page.get_by_role("link", name="Open the report")).to_have_count(0)


def test_operators_pages_are_for_operators(page: Page, running: FakeDeployment) -> None:
    page.goto(f"{running.url}/operate")
    expect(page.get_by_role("heading", name="Sign in to see how the stack does", level=1)).to_be_visible()
    page.goto(running.url)
    sign_in(page, Person())
    expect(page.get_by_role("link", name="Operate")).to_have_count(0)

    for path in ("/operate", "/operate/runs"):
        page.goto(running.url + path)
        expect(page.get_by_text("Only operators may see this.")).to_be_visible()
    assert FINISHED not in page.locator("body").inner_text()
    assert serious_faults(page) == []


def test_stack_without_batches_says_so(page: Page, deployment: FakeDeployment) -> None:
    page.goto(deployment.url)
    sign_in(page, OPERATOR)
    page.get_by_role("link", name="Operate").click()
    page.get_by_role("link", name="Batch runs").click()
    expect(page.get_by_text("The batch stack is not deployed.")).to_be_visible()


@pytest.mark.parametrize("viewport", [SMALL, SMALLEST], ids=["360", "320"])
def test_header_of_who_has_every_page_fits_a_phone(
    new_page: NewPage, deployment: FakeDeployment, viewport: ViewportSize
) -> None:
    page = new_page(viewport)
    page.goto(deployment.url)
    sign_in(page, Person(OPERATORS[1]))
    for name in ("Pictures", "Review", "Operate", "Inbox"):
        expect(page.get_by_role("navigation", name="Main").get_by_role("link", name=name)).to_be_visible()
    # Their names stand there as far as they fit.
    names = page.get_by_role("navigation", name="Main").locator("a span")
    expect(names).to_have_text(["Pictures", "Review", "Operate", "Inbox"])
    for box in (each.bounding_box() for each in names.all()):
        assert box is not None
        assert (box["width"] > 20) == (viewport is SMALL)
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    account = page.get_by_role("button", name="Account").bounding_box()
    assert account is not None
    assert account["x"] + account["width"] <= viewport["width"]


@pytest.mark.parametrize(("viewport", "dark"), [(DESKTOP, True), (SMALL, False)], ids=["desktop", "phone"])
def test_reviewer_sees_how_good_the_model_is(
    new_page: NewPage, deployment: FakeDeployment, viewport: ViewportSize, dark: bool
) -> None:
    deployment.cloud.operating.quality = some_quality()
    page = new_page(viewport, dark)
    page.goto(deployment.url)
    sign_in(page, Person(REVIEWERS[0]))
    page.get_by_role("link", name="Review").click()
    page.get_by_role("link", name="How good the model is").click()

    expect(page.get_by_role("heading", name="Quality", level=1)).to_be_visible()
    expect(page.get_by_text("between 0.8% and 7%: 3 of 120 audited")).to_be_visible()
    models = page.get_by_role("table", name="Quality by model").get_by_role("row")
    expect(models.nth(1)).to_contain_text("photos-ae0d527ea0ad")
    expect(models.nth(1)).to_contain_text("2.5%31 of 40as evaluated (0.04)large shift (0.31)")
    expect(models.nth(2)).to_contain_text("–")
    expect(page.get_by_role("table", name="Reviewed by week").get_by_role("row")).to_have_count(3)
    expect(page.get_by_text("300 by 3 people")).to_be_visible()
    assert serious_faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]

    page.get_by_role("button", name="7 days").click()
    expect(page.get_by_text("70 by 3 people")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/quality\?days=7$"))


def test_quality_says_who_may_see_it_and_where_there_is_none(
    page: Page, new_page: NewPage, deployment: FakeDeployment
) -> None:
    page.goto(deployment.url)
    sign_in(page, Person())
    page.goto(f"{deployment.url}/quality")
    expect(page.get_by_text("Only reviewers and operators may see this.")).to_be_visible()

    operator = new_page()
    operator.goto(deployment.url)
    sign_in(operator, OPERATOR)
    operator.get_by_role("link", name="Operate").click()
    operator.get_by_role("navigation", name="Operate").get_by_role("link", name="Quality").click()
    expect(operator.get_by_text("The review stack is not deployed.")).to_be_visible()


@pytest.mark.parametrize(("viewport", "dark"), [(DESKTOP, False), (SMALL, True)], ids=["desktop", "phone"])
def test_operator_sees_how_the_stack_does(
    new_page: NewPage, deployment: FakeDeployment, viewport: ViewportSize, dark: bool
) -> None:
    fill(deployment.store, digit_count=1)
    torn = next(each for each in deployment.store.pictures.values() if each.file_name == "torn")
    deployment.cloud.operating.figures = lambda hours: some_figures(time.time(), hours, torn.image_id)
    page = new_page(viewport, dark)
    page.goto(deployment.url)
    sign_in(page, OPERATOR)
    page.get_by_role("link", name="Operate").click()

    expect(page.get_by_role("heading", name="Operate", level=1)).to_be_visible()
    chart = page.get_by_role("img", name="Outcomes by hour")
    expect(chart).to_be_visible()
    expect(page.locator("svg[role=img] rect")).to_have_count(16 * 4)
    hours = page.get_by_role("table", name="Outcomes by hour")
    expect(hours).to_be_hidden()
    page.get_by_text("The same as a table").click()
    expect(hours.get_by_role("row")).to_have_count(17)
    steps = page.get_by_role("table", name="Duration by step").get_by_role("row")
    # What was not measured has no row.
    expect(steps).to_have_count(5)
    expect(steps.nth(3)).to_contain_text("Asking the model")
    expect(steps.nth(3)).to_contain_text("95 ms410 ms7952")
    expect(steps.nth(4)).to_contain_text("All of it")
    expect(page.get_by_role("heading", name="What the last day cost: $0.42")).to_be_visible()
    sums = page.get_by_role("main").locator("dl").first
    for name in ("Done", "In review", "Refused", "Failed"):
        expect(sums.get_by_role("term").filter(has_text=name)).to_be_visible()
    expect(page.get_by_text("most errors are of pictures that have an outcome")).to_be_visible()
    expect(page.get_by_text("Not in it: the endpoint's instances, CloudWatch.")).to_be_visible()
    assert serious_faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]

    page.get_by_role("button", name="The last week").click()
    expect(page.get_by_role("heading", name="What the last week cost")).to_be_visible()
    failures = page.get_by_role("table", name="Failures by error")
    expect(failures).to_contain_text("The file is damaged")
    failures.get_by_role("link", name="Torn scan").click()
    expect(page.get_by_role("heading", name="Torn scan", level=1)).to_be_visible()

    page.go_back()
    failures.get_by_role("link", name="The file is damaged").click()
    expect(page.get_by_label("Error", exact=True)).to_have_value("CorruptImageError")
    expect(page.get_by_role("status").filter(has_text="1 picture")).to_be_visible()


def test_figures_that_cannot_be_read_are_asked_for_again(page: Page, deployment: FakeDeployment) -> None:
    page.goto(deployment.url)
    sign_in(page, OPERATOR)
    page.get_by_role("link", name="Operate").click()
    expect(page.get_by_text("The figures couldn't be loaded")).to_be_visible()
    deployment.cloud.operating.figures = lambda hours: some_figures(time.time(), hours, "i")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("img", name="Outcomes by hour")).to_be_visible()
