"""When the page is built, and what is said where it can't be."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from loupe.errors import NodeMissingError, PageBuildError
from loupe.page.build import PageBuild, parse_version

SetUp = Callable[..., PageBuild]

NODE = '#!/bin/sh\necho "$NODE_VERSION"\n'
NPM = """#!/bin/sh
echo "$*" >> "$CALLS"
[ "$1" = "$FAILS" ] && { echo "no such thing"; exit 1; }
[ "$1" = ci ] && mkdir -p node_modules
[ "$1" = run ] && mkdir -p dist && echo page > dist/index.html
exit 0
"""


@pytest.fixture
def set_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SetUp:
    """A checkout with a page, and on the path nothing but a Node of that version (None: no Node)."""

    def make(version: str | None = "v22.1.0", fails: str = "") -> PageBuild:
        tools = tmp_path / "bin"
        tools.mkdir()
        for name, text in (("node", NODE), ("npm", NPM)) if version else ():
            (tools / name).write_text(text)
            (tools / name).chmod(0o755)
        for name in ("sh", "mkdir"):
            (tools / name).symlink_to(str(shutil.which(name)))
        monkeypatch.setenv("PATH", str(tools))
        monkeypatch.setenv("NODE_VERSION", version or "")
        monkeypatch.setenv("FAILS", fails)
        monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
        (tmp_path / "site" / "web" / "src").mkdir(parents=True)
        (tmp_path / "site" / "web" / "package-lock.json").write_text("{}")
        return PageBuild(tmp_path)

    return make


def _calls(root: Path) -> list[str]:
    return (root / "calls").read_text().splitlines()


def test_page_is_installed_and_built_once(set_up: SetUp, tmp_path: Path) -> None:
    build = set_up()

    assert build.bring_up_to_date() == tmp_path / "site" / "web" / "dist"
    assert build.bring_up_to_date() == tmp_path / "site" / "web" / "dist"

    assert _calls(tmp_path) == ["ci --no-audit --no-fund", "run build"]


def test_changed_source_builds_again_and_installs_nothing(set_up: SetUp, tmp_path: Path) -> None:
    build = set_up()
    build.bring_up_to_date()

    (tmp_path / "site" / "web" / "src" / "main.tsx").write_text("changed")
    build.bring_up_to_date()

    assert _calls(tmp_path) == ["ci --no-audit --no-fund", "run build", "run build"]


def test_changed_lock_installs_again(set_up: SetUp, tmp_path: Path) -> None:
    build = set_up()
    build.bring_up_to_date()

    (tmp_path / "site" / "web" / "package-lock.json").write_text('{"changed": true}')
    build.bring_up_to_date()

    assert _calls(tmp_path).count("ci --no-audit --no-fund") == 2


@pytest.mark.parametrize("script", ["ci", "run"])
def test_failure_is_told_with_what_npm_said_and_tried_again(
    set_up: SetUp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    build = set_up(fails=script)
    with pytest.raises(PageBuildError, match="no such thing"):
        build.bring_up_to_date()

    monkeypatch.setenv("FAILS", "")

    assert (build.bring_up_to_date() / "index.html").exists()


def test_built_page_needs_no_node(set_up: SetUp, monkeypatch: pytest.MonkeyPatch) -> None:
    build = set_up()
    build.bring_up_to_date()

    monkeypatch.setenv("PATH", "")

    assert (build.bring_up_to_date() / "index.html").exists()


@pytest.mark.parametrize(
    ("version", "said"), [(None, "not here"), ("v18.20.4", "v18.20.4"), ("v", "here is v")]
)
def test_missing_or_old_node_is_named(set_up: SetUp, version: str | None, said: str) -> None:
    with pytest.raises(NodeMissingError, match=said):
        set_up(version).bring_up_to_date()


@pytest.mark.parametrize(
    ("text", "version"), [("v20.19.1", (20, 19)), ("v24.0.0", (24, 0)), ("nonsense", (0, 0)), ("v20", (0, 0))]
)
def test_versions_are_read(text: str, version: tuple[int, int]) -> None:
    assert parse_version(text) == version
