"""The documentation site: its sources' links, its navigation, and what its pages load."""

import re
from pathlib import Path

import pytest

from docs.site import build

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(build, "ROOT", tmp_path)
    monkeypatch.setattr(build, "SOURCES", tmp_path / "out")
    (tmp_path / "with").mkdir()
    (tmp_path / "with" / "README.md").touch()
    (tmp_path / "without").mkdir()
    (tmp_path / "code.py").write_text("1")
    return tmp_path


@pytest.mark.parametrize(
    ("written", "copied"),
    [
        ("[a](with)", "[a](with/README.md)"),
        ("[a](with/)", "[a](with/README.md)"),
        ("[a](without)", "a"),
        ("[a](code.py)", "[a](code.py)"),
        ("[a](missing.md#b)", "[a](missing.md#b)"),
        ("[a](https://example.com)", "[a](https://example.com)"),
        ("[a](#below)", "[a](#below)"),
    ],
)
def test_a_link_leads_to_a_page_or_a_file_of_the_site(project: Path, written: str, copied: str) -> None:
    (project / "page.md").write_text(written)

    build.copy_document(project / "page.md")

    assert (project / "out" / "page.md").read_text() == copied


def test_a_linked_file_comes_along(project: Path) -> None:
    (project / "page.md").write_text("[a](code.py)")

    build.copy_document(project / "page.md")

    assert (project / "out" / "code.py").read_text() == "1"


@pytest.mark.parametrize(
    ("html", "foreign"),
    [
        ('<script src="https://cdn.example/x.js"></script>', ["page.html: https://cdn.example/x.js"]),
        ('<link rel="stylesheet" href="//fonts.example/x.css">', ["page.html: //fonts.example/x.css"]),
        ('<img src="images/x.png"><script src="x.js"></script>', []),
        ('<a href="https://example.com">a link is followed by a person</a>', []),
    ],
)
def test_what_a_page_loads_from_elsewhere_is_found(tmp_path: Path, html: str, foreign: list[str]) -> None:
    (tmp_path / "page.html").write_text(html)

    assert list(build.loaded_from_elsewhere(tmp_path)) == foreign


def test_the_navigation_names_what_exists_and_every_first_hour() -> None:
    named = set(re.findall(r": (\S+\.md)$", (ROOT / "docs" / "site" / "mkdocs.yml").read_text(), re.M))

    assert all((ROOT / name).exists() for name in named)
    tutorials = (ROOT / "docs" / "tutorials").glob("*.md")
    assert {path.relative_to(ROOT).as_posix() for path in tutorials} <= named
