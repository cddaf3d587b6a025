"""`make docs`: the documents as a site, which asks nothing of the network when it is read.

MkDocs wants one folder of sources. The documents lie all over the project, and their links lead to files and
folders as on GitHub: what is linked is copied beside them, under the same paths, so that every link is judged
(strict: a broken one fails the build) and works.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES, SITE = ROOT / "build" / "docs-source", ROOT / "build" / "docs"
MERMAID = ROOT / "build" / "mermaid.min.js"
LINK = re.compile(r"(?<!!)\[([^\]]*)\]\((?!https?:|#|mailto:)([^)#\s]+)(#[^)\s]*)?\)")
# Forms that GitHub fills in are no pages.
LEFT_OUT = (".github/",)


def main() -> int:
    """Copy, build, and see that no page loads anything from elsewhere; gives the exit code."""
    shutil.rmtree(SOURCES, ignore_errors=True)
    for path in documents():
        copy_document(path)
    shutil.copytree(ROOT / "docs" / "images", SOURCES / "docs" / "images", dirs_exist_ok=True)
    if MERMAID.exists():
        (SOURCES / "assets").mkdir()
        shutil.copy(MERMAID, SOURCES / "assets" / MERMAID.name)
    else:
        print("Without npm there is no Mermaid: diagrams are shown as their source.")
    # Not --quiet: it would silence the warnings, and what is silenced fails nothing.
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--clean"]
    # The theme's notice about MkDocs' own future is for whoever chooses a theme.
    environ = os.environ | {"DIAGRAMS": "mermaid" if MERMAID.exists() else "text", "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(
        [*command, "--config-file", str(Path(__file__).with_name("mkdocs.yml"))], env=environ
    )
    if done.returncode:
        return done.returncode
    foreign = sorted(set(loaded_from_elsewhere(SITE)))
    for each in foreign:
        print(f"loaded from elsewhere: {each}")
    print(f"The documents are in {SITE.relative_to(ROOT)}: python3 -m http.server --directory build/docs")
    return 1 if foreign else 0


def documents() -> list[Path]:
    """The project's Markdown, as git knows it."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    names = [name for name in listed.stdout.splitlines() if not name.startswith(LEFT_OUT)]
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def copy_document(path: Path) -> None:
    """The document and the files that it links; a link to a folder leads to its README, or is only text."""
    target = SOURCES / path.relative_to(ROOT)
    target.parent.mkdir(parents=True, exist_ok=True)

    def resolved(link: re.Match[str]) -> str:
        text, name, anchor = link[1], link[2], link[3] or ""
        linked = path.parent / name
        if linked.is_dir():
            return f"[{text}]({name.rstrip('/')}/README.md)" if (linked / "README.md").exists() else text
        if linked.is_file() and linked.suffix != ".md":
            copy = SOURCES / linked.resolve().relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(linked, copy)
        return f"[{text}]({name}{anchor})"

    target.write_text(LINK.sub(resolved, path.read_text(encoding="utf-8")), encoding="utf-8")


class _Loads(HTMLParser):
    """What a page loads by itself: links that a person follows are none of it."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        source = given.get("href") if tag == "link" and given.get("rel") != "canonical" else given.get("src")
        if source and source.startswith(("http:", "https:", "//")):
            self.found.append(source)


def loaded_from_elsewhere(site: Path) -> Iterator[str]:
    """Addresses of scripts, styles, fonts and pictures of other servers, with the page that loads them."""
    for page in sorted(site.rglob("*.html")):
        loads = _Loads()
        loads.feed(page.read_text(encoding="utf-8"))
        yield from (f"{page.relative_to(site)}: {each}" for each in loads.found)


if __name__ == "__main__":
    sys.exit(main())
