"""What is installed is what was locked: every package of every lock by its hash, but for PyTorch."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = sorted((ROOT / "requirements").glob("*.lock"))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_package_of_a_lock_has_hashes(lock: Path) -> None:
    entries = re.split(r"(?m)^(?=[A-Za-z0-9])", lock.read_text("utf-8"))
    packages = [each for each in entries if "==" in each.split("\n")[0]]

    assert packages
    assert [each.split("\n")[0] for each in packages if "--hash=sha256:" not in each] == []


def test_pytorch_is_installed_after_what_has_hashes() -> None:
    torch = [
        line for line in (ROOT / "requirements/torch.txt").read_text("utf-8").splitlines() if line[0] != "#"
    ]
    recipe = (ROOT / "Makefile").read_text("utf-8").split(".venv-train/.stamp:")[1].split("\n\n")[0]

    assert [line.split("==")[0] for line in torch] == ["torch"]
    locked = (ROOT / "requirements/train.lock").read_text("utf-8")
    assert re.findall(r"(?m)^(?:torch|triton|nvidia|cuda)\S*", locked) == []
    installed = re.findall(r"-r requirements/(\S+)", recipe)
    assert installed == ["train.lock", "torch.txt"]


def test_every_lock_is_installed_by_its_hashes() -> None:
    text = (ROOT / "Makefile").read_text("utf-8") + (ROOT / "model/Dockerfile").read_text("utf-8")
    commands = [line for line in text.splitlines() if re.search(r"-r \S*\.lock", line)]

    assert len(commands) >= len({"dev", "sam", "lint", "lambda-runtime", "train", "bench"})
    assert [line for line in commands if "--require-hashes" not in line] == []
