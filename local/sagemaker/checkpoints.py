"""Checkpoints: a folder of the container that is kept equal to a place in S3 while the job runs."""

import logging
import threading
from pathlib import Path
from typing import Any

from local.sagemaker import artifacts
from local.sagemaker.errors import ArtifactError

_log = logging.getLogger(__name__)
_INTERVAL = 2.0


class CheckpointSync:
    """Fetches what an earlier job left, then uploads what changes, every two seconds and at the end."""

    def __init__(self, s3: Any, uri: str, folder: Path) -> None:
        self._s3 = s3
        self._uri = uri.rstrip("/")
        self._folder = folder
        self._known: dict[Path, tuple[int, int]] = {}
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"checkpoints {uri}", daemon=True)

    def start(self) -> None:
        """Fetch, then watch; ArtifactError if S3 can't be read."""
        self._folder.mkdir(parents=True, exist_ok=True)
        artifacts.download_prefix(self._s3, self._uri + "/", self._folder)
        self._known = self._state()
        self._thread.start()

    def finish(self) -> None:
        """Upload the last changes; ArtifactError if that fails."""
        self._done.set()
        self._thread.join()
        self._upload()

    def _run(self) -> None:
        while not self._done.wait(_INTERVAL):
            try:
                self._upload()
            except ArtifactError as error:
                _log.warning("checkpoint not uploaded: %s", error)

    def _upload(self) -> None:
        for path, state in self._state().items():
            if self._known.get(path) == state:
                continue
            artifacts.upload(self._s3, path, f"{self._uri}/{path.relative_to(self._folder).as_posix()}")
            self._known[path] = state

    def _state(self) -> dict[Path, tuple[int, int]]:
        """Each file's time of change and size; a file that vanishes meanwhile is left out."""
        found = {}
        for path in self._folder.rglob("*"):
            try:
                stat = path.stat()
            except FileNotFoundError:
                continue
            if path.is_file():
                found[path] = (stat.st_mtime_ns, stat.st_size)
        return found
