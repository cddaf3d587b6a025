"""A batch is classified: a row a picture. An error of a picture is its row; what concerns all is raised.

What is done is kept under a key that follows from the pictures, before anything is raised and before the call
runs out of time: a call that repeats goes on from there, and nothing is classified twice.
"""

import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from loupe_batch import rows
from loupe_batch.advice import advised, archived
from loupe_batch.errors import PictureLostError
from loupe_batch.items import Item
from loupe_batch.names import Run
from loupe_batch.rows import Row, answered, counted
from loupe_batch.storage import Storage
from loupe_core.contract import ImageReference
from loupe_core.errors import (
    CorruptImageError,
    EndpointFailedError,
    EndpointRejectedError,
    ImageTooLargeError,
    LoupeError,
    StorageUnavailableError,
    TransientError,
)
from loupe_core.inference import Prediction, ranked_predictions
from loupe_core.s3_images import StoredImage

# Of the function's time, what the last picture may take that is begun.
RESERVE_MS = 40_000
# How often a picture is tried at which the model fails, or S3.
TRIES = 3
MAX_WAIT_SECONDS = 5.0
# From so many pictures on, the same error of the endpoint at all of them is no picture's.
ENOUGH_TO_BLAME_THE_ENDPOINT = 5
MAX_LOST_CAUSE = 300


class Images(Protocol):
    def get(self, image: ImageReference) -> StoredImage: ...


class Endpoint(Protocol):
    def infer(self, picture: bytes) -> object: ...


Recorder = Callable[[Row, StoredImage], str]
Annotate = Callable[[Row, bytes], Row]


@dataclass(frozen=True)
class Batch:
    """What a child is given. `only`: one of its pictures, by its place, since the function died at the batch;
    `lost`: and then at this picture, with that error.
    """

    run: Run
    endpoint: str
    model: str
    threshold: float
    record: bool
    annotate: bool
    faces: bool
    items: tuple[Item, ...]
    only: int | None
    lost: Mapping[str, str] | None

    @classmethod
    def parse(cls, event: Mapping[str, Any]) -> "Batch":
        """From `{BatchInput: {run, endpoint, model, threshold, record, annotate, faces}, Items, only?,
        lost?}`, `lost` being {error, cause}.
        """
        given = event["BatchInput"]
        return cls(
            run=Run(given["run"]),
            endpoint=given["endpoint"],
            model=given["model"],
            threshold=float(given["threshold"]),
            record=bool(given.get("record")),
            annotate=bool(given.get("annotate")),
            faces=bool(given.get("faces")),
            items=tuple(Item.parse(each) for each in event["Items"]),
            only=event.get("only"),
            lost=event.get("lost"),
        )

    @property
    def whole_part_key(self) -> str:
        return self.run.part_key(item.place for item in self.items)

    @property
    def part_key(self) -> str:
        key = self.whole_part_key
        return key if self.only is None else key.replace(".json", f"-{self.only}.json")

    @property
    def asked(self) -> tuple[Item, ...]:
        """The pictures that this call is for."""
        return self.items if self.only is None else self.items[self.only : self.only + 1]


class _ConcernsAllError(Exception):
    """Not this picture's fault: the batch ends with the error behind it."""

    def __init__(self, error: LoupeError) -> None:
        super().__init__(str(error))
        self.error = error


