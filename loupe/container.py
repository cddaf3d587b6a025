"""The container stack on the local cloud: the image's package put together without a container engine, its
template deployed by the real SAM CLI.
"""

import hashlib
import os
import shutil
import sys
from pathlib import Path

from local.lambdas.images import IMAGES_FOLDER
from loupe.errors import DeployError
from loupe.processes import cause, last_lines, run_logged
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


def image_tag(root: Path, model: Path = MODEL) -> str:
    """What the image would be called that holds this checkout and this model's folder."""
    folder = root / model
    files = sorted(path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []
    content = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
    return fingerprint(root, content, sources=SOURCES)[:12]


def image_uri(root: Path, model: Path = MODEL) -> str:
    return f"{REPOSITORY}:{image_tag(root, model)}"


def is_assembled(root: Path, model: Path = MODEL) -> bool:
    return (IMAGES_FOLDER / image_tag(root, model)).is_dir()


def assemble_image(root: Path, log: Path, model: Path = MODEL) -> Path:
    """Make the folder with what the image holds, `task` and `model`; of older ones the last is kept."""
    folder = IMAGES_FOLDER / image_tag(root, model)
    making = folder.with_name(f"{folder.name}.making")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True)
    # By the interpreter that will run it: wheels are of one Python version.
    own = root / ".venv-lambda" / "bin" / "python"
    python = os.environ.get("LAMBDA_RUNTIME_PYTHON") or (str(own) if own.exists() else sys.executable)
    command = [python, str(root / "container" / "assemble.py"), str(making / "task")]
    if status := run_logged(command, cwd=root, env=os.environ, log=log):
        raise DeployError(
            f"Putting the image together failed with status {status}. The end of {log}:\n{last_lines(log)}\n"
            f"The cause: {cause(log)}"
        )
    shutil.copytree(root / model, making / "model")
    making.rename(folder)
    for old in sorted(IMAGES_FOLDER.iterdir(), key=lambda path: -path.stat().st_mtime)[2:]:
        shutil.rmtree(old, ignore_errors=True)
    return folder
