"""`loupe classify --watch`: classify what is there, then what comes."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from loupe.classify import ClassifyOptions, Workflow, classify_all
from loupe.errors import InputError
from loupe.pictures import Picture
from loupe.results import Result

INTERVAL = 1.0

Stamp = tuple[int, int] | None
"""A file's size and time of change; None for what is in S3, whose key is all there is to know it by."""


class Watcher:
    """Tells which pictures are new or changed since they were last handed out, and are no longer being
    written.
    """

    def __init__(self, look: Callable[[], Sequence[Picture]]) -> None:
        self._look = look
        self._handed_out: dict[str, Stamp] = {}
        self._seen: dict[str, Stamp] = {}

    def written(self) -> list[Picture]:
        """Pictures to classify now.

        A file counts when two looks in a row find it the same: it has been written.
        """
        try:
            found = [(picture, _stamp(picture)) for picture in self._look()]
        except (InputError, FileNotFoundError):
            return []  # an empty folder fills, a file that is being replaced comes back
        ready = [
            picture
            for picture, stamp in found
            if (stamp is None or self._seen.get(picture.name) == stamp)
            and self._handed_out.get(picture.name, ()) != stamp
        ]
        self._seen = {picture.name: stamp for picture, stamp in found}
        self._handed_out |= {picture.name: self._seen[picture.name] for picture in ready}
        return ready


def watch(
    look: Callable[[], Sequence[Picture]],
    workflow: Workflow,
    options: ClassifyOptions,
    report: Callable[[Result], None],
    wait: Callable[[float], None] = time.sleep,
) -> None:
    """Classify for ever; leaves by an exception, KeyboardInterrupt as a rule."""
    watcher = Watcher(look)
    while True:
        for result in classify_all(watcher.written(), workflow, options):
            report(result)
        wait(INTERVAL)


def _stamp(picture: Picture) -> Stamp:
    if not isinstance(picture.source, Path):
        return None
    found = picture.source.stat()
    return found.st_size, found.st_mtime_ns
