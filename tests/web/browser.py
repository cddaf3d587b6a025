"""The browser: Debian's headless shell or Chromium where one is installed, else Playwright's own."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Playwright, sync_playwright

from tests.web.going_without import go_without

NAMES = ("chromium-headless-shell", "chromium", "google-chrome")
# Chromium without its calls home; no sandbox, because in a container and as root there is none to be had.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless Chromium. Where there is none the test is skipped, or fails if it is required."""
    with sync_playwright() as playwright:
        browser = _launch(playwright)
        try:
            yield browser
        finally:
            browser.close()


def _launch(playwright: Playwright) -> Browser:
    reason = ""
    # The shell has no windows to draw, and takes half of the processor time.
    for path in (*filter(None, map(shutil.which, NAMES)), None):
        try:
            return playwright.chromium.launch(executable_path=path, args=FLAGS)
        except Error as error:
            reason = error.message[:200]
    return go_without(f"There is no Chromium here, and `make test` could install none: {reason}")


class Complaints:
    """What pages complained about: uncaught errors and breaches of the Content-Security-Policy."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def listen(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.found.append(f"uncaught: {error}"))
        page.on("console", self._hear)

    def _hear(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text or "TrustedScript" in message.text:
            self.found.append(message.text)
