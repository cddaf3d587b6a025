"""The container stack on the local cloud: the image's package put together without a container engine, its
template deployed by the real SAM CLI.
"""

import os
import shutil
import sys
from pathlib import Path

from local.lambdas.images import IMAGES_FOLDER
from loupe.errors import DeployError
from loupe.processes import last_lines, run_logged
from loupe.sources import fingerprint

STACK = "loupe-container"
TEMPLATE = Path("container", "template.yaml")
MODEL = Path("model", "artifacts", "digits")
REPOSITORY = "000000000000.dkr.ecr.us-east-1.amazonaws.com/loupe-container"
"""Names a repository for CloudFormation's sake; the local cloud runs what would be in the image."""
SOURCES = (
    "container/assemble.py",
    "container/requirements.txt",
    "container/loupe_container",
    "layers/core/loupe_core",
    "layers/imaging/loupe_formats",
    "layers/imaging/loupe_imaging",
    "model",
)


def image_tag(root: Path) -> str:
    """What the image would be called that holds this checkout."""
    return fingerprint(root, sources=SOURCES)[:12]


def image_uri(root: Path) -> str:
    return f"{REPOSITORY}:{image_tag(root)}"


def is_assembled(root: Path) -> bool:
    return (IMAGES_FOLDER / image_tag(root)).is_dir()


def assemble_image(root: Path, log: Path) -> Path:
    """Make the folder with what the image holds, `task` and `model`; of older ones the last is kept."""
    folder = IMAGES_FOLDER / image_tag(root)
    making = folder.with_name(f"{folder.name}.making")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True)
    command = [sys.executable, str(root / "container" / "assemble.py"), str(making / "task")]
    if status := run_logged(command, cwd=root, env=os.environ, log=log):
        raise DeployError(
            f"Putting the image together failed with status {status}. The end of {log}:\n{last_lines(log)}"
        )
    shutil.copytree(root / MODEL, making / "model")
    making.rename(folder)
    for old in sorted(IMAGES_FOLDER.iterdir(), key=lambda path: -path.stat().st_mtime)[2:]:
        shutil.rmtree(old, ignore_errors=True)
    return folder
