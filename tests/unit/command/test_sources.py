"""When the stack must be built and deployed anew."""

from pathlib import Path

import pytest

from loupe.sources import Stamp
from loupe.sources import fingerprint as fingerprint_of
from loupe.stacks import selected


def fingerprint(root: Path) -> str:
    [core] = selected(["core"])
    return fingerprint_of(root, sources=core.sources)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("template.yaml", "functions/one/app.py", "layers/core/Makefile", "statemachine/a.asl.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


def test_the_same_sources_have_the_same_fingerprint(root: Path) -> None:
    assert fingerprint(root) == fingerprint(root)


@pytest.mark.parametrize(
    "name", ["template.yaml", "functions/one/app.py", "layers/core/Makefile", "functions/two/app.py"]
)
def test_a_change_changes_it(root: Path, name: str) -> None:
    before = fingerprint(root)

    (root / name).parent.mkdir(exist_ok=True)
    (root / name).write_text("changed")

    assert fingerprint(root) != before


def test_a_renamed_file_changes_it(root: Path) -> None:
    before = fingerprint(root)

    (root / "functions/one/app.py").rename(root / "functions/one/other.py")

    assert fingerprint(root) != before


@pytest.mark.parametrize(
    "name", ["functions/one/__pycache__/app.pyc", "README.md", "layers/README.md", "functions/one/app.pyc"]
)
def test_what_is_not_a_source_leaves_it(root: Path, name: str) -> None:
    before = fingerprint(root)

    (root / name).parent.mkdir(exist_ok=True)
    (root / name).write_text("made")

    assert fingerprint(root) == before


def test_a_stamp_remembers_one_fingerprint(tmp_path: Path) -> None:
    stamp = Stamp(tmp_path / "deep" / "stamp.json")

    assert not stamp.matches("a")
    stamp.write("a")
    assert stamp.matches("a")
    assert not stamp.matches("b")
    stamp.remove()
    assert not stamp.matches("a")


@pytest.mark.parametrize("text", ["", "[]", "null", "{}", "nonsense"])
def test_a_broken_stamp_matches_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "stamp.json").write_text(text)

    assert not Stamp(tmp_path / "stamp.json").matches("a")
