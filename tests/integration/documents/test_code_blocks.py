"""The shell commands of the documents, run as they stand, in order, in a folder like a checkout.

What needs an account, Docker or a bucket is not run here; it stands in `ELSEWHERE` with what it needs.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from local.ports import free_port
from model.pictures import write_class_folders

ROOT = Path(__file__).parents[3]
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.M | re.S)
PICTURES = 300
SECONDS = 1500
EVENTS = ROOT / "events" / "images"


@dataclass(frozen=True)
class Document:
    """A document whose commands run, and the exit codes other than 0 that it lets expect."""

    name: str
    exit_codes: dict[str, int] = field(default_factory=dict)


RUN = (
    Document(
        "docs/tutorials/laptop.md",
        {".venv/bin/loupe classify events/images/digit-5.png events/images/cat.jpg": 3},
    ),
    Document("docs/tutorials/data-scientist.md", {".venv/bin/loupe classify photo.jpg": 3}),
)
ELSEWHERE = {
    "README.md": "make demo and make test run in CI; sam, an account",
    "docs/aws-readiness.md": "an account",
    "docs/batch.md": "somebody's bucket",
    "docs/container.md": "Docker, or an account",
    "docs/deploying.md": "an account",
    "docs/operating.md": "an account",
    "docs/review.md": "pictures that wait for a person",
    "docs/training.md": "somebody's bucket and models; the data scientist's tutorial has the same commands",
    "docs/upgrading.md": "a stack of the former release",
    "docs/tutorials/account.md": "an account",
}


def commands(document: str) -> list[str]:
    """The lines of a document's shell blocks, without their comments; a line that goes on is one."""
    text = (ROOT / document).read_text(encoding="utf-8")
    lines = "\n".join(BLOCK.findall(text)).replace("\\\n", " ").splitlines()
    return [bare for line in lines if (bare := re.sub(r"\s+#.*$", "", line).strip())]


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with what a checkout has, a photo, and labelled photos; with a local cloud of its own."""
    # Else `make setup` would install the project anew there, from a folder that is gone after the test.
    subprocess.run(["make", "-s", "setup"], cwd=ROOT, check=True, capture_output=True)
    folder = tmp_path / "loupe"
    folder.mkdir()
    for path in ROOT.iterdir():
        if path.name not in {".loupe", ".git", "build", "photos", "photo.jpg"}:
            (folder / path.name).symlink_to(path)
    shutil.copy(EVENTS / "cat.jpg", folder / "photo.jpg")
    write_class_folders(folder / "photos")
    for path in (folder / "photos").rglob("*.png"):
        if int(path.stem) >= PICTURES:
            path.unlink()
    monkeypatch.setenv("LOUPE_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("LOUPE_PORT", str(free_port()))
    monkeypatch.setenv("LOUPE_WEB_PORT", str(free_port()))
    yield folder
    subprocess.run([".venv/bin/loupe", "down"], cwd=folder, check=False, timeout=120, capture_output=True)


@pytest.mark.timeout(2 * SECONDS)
@pytest.mark.parametrize("document", RUN, ids=lambda document: document.name)
def test_the_commands_of_a_document_do_what_it_says(checkout: Path, document: Document) -> None:
    for command in commands(document.name):
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=checkout,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

        expected = document.exit_codes.get(command, 0)
        assert done.returncode == expected, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
