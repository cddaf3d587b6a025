"""A source becomes a list: `items.jsonl`, a line a picture that is to be classified.

One form for all sources: what Step Functions reads is always the same, and folder markers, repetitions and
what a former run has done are left out before anything is paid for.
"""

import json
import random
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import IO, Any

from loupe_batch.errors import EmptySourceError, RunNotFoundError, SourceTooLargeError
from loupe_batch.former import FormerRows, Listed, is_same_version, rows_of
from loupe_batch.items import Item
from loupe_batch.names import Run
from loupe_batch.request import CSV, JSONL, Source
from loupe_batch.rows import Row
from loupe_batch.sources import items_of
from loupe_batch.storage import Storage

CARRIED_A_PART = 1000
ASKED_AT_ONCE = 32
JSON_LINES = "application/jsonl"


@dataclass
class Counts:
    """`pictures` are to be classified, `carried` the resumed run has done; `listed` are all of them."""

    listed: int = 0
    pictures: int = 0
    carried: int = 0
    folder_markers: int = 0
    repeated: int = 0
    size: int = 0

    def as_json(self) -> dict[str, int]:
        return {
            "listed": self.listed,
            "pictures": self.pictures,
            "carried": self.carried,
            "folderMarkers": self.folder_markers,
            "repeated": self.repeated,
            "bytes": self.size,
        }


@dataclass
class Preparation:
    """One call of prepare_items. `remaining_ms` says how much of the function's time is left."""

    plan: dict[str, Any]
    storage: Storage
    uploads_bucket: str
    records: Callable[[str], Iterable[Item]]
    remaining_ms: Callable[[], int]
    counts: Counts = field(default_factory=Counts)

    @property
    def _run(self) -> Run:
        return Run(self.plan["run"])

    def prepare(self) -> dict[str, int]:
        """Writes the list, and the rows that are carried over. Gives the counts.

        Raises EmptySourceError, SourceTooLargeError, RunNotFoundError and what `items_of` raises.
        """
        with ExitStack() as stack:
            found = self._new(self._of_source(), stack)
            if self.plan["maxPictures"]:
                found = self._at_most(found, self.plan["maxPictures"])
            if self.plan["sample"]:
                found = iter(self._sampled(found, self.plan["sample"]))
            if self.plan["resume"]:
                found = self._without_former(found, stack)
            with tempfile.TemporaryFile() as file:
                self._write(found, file)
                if self.counts.listed == 0:
                    raise EmptySourceError(f"There is no picture at {_address(self.plan['source'])}.")
                self.storage.upload(file, self._run.items_key, JSON_LINES)
        counts = self.counts.as_json()
        self.storage.write(f"{self._run.folder}counts.json", counts)
        return counts

    def _of_source(self) -> Iterator[Item]:
        source = Source(**self.plan["source"])
        records = self.records(self.plan["model"])
        return items_of(source, self.storage, self.uploads_bucket, records)

    def _new(self, items: Iterator[Item], stack: ExitStack) -> Iterator[Item]:
        """Without folder markers and repetitions. A prefix names nothing twice."""
        repeats = self.plan["source"]["kind"] in (CSV, JSONL)
        listed = stack.enter_context(Listed.open()) if repeats else None
        for number, item in enumerate(items):
            if number % 1000 == 0 and self.remaining_ms() < 60_000:
                raise SourceTooLargeError(
                    f"After {number:,} pictures the time to list them was over. Give parts of the source, "
                    "each in a run of its own."
                )
            if item.is_folder_marker:
                self.counts.folder_markers += 1
            elif listed is not None and not listed.is_new(item):
                self.counts.repeated += 1
            else:
                self.counts.listed += 1
                self.counts.size += item.size or 0
                yield item

    @staticmethod
    def _at_most(items: Iterator[Item], most: int) -> Iterator[Item]:
        for number, item in enumerate(items, 1):
            yield item
            if number >= most:
                return

    def _sampled(self, items: Iterator[Item], size: int) -> list[Item]:
        """So many of them, each as likely as any other, alike whenever the run is asked again."""
        chance = random.Random(self.plan["run"])
        kept: list[Item] = []
        for number, item in enumerate(items):
            if number < size:
                kept.append(item)
            elif (place := chance.randrange(number + 1)) < size:
                kept[place] = item
        return kept

    def _without_former(self, items: Iterator[Item], stack: ExitStack) -> Iterator[Item]:
        """What the resumed run has not done; what it has becomes rows of this one."""
        former_run = Run(self.plan["resume"])
        if self.storage.read(former_run.plan_key) is None:
            raise RunNotFoundError(f"There is no run {former_run.name} to resume.")
        rows = rows_of(former_run, self.storage)
        former = stack.enter_context(
            FormerRows.open(
                rows,
                self.plan["model"],
                annotate=bool(self.plan.get("annotate")),
                faces=bool(self.plan.get("faces")),
            )
        )
        carried: list[Row] = []
        for item in self._with_etags(items, former):
            row = former.row_of(item)
            if row is None or not is_same_version(item, row):
                yield item
                continue
            carried.append(row.judged(self.plan["threshold"]))
            if len(carried) == CARRIED_A_PART:
                self._carry(carried)
        self._carry(carried)

    def _with_etags(self, items: Iterator[Item], former: FormerRows) -> Iterator[Item]:
        """A list says no ETag: of what was done, S3 is asked whether it is still the same."""

        def asked(item: Item) -> Item:
            head = self.storage.head(item.bucket, item.key, item.version_id or None)
            etag = head["ETag"].strip('"') if head else ""
            return Item(
                item.bucket, item.key, item.version_id, etag, item.size, item.storage_class, item.former
            )

        with ThreadPoolExecutor(ASKED_AT_ONCE) as pool:
            for chunk in _chunks(items, 1000):
                unknown = [
                    number
                    for number, item in enumerate(chunk)
                    if not item.etag and not item.version_id and former.row_of(item)
                ]
                answers = pool.map(asked, [chunk[number] for number in unknown])
                for number, answer in zip(unknown, answers, strict=True):
                    chunk[number] = answer
                yield from chunk

    def _carry(self, rows: list[Row]) -> None:
        if rows:
            key = f"{self._run.rows_prefix}carried-{self.counts.carried:09}.json"
            self.storage.write(
                key, {"carried": True, "functionMs": 0, "rows": [row.as_json() for row in rows]}
            )
            self.counts.carried += len(rows)
            rows.clear()

    def _write(self, items: Iterator[Item], file: IO[bytes]) -> None:
        for item in items:
            line = json.dumps(item.as_json(), ensure_ascii=False, separators=(",", ":"))
            file.write(line.encode("utf-8", "surrogatepass") + b"\n")
            self.counts.pictures += 1


def _chunks(items: Iterator[Item], size: int) -> Iterator[list[Item]]:
    chunk: list[Item] = []
    for item in items:
        chunk.append(item)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _address(source: dict[str, str]) -> str:
    return f"s3://{source['bucket']}/{source['key']}" if source["bucket"] else "the Images table"
