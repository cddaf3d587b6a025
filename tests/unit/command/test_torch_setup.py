"""Installing PyTorch where a training job will need it."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from loupe.errors import CloudError
from loupe.settings import Settings
from loupe.torch_setup import set_training_up


class Make:
    """Stands for `make setup-train`: writes the stamp, or fails with a log."""

    def __init__(self, root: Path, status: int = 0) -> None:
        self.root, self.status = root, status
        self.commands: list[Sequence[str]] = []

    def __call__(self, command: Sequence[str], *, log: Path, **_: Any) -> int:
        self.commands.append(command[1:])
        if self.status:
            log.write_text("No matching distribution found for torch\n")
        else:
            (self.root / ".venv-train").mkdir(exist_ok=True)
            (self.root / ".venv-train" / ".stamp").touch()
        return self.status


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "requirements").mkdir()
    for name in ("train.lock", "torch.txt"):
        (tmp_path / "requirements" / name).touch()
    return Settings(tmp_path, tmp_path / "state", 4566, None)


def test_pytorch_is_installed_once(settings: Settings) -> None:
    make = Make(settings.root)

    set_training_up(settings, make)
    set_training_up(settings, make)

    assert make.commands == [["setup-train"]]


def test_a_newer_lock_is_installed_again(settings: Settings) -> None:
    make = Make(settings.root)
    set_training_up(settings, make)
    stamp = (settings.root / ".venv-train" / ".stamp").stat().st_mtime
    os.utime(settings.root / "requirements" / "train.lock", (stamp + 5, stamp + 5))

    set_training_up(settings, make)

    assert len(make.commands) == 2


def test_a_failed_installation_shows_its_log_and_what_to_do(settings: Settings) -> None:
    with pytest.raises(CloudError, match=r"(?s)make setup-train.*No matching distribution"):
        set_training_up(settings, Make(settings.root, status=2))


def test_without_make_it_says_what_to_do(settings: Settings) -> None:
    with pytest.raises(CloudError, match="make setup-train"):
        set_training_up(settings, Make(settings.root), {"PATH": str(settings.root)})
