"""A batch's report from a folder, as somebody opens it who has no network."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Request, ViewportSize

from loupe_batch.figures import Figures
from loupe_batch.html import page
from loupe_batch.items import Item
from loupe_batch.rows import Row, answered, failed
from loupe_batch.thumbnails import thumbnail
from loupe_core.inference import Prediction
from tests.web.conftest import DESKTOP, PHONE
from tests.web.test_access import serious_faults

PHOTO = Path(__file__).parents[2] / "events" / "images" / "cat.jpg"
LABELS = ("cat", "dog", "Egyptian cat with a long name")


def report() -> str:
    figures = Figures(0.5)
    for number in range(60):
        item = Item("photos", f"2026/{number:03}.jpg", former={"label": "dog"})
        ranked = [Prediction(LABELS[number % 3], 0.2 + number / 80)]
        figures.add(answered(item, ranked, 0.5, "photos-1", 20))
    for kind in ("CorruptImageError", "UnsupportedImageError"):
        figures.add(failed(Item("photos", f"2026/{kind}.jpg"), kind, "It is broken.", "photos-1"))
    content = PHOTO.read_bytes()
    unsure: list[tuple[Row, bytes | None]] = [(row, thumbnail(content)) for row in figures.unsure]
    unsure[-1] = (unsure[-1][0], None)
    summary = {
        **figures.as_json(),
        "run": "2026-20261128-100000-abcd",
        "source": {"bucket": "photos", "key": "2026/"},
        "model": "photos-1",
        "endpoint": "2026-20261128-100000-abcd-batch",
        "instances": [{"type": "ml.m5.large", "count": 1}],
        "startedAt": "2026-11-28T10:00:00Z",
        "durationMs": 4000,
        "cost": 0.1,
        "costs": {"S3": 0.1},
        "costsOfAMillion": {"S3": 1.0},
        "failure": {"error": "States.Timeout", "cause": "It took too long."},
    }
    return page(summary, unsure)


@pytest.mark.parametrize(
    ("viewport", "dark"), [(DESKTOP, False), (PHONE, True)], ids=["desktop in light", "phone in dark"]
)
def test_the_report_needs_no_network_and_no_perfect_eyes(
    browser: Browser, tmp_path: Path, viewport: ViewportSize, dark: bool
) -> None:
    path = tmp_path / "summary.html"
    path.write_text(report(), encoding="utf-8")
    context = browser.new_context(viewport=viewport, color_scheme="dark" if dark else "light", offline=True)
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    try:
        shown = context.new_page()
        shown.on("request", note)
        shown.goto(path.as_uri())
        sizes = shown.evaluate("[...document.images].map(each => each.naturalWidth)")
        assert len(sizes) == 23
        assert min(sizes) > 100
        assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()]
        assert shown.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert serious_faults(shown) == []
    finally:
        context.close()
