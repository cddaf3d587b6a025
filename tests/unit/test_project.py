"""The project's own files about itself: its version, its changelog, its dependencies and its hooks."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # its stubs would be one more package to pin
from click.testing import CliRunner

from loupe import __version__
from loupe.cli import cli
from tests.documents import tracked
from tests.slow import SLOW, Slow, table, why_slow

ROOT = Path(__file__).parents[2]
RELEASE = re.compile(r"^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d\d-\d\d)$", re.M)


def load(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def test_the_newest_release_of_the_changelog_is_the_version_that_the_command_prints() -> None:
    newest, *_ = RELEASE.findall((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))

    assert newest[0] == __version__
    assert __version__ in CliRunner().invoke(cli, ["--version"], prog_name="loupe").stdout


def test_the_changelog_has_a_place_for_what_comes_next_before_its_releases() -> None:
    headings = re.findall(r"^## .*$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.M)

    assert headings[0] == "## [Unreleased]"
    assert all(RELEASE.match(each) for each in headings[1:])


@pytest.mark.parametrize(
    "hook", load(".pre-commit-config.yaml")["repos"][0]["hooks"], ids=lambda hook: hook["id"]
)
def test_a_hook_runs_a_tool_of_the_locked_environment(hook: dict[str, Any]) -> None:
    program, *arguments = hook["entry"].split()
    locked = re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements" / "dev.lock").read_text(), re.M)

    folder, _, tool = program.rpartition("/")
    assert folder == ".venv/bin"
    assert tool in locked or arguments == ["-m", "tests.documents"]


def test_each_folder_with_dependencies_is_watched_for_updates() -> None:
    watched = {
        ROOT / each.strip("/")
        for update in load(".github/dependabot.yml")["updates"]
        for each in update.get("directories", [update.get("directory")])
    }
    manifests = tracked("*requirements.in", "requirements/*.in", "*package.json")

    assert {path.parent for path in manifests} == watched - {ROOT}


@pytest.mark.parametrize(
    "source",
    tracked("requirements/*.in", "*requirements.in"),
    ids=lambda path: str(path.parent.name + "/" + path.name),
)
def test_what_is_pinned_has_its_lock_beside_it(source: Path) -> None:
    locks = [source.with_suffix(".lock"), source.with_suffix(".txt")]

    assert any(each.exists() for each in locks)


@pytest.mark.parametrize(
    "form", sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("[!c]*.yml")), ids=lambda path: path.stem
)
def test_a_form_for_issues_asks_questions_with_names_of_their_own(form: Path) -> None:
    asked = [each["id"] for each in load(str(form.relative_to(ROOT)))["body"] if each["type"] != "markdown"]

    assert asked
    assert len(set(asked)) == len(asked)


def test_contributing_lists_what_only_test_all_holds() -> None:
    assert table() in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("slow", SLOW, ids=lambda slow: slow.tests)
def test_what_is_listed_as_slow_is_there(slow: Slow) -> None:
    path, _, function = slow.tests.partition("::")

    assert (ROOT / "tests" / path).exists()
    assert f"def {function.partition('[')[0]}" in (ROOT / "tests" / path).read_text() if function else True
    assert why_slow(f"{slow.tests}{'' if function else '/test_x.py::test_y'}") == slow.why


def test_a_name_that_begins_like_a_slow_one_is_not_slow() -> None:
    assert why_slow("integration/batching/test_x.py::test_y") is None
    assert why_slow("unit/batch/test_x.py::test_y") is None
