"""What the page's own tools say of it: its unit tests and its budget of JavaScript."""

import subprocess
from pathlib import Path

import pytest

from tests.web.build import npm_with_packages

WEB = Path(__file__).parents[2] / "site" / "web"


@pytest.fixture(scope="module")
def npm() -> str:
    return npm_with_packages(WEB.parents[1])


def test_own_tests_pass(npm: str) -> None:
    said = _run(npm, "test", "--", "--reporter=default", "--no-color")

    assert "Tests " in said


def test_first_load_is_within_its_budget(npm: str, dist: Path) -> None:
    assert "kB of gzipped JavaScript" in _run(npm, "run", "size")


def _run(npm: str, *arguments: str) -> str:
    done = subprocess.run(
        [npm, *arguments], cwd=WEB, capture_output=True, text=True, timeout=150, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    return done.stdout
