"""The image table: which local command stands for a container image.

The table is JSON, a list of rows `{"repository": REGEX, "serve": [argv], "train": [argv], "entrypoint":
[argv], "python": PATH, "env": {…}, "lacks": TEXT}`; the first row whose regular expression is found in the
image's URI wins. `LOUPE_SAGEMAKER_IMAGES` names a file that replaces the table here. In argv `{python}` is
the row's interpreter (`python`), by default the one that runs this service.
"""

import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.sagemaker.errors import ImageNotFoundError
from local.sagemaker.settings import PROJECT

# A container's own names for its interpreter and its programs; on this machine they are the row's.
_INTERPRETERS = re.compile(r"(/usr/(local/)?bin/)?python3?(\.\d+)?")


@dataclass(frozen=True)
class Image:
    """One row: what the container's `serve` and `train` stand for, and its own entry point.

    `lacks` says why one of them is missing, if it could be there.
    """

    repository: str
    serve: tuple[str, ...] = ()
    train: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()
    python: str = sys.executable
    env: Mapping[str, str] = field(default_factory=dict)
    lacks: str = ""

    def entry(self, command: str) -> list[str]:
        """What the image runs when SageMaker calls it with `serve` or `train`.

        ImageNotFoundError if it can't.
        """
        argv = {"serve": self.serve, "train": self.train}[command]
        if not argv:
            raise ImageNotFoundError(self.lacks or f"The image has no command for {command!r}")
        return self._filled(argv)

    def resolve(self, argv: Sequence[str]) -> list[str]:
        """A command line in the container's terms (`python3 …`, `train`, `serve`) in this machine's.

        An empty one is the image's own entry point, and no command if the image has none.
        """
        if not argv:
            return self._filled(self.entrypoint)
        first, rest = argv[0], list(argv[1:])
        if first in ("train", "serve"):
            return self.entry(first) + rest
        return [self.python if _INTERPRETERS.fullmatch(first) else first, *rest]

    def _filled(self, argv: Sequence[str]) -> list[str]:
        return [part.replace("{python}", self.python) for part in argv]


class ImageTable:
    """Looks images up; without rows of its own it knows the project's image as it is at that moment."""

    def __init__(self, images: Sequence[Image] | None) -> None:
        self._images = images

    @classmethod
    def read(cls, path: Path | None) -> "ImageTable":
        """The table in `path`, or the project's own; ValueError says what is wrong with the file."""
        if path is None:
            return cls(None)
        try:
            rows = json.loads(path.read_text())
            if not isinstance(rows, list):
                raise TypeError("it must be a list of rows")
            return cls([_image(row) for row in rows])
        except (OSError, ValueError, TypeError, KeyError, re.error) as error:
            raise ValueError(f"The image table {path} cannot be read: {error}") from error

    def find(self, uri: str) -> Image:
        """The row for an image's URI; ImageNotFoundError if none fits."""
        for image in [own_image()] if self._images is None else self._images:
            if re.search(image.repository, uri):
                return image
        raise ImageNotFoundError(f"No local command stands for the image {uri}")


def own_image(project: Path = PROJECT) -> Image:
    """The project's own model image, run from the source tree; torch lives in an interpreter of its own."""
    # The stamp comes last: an interpreter alone may still be without its packages.
    there = (project / ".venv-train" / ".stamp").exists()
    trainer = project / ".venv-train" / "bin" / "python"
    return Image(
        repository="loupe-model",
        serve=(sys.executable, "-m", "model.serve"),
        train=("{python}", "-m", "model.train") if there else (),
        entrypoint=("{python}", "-m", "model"),
        python=str(trainer) if there else sys.executable,
        env={"PYTHONPATH": str(project)},
        lacks="" if there else "Training needs PyTorch in .venv-train; `make setup-train` makes it",
    )


def _image(row: Mapping[str, Any]) -> Image:
    re.compile(row["repository"])
    return Image(
        repository=row["repository"],
        serve=tuple(row.get("serve", ())),
        train=tuple(row.get("train", ())),
        entrypoint=tuple(row.get("entrypoint", ())),
        python=row.get("python", sys.executable),
        env=dict(row.get("env", {})),
        lacks=row.get("lacks", ""),
    )
