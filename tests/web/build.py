"""The built page and its packages, or a skipped test that says why they aren't there."""

from pathlib import Path

from loupe.errors import NodeMissingError
from loupe.page.build import PageBuild
from tests.web.going_without import go_without


def built_page(root: Path) -> Path:
    """`site/web/dist`, up to date. Skips the test where Node is missing."""
    try:
        return PageBuild(root).bring_up_to_date()
    except NodeMissingError as missing:
        go_without(str(missing))


def npm_with_packages(root: Path) -> str:
    """npm's path, the page's packages installed. Skips the test where Node is missing."""
    try:
        return PageBuild(root).install_packages()
    except NodeMissingError as missing:
        go_without(str(missing))
