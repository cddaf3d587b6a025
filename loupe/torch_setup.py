"""Make .venv-train, where the local cloud's training jobs run, when it is not there or out of date."""

import fcntl
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from loupe.console import working
from loupe.errors import CloudError
from loupe.processes import last_lines, run_logged
from loupe.settings import Settings

BY_HAND = "`make setup-train` in the project's folder makes it, and shows what goes wrong"


def training_is_set_up(root: Path) -> bool:
    """Whether .venv-train is complete and as new as the files that it is made from."""
    stamp, wanted = root / ".venv-train" / ".stamp", root / "requirements"
    try:
        newest = max((wanted / name).stat().st_mtime for name in ("train.lock", "torch.txt"))
        return stamp.stat().st_mtime >= newest
    except OSError:
        return False


def set_training_up(
    settings: Settings,
    run: Callable[..., int] = run_logged,
    environ: Mapping[str, str] = os.environ,
) -> None:
    """Run `make setup-train` where it is needed. CloudError says what to do when that is not possible."""
    if training_is_set_up(settings.root):
        return
    make = shutil.which("make", path=environ.get("PATH"))
    if make is None:
        raise CloudError(f"Training needs PyTorch in .venv-train, and there is no make here. {BY_HAND}.")
    log = settings.state / "setup-train.log"
    settings.state.mkdir(parents=True, exist_ok=True)
    doing = (
        "Installing PyTorch into .venv-train, once (200 MB for a CPU; gigabytes where pip finds CUDA's build)"
    )
    # One at a time in this project, whichever local cloud it is for.
    with (settings.root / "requirements" / "train.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if training_is_set_up(settings.root):
            return
        with working(doing, "PyTorch installed"):
            status = run([make, "setup-train"], cwd=settings.root, env=environ, log=log)
            if status:
                said = last_lines(log)
                raise CloudError(f"PyTorch could not be installed. {BY_HAND}. The end of {log}:\n{said}")
