"""Takes the README's pictures of the page: `.venv/bin/python -m tests.web.fake.screenshots`."""

import io
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.web.browser import chromium
from tests.web.build import built_page
from tests.web.fake.samples import fill
from tests.web.fake.serving import FakeDeployment, fake_deployment

ROOT = Path(__file__).parents[3]
IMAGES = ROOT / "docs" / "images"
SIZES = {"": (1280, 800), "-phone": (390, 844)}


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    with fake_deployment(built_page(ROOT / "web"), pace=0) as deployment, chromium() as browser:
        group = fill(deployment.store)
        astronaut = next(each for each in deployment.store.pictures.values() if each.title == "Astronaut")
        refused = next(each for each in deployment.store.pictures.values() if "unsure" in each.file_name)
        for theme in ("light", "dark"):
            for suffix, size in SIZES.items():
                page = _page(browser, size, theme)
                _take(page, deployment, f"/groups/{group['id']}", f"page-gallery{suffix}-{theme}")
                _take(page, deployment, f"/images/{astronaut.image_id}", f"page-picture{suffix}-{theme}")
                page.context.close()
            page = _page(browser, SIZES[""], theme)
            _take(page, deployment, f"/images/{refused.image_id}", f"page-refused-{theme}")
            _take(page, deployment, f"/groups/{group['id']}/confidence", f"page-confidence-{theme}")
            page.context.close()


def _page(browser: Browser, size: tuple[int, int], theme: str) -> Page:
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if theme == "dark" else "light",
        reduced_motion="reduce",
    )
    return context.new_page()


def _take(page: Page, deployment: FakeDeployment, path: str, name: str) -> None:
    page.goto(deployment.url + path)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.wait_for_load_state("networkidle")
    # As few colours as nobody will miss: a third of the size.
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    picture.save(IMAGES / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
