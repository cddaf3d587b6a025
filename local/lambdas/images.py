"""Functions from container images, run without a container engine.

AWS: Lambda pulls the image from ECR and starts its command under the runtime client in it. Stock MiniStack:
needs Docker for that. Here: an image's URI stands for a folder that holds what the image's /var/task holds,
packages and all, and the command runs in the Lambda interpreter with nothing else in sight.

`LOUPE_LAMBDA_IMAGES` names a JSON file that replaces the table: a list of rows
`{"image": REGEX, "task": FOLDER, "command": HANDLER, "env": {…}}`, the first that fits wins; `task`
and `env` may use the expression's groups as `{0}`, `{1}`, ….
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]
IMAGES_FOLDER = PROJECT / ".aws-sam" / "local" / "container"


@dataclass(frozen=True)
class LocalImage:
    """What stands for a container image: the folder that is its /var/task, its command, its environment."""

    task: Path
    command: str
    env: Mapping[str, str]

    def function(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """The function's configuration as that of a Python function; its own settings beat the image's."""
        own = config.get("ImageConfigResponse", {}).get("ImageConfig", {})
        command = own.get("Command") or [self.command]
        configured = (config.get("Environment") or {}).get("Variables") or {}
        return {
            **config,
            "Runtime": "python3.13",
            "Handler": command[0],
            "Environment": {"Variables": {**self.env, **configured}},
            "LocalTask": str(self.task),
        }


@dataclass(frozen=True)
class _Row:
    image: str
    task: str
    command: str
    env: Mapping[str, str] = field(default_factory=dict)


OWN = _Row(
    # `loupe up --container` makes the folder, and names the image by what is in it.
    image=r"/loupe-container:([0-9a-f]{12})$",
    task=f"{IMAGES_FOLDER}/{{0}}/task",
    command="loupe_container.classify_image_data.handler",
    env={"MODEL_FOLDER": f"{IMAGES_FOLDER}/{{0}}/model"},
)


class ImageTable:
    """Looks images up by their URI."""

    def __init__(self, rows: Sequence[_Row] = (OWN,)) -> None:
        self._rows = rows

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "ImageTable":
        """The project's own image, or the table in the file that LOUPE_LAMBDA_IMAGES names."""
        path = environ.get("LOUPE_LAMBDA_IMAGES")
        return cls([_Row(**row) for row in json.loads(Path(path).read_text())]) if path else cls()

    def find(self, uri: str) -> LocalImage | None:
        """What stands for the image here, None where nothing does."""
        for row in self._rows:
            if match := re.search(row.image, uri):
                groups = match.groups()
                env = {name: value.format(*groups) for name, value in row.env.items()}
                image = LocalImage(Path(row.task.format(*groups)), row.command, env)
                return image if image.task.is_dir() else None
        return None