@dataclass
class BatchClassifier:
    """One call of classify_batch."""

    batch: Batch
    storage: Storage
    images: Images
    endpoint: Endpoint
    model_input: Callable[[bytes], bytes]
    role: str
    labels: Sequence[str]
    threads: int
    remaining_ms: Callable[[], int]
    recorder: Recorder | None = None
    annotate: Annotate | None = None
    sleep: Callable[[float], None] = time.sleep
    _halted: threading.Event = field(default_factory=threading.Event)
    _hindrances: list[LoupeError] = field(default_factory=list)

    def run(self) -> dict[str, Any]:
        """{part, pictures, classified, rejected, failed, rest}: `rest` are left for another call.

        Raises what concerns all pictures: AccessDeniedError, EndpointNotFoundError, and after all patience
        EndpointThrottledError, EndpointNotReadyError, EndpointFailedError, StorageUnavailableError.
        """
        started = time.monotonic()
        key = self.batch.part_key
        former = self.storage.read(key) or {"rows": [], "functionMs": 0, "calls": 0}
        done = [Row.parse(each) for each in former["rows"]]
        todo = self._todo(done)
        fresh, fatal = self._blamed(*self._classified(todo))
        spent = former["functionMs"] + round((time.monotonic() - started) * 1000)
        if fresh:
            content = [row.as_json() for row in [*done, *fresh]]
            self.storage.write(key, {"rows": content, "functionMs": spent, "calls": former["calls"] + 1})
        if fatal is not None:
            raise fatal
        rest = len(todo) - len(fresh)
        if rest and not fresh and self._hindrances:
            raise self._hindrances[-1]
        return {"part": key, **counted([*done, *fresh]), "rest": rest, "functionMs": spent}

    def _todo(self, done: Sequence[Row]) -> list[Item]:
        """What has no row yet; also none in the whole batch's part, which may have come a long way."""
        known = {(row.item.bucket, row.item.key) for row in done}
        if self.batch.only is not None:
            whole = self.storage.read(self.batch.whole_part_key) or {"rows": []}
            known |= {(row["bucket"], row["key"]) for row in whole["rows"]}
        return [item for item in self.batch.asked if (item.bucket, item.key) not in known]

    def _classified(self, items: Sequence[Item]) -> tuple[list[Row], LoupeError | None]:
        if self.batch.lost is not None:
            return [self._lost(item, self.batch.lost) for item in items], None
        fatal: LoupeError | None = None
        done: list[Row] = []
        with ThreadPoolExecutor(self.threads) as pool:
            for future in [pool.submit(self._row_of, item) for item in items]:
                try:
                    row = future.result()
                except _ConcernsAllError as halt:
                    fatal = fatal or halt.error
                    continue
                if row is not None:
                    done.append(row)
        return done, fatal

    def _blamed(self, fresh: list[Row], fatal: LoupeError | None) -> tuple[list[Row], LoupeError | None]:
        """Where all pictures fail alike at the endpoint, that is to blame, and no row is written."""
        names = {row.error for row in fresh}
        if fatal is None and len(fresh) >= ENOUGH_TO_BLAME_THE_ENDPOINT and len(names) == 1:
            for kind in (EndpointFailedError, EndpointRejectedError):
                if names == {kind.__name__}:
                    return [], kind(f"All {len(fresh)} pictures of a batch: {fresh[0].cause}")
        return fresh, fatal

    def _row_of(self, item: Item) -> Row | None:
        """None where time is over, or the batch is to end."""
        started = time.monotonic()
        for attempt in range(1, 1000):
            if self._halted.is_set() or self.remaining_ms() < RESERVE_MS:
                return None
            try:
                return self._attempt(item, started)
            except TransientError as error:
                # A throttled or starting endpoint is waited for; one that fails at the picture not for ever.
                if attempt >= TRIES and isinstance(error, EndpointFailedError | StorageUnavailableError):
                    return self._failed(item, error, started)
                self._hindrances.append(error)
                self.sleep(random.uniform(0, min(MAX_WAIT_SECONDS, 0.2 * 2**attempt)))
        return None

    def _attempt(self, item: Item, started: float) -> Row:
        try:
            if item.is_archived:
                raise archived(item)
            stored = self.images.get(item.image)
        except TransientError:
            raise
        except LoupeError as error:
            return self._failed(item, advised(error, item, self.role), started)
        seen = Item(
            item.bucket,
            item.key,
            stored.version_id or "",
            stored.etag or item.etag,
            len(stored.content),
            item.storage_class,
            item.former,
        )
        try:
            picture = self.model_input(stored.content)
        except LoupeError as error:
            return self._failed(seen, error, started)
        try:
            ranked = self._asked(picture)
        except EndpointRejectedError as error:
            return self._failed(seen, error, started)
        row = answered(seen, ranked, self.batch.threshold, self.batch.model, _since(started))
        try:
            row = self._annotated(row, stored.content)
        except (CorruptImageError, ImageTooLargeError) as error:
            return self._failed(seen, error, started)
        return self._recorded(row, stored)

    def _annotated(self, row: Row, content: bytes) -> Row:
        if self.annotate is None:
            return row
        with self._halting(CorruptImageError, ImageTooLargeError):
            return self.annotate(row, content)

    def _asked(self, picture: bytes) -> list[Prediction]:
        with self._halting(EndpointRejectedError):
            return ranked_predictions(self.endpoint.infer(picture), self.labels)

    def _recorded(self, row: Row, stored: StoredImage) -> Row:
        if self.recorder is None:
            return row
        with self._halting():
            return replace(row, recorded=self.recorder(row, stored))

    @contextmanager
    def _halting(self, *pictures_own: type[LoupeError]) -> Iterator[None]:
        """Ends the batch with an error that is neither transient nor a picture's own."""
        passed: tuple[type[LoupeError], ...] = (TransientError, *pictures_own)
        try:
            yield
        except passed:
            raise
        except LoupeError as error:
            self._halted.set()
            raise _ConcernsAllError(error) from error

    def _failed(self, item: Item, error: LoupeError, started: float) -> Row:
        return rows.failed(item, type(error).__name__, str(error), self.batch.model, _since(started))

    def _lost(self, item: Item, lost: Mapping[str, str]) -> Row:
        cause = f"The function died at this picture ({lost['error']}): {lost.get('cause', '')}"
        name = PictureLostError.__name__
        return rows.failed(item, name, cause[:MAX_LOST_CAUSE], self.batch.model)


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
