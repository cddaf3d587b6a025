"""Takes the documentation's pictures of the page, from a stack on a local cloud that is up.

`LOUPE_TEST_STATE=STATE .venv/bin/python -m pytest tests/web/screenshots.py`: no test, by its name.
"""

import io
from pathlib import Path

import pytest
import skimage.data
import sklearn.datasets
from PIL import Image
from playwright.sync_api import FilePayload, Page, expect

from tests.cloud import DeployedStack
from tests.web.conftest import DESKTOP, PHONE, NewPage
from tests.web.steps import card, create_group, sign_in, upload
from tests.web.test_stack import new_person

IMAGES = Path(__file__).parents[2] / "docs" / "images"
# Photographs that scikit-image and scikit-learn ship, oldest first.
PHOTOGRAPHS = (
    "China.jpg",
    "Motorcycle.jpg",
    "Deep field.jpg",
    "Flower.jpg",
    "Rocket.jpg",
    "Astronaut.jpg",
    "Cat.jpg",
    "Coffee.jpg",
)
SETTLED_MS = 240_000
PHONE_SHOWS = ("groups", "gallery", "picture")


@pytest.mark.timeout(600)
def test_pictures_of_the_page_are_taken(new_page: NewPage, stack: DeployedStack, page_url: str) -> None:
    page = new_page(DESKTOP)
    page.goto(page_url)
    sign_in(page, new_person(stack))
    create_group(page, "Photographs", "What the photo model makes of them, accepted from 30 %.")
    group_url = page.url
    upload(page, [_photograph(name) for name in PHOTOGRAPHS])
    expect(page.get_by_role("button", name="Clear the list")).to_be_visible(timeout=SETTLED_MS)
    expect(page.get_by_role("button", name="Retry")).to_have_count(0)
    expect(
        page.locator("a[data-phase=uploading], a[data-phase=uploaded], a[data-phase=classifying]")
    ).to_have_count(0, timeout=SETTLED_MS)
    page.get_by_role("button", name="Clear the list").click()
    urls = {"groups": page_url, "gallery": group_url, "confidence": f"{group_url}/confidence"}
    for name, title in (("picture", "Coffee"), ("faces", "Astronaut")):
        urls[name] = page_url + str(card(page, title).get_attribute("href"))

    for dark in (False, True):
        for size, suffix in ((DESKTOP, ""), (PHONE, "-phone")):
            looking = new_page(size, dark)
            shown = urls if size is DESKTOP else {name: urls[name] for name in PHONE_SHOWS}
            for name, url in shown.items():
                _take(looking, url, f"page-{name}{suffix}-{'dark' if dark else 'light'}")


@pytest.mark.timeout(600)
def test_pictures_of_reviewing_are_taken(new_page: NewPage, stack: DeployedStack, page_url: str) -> None:
    """Of a stack where pictures wait."""
    for name, size, dark in (
        ("page-review-light", DESKTOP, False),
        ("page-review-dark", DESKTOP, True),
        ("page-review-phone-light", PHONE, False),
    ):
        person = new_person(stack)
        stack.client("cognito-idp").admin_add_user_to_group(
            UserPoolId=stack.outputs["UserPoolId"], Username=person.username, GroupName="reviewers"
        )
        page = new_page(size, dark)
        page.goto(f"{page_url}/review")
        sign_in(page, person)
        expect(page.get_by_role("img", name="To be reviewed")).to_be_visible(timeout=SETTLED_MS)
        _shoot(page, name)


def _take(page: Page, url: str, name: str) -> None:
    page.goto(url)
    expect(page.get_by_role("heading", level=1)).not_to_have_text("…")
    _shoot(page, name)


def _shoot(page: Page, name: str) -> None:
    page.wait_for_load_state("networkidle")
    # 256 colours are enough for a page, and a third of the size.
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    picture.save(IMAGES / f"{name}.png", optimize=True)


def _photograph(name: str) -> FilePayload:
    """As a camera would send it. Each package has its own way to its pictures."""
    stem = name.removesuffix(".jpg").lower()
    match stem:
        case "china" | "flower":
            pixels = sklearn.datasets.load_sample_image(name.lower())
        case "deep field":
            pixels = skimage.data.hubble_deep_field()  # type: ignore[no-untyped-call]
        case "cat":
            pixels = skimage.data.chelsea()  # type: ignore[no-untyped-call]
        case "motorcycle":
            pixels = skimage.data.stereo_motorcycle()[0]  # type: ignore[no-untyped-call]
        case _:
            pixels = getattr(skimage.data, stem)()
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=92)
    return {"name": name, "mimeType": "image/jpeg", "buffer": out.getvalue()}
