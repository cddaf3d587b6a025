"""The end of a run: its rows become a report. Memory stays flat, whatever the number of pictures.

Every picture of the list has exactly one row: those of batches that failed, or that the run did not come to,
are made of what Step Functions wrote of them.
"""

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from loupe_batch import cost, rows
from loupe_batch.errors import NotStartedError
from loupe_batch.figures import UNSURE, Figures
from loupe_batch.former import parts_of
from loupe_batch.html import page
from loupe_batch.items import Item
from loupe_batch.names import Run
from loupe_batch.plan import PICTURES_A_BATCH
from loupe_batch.rows import FAILED, Row
from loupe_batch.storage import Storage
from loupe_batch.tables import CsvFile, ParquetFile
from loupe_core.outcomes import Failure

MILLION = 1_000_000
SUCCEEDED, PARTIAL = "SUCCEEDED", "PARTIAL"
TYPES = {
    "results.csv": "text/csv; charset=utf-8",
    "failed.csv": "text/csv; charset=utf-8",
    "results.parquet": "application/vnd.apache.parquet",
}
Thumbnail = Callable[[Row], bytes | None]
Ask = Callable[[Row], bool]


@dataclass
class Finish:
    """One call of finish_batch. `thumbnail` gives a small JPEG of a picture, or None; `ask` lets a person
    decide about one, where its record is still the run's.
    """

    plan: Mapping[str, Any]
    failure: Mapping[str, str] | None
    storage: Storage
    thumbnail: Thumbnail
    now: datetime
    ask: Ask = lambda row: False

    @property
    def _run(self) -> Run:
        return Run(self.plan["run"])

    def finish(self) -> dict[str, Any]:
        """Writes the report's files; gives the run's outcome.

        {status, run, pictures, classified, rejected, failed, inReview, report, executionArn, durationMs, …}
        """
        wanted = self.plan.get("review") or 0
        figures = Figures(self.plan["threshold"], kept_unsure=max(UNSURE, wanted))
        with ExitStack() as stack:
            files = {name: stack.enter_context(tempfile.TemporaryFile()) for name in TYPES}
            results, failed = CsvFile(files["results.csv"]), CsvFile(files["failed.csv"])
            table = ParquetFile(files["results.parquet"])
            for row in self._rows(figures):
                figures.add(row)
                results.add(row)
                table.add(row)
                if row.status == FAILED:
                    failed.add(row)
            for each in (results, failed, table):
                each.close()
            for name, file in files.items():
                self.storage.upload(file, f"{self._run.report_prefix}{name}", TYPES[name])
        in_review = sum(self.ask(row) for row in figures.unsure[:wanted])
        summary = {**self._summary(figures), "inReview": in_review}
        self.storage.write(f"{self._run.report_prefix}summary.json", summary)
        self._write_page(summary, figures)
        return {
            name: summary[name]
            for name in (
                *("status", "run", "pictures", "classified", "rejected", "failed", "carried", "inReview"),
                *("report", "executionArn", "durationMs", "cost"),
            )
        }

    def _rows(self, figures: Figures) -> Iterator[Row]:
        for part in parts_of(self._run, self.storage):
            figures.add_part(part)
            content = part["rows"]
            assert isinstance(content, list)
            yield from map(Row.parse, content)
        for batch, failure in self._unfinished():
            yield from self._rows_without_result(batch, failure)

    def _unfinished(self) -> Iterator[tuple[list[Item], Failure]]:
        """The batches without a result, as ResultWriter's files of all map runs tell them.

        Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
        """
        for key in self.storage.keys(self._run.results_prefix):
            if not key.endswith("manifest.json"):
                continue
            files = (self.storage.read(key) or {}).get("ResultFiles", {})
            for kind in ("FAILED", "PENDING"):
                for file in files.get(kind, []):
                    yield from self._batches_of(file["Key"])

    def _batches_of(self, key: str) -> Iterator[tuple[list[Item], Failure]]:
        with tempfile.TemporaryFile() as copy:
            self.storage.download(self.storage.bucket, key, copy)
            for line in copy:
                if not line.strip():
                    continue
                child = json.loads(line)
                items = [Item.parse(each) for each in json.loads(child["Input"])["Items"]]
                failure = Failure.parse({"Error": child.get("Error"), "Cause": child.get("Cause")})
                yield items, failure or self._not_started(child.get("Status", ""))

    def _not_started(self, status: str) -> Failure:
        why = self.failure["error"] if self.failure else "it was stopped"
        if status == "TIMED_OUT":
            return Failure("States.Timeout", "The batch took longer than the five minutes of a child.")
        cause = f"The run ended before this picture's turn: {why}."
        return Failure(NotStartedError.__name__, cause)

    def _rows_without_result(self, batch: list[Item], failure: Failure) -> Iterator[Row]:
        """What such a batch has done stands under its key, or where it went one by one beside it."""
        key = self._run.part_key(item.place for item in batch)
        parts = [self.storage.read(each) for each in self.storage.keys(key.removesuffix(".json"))]
        known = {(row["bucket"], row["key"]) for part in parts if part for row in part["rows"]}
        for item in batch:
            if (item.bucket, item.key) not in known:
                yield rows.failed(item, failure.name, failure.cause, self.plan["model"])

    def _summary(self, figures: Figures) -> dict[str, Any]:
        counts = self.storage.read(f"{self._run.folder}counts.json") or {}
        started = datetime.fromisoformat(self.plan["startedAt"].replace("Z", "+00:00"))
        done = figures.pictures - figures.carried
        batches = -(-max(0, done) // self.plan["picturesABatch"])
        parts = cost.orchestration(
            done,
            batches,
            figures.calls,
            figures.function_ms,
            recorded=sum(figures.recorded.values()),
            # What was carried over was paid by the run before.
            annotated=_part(figures.annotated, done, figures),
            looked_for_faces=_part(figures.looked_for_faces, done, figures),
        )
        return {
            "status": PARTIAL if self.failure else SUCCEEDED,
            "run": self._run.name,
            **figures.as_json(),
            "source": self.plan["source"],
            "listed": counts,
            "model": self.plan["model"],
            "on": self.plan["on"],
            "endpoint": self.plan["endpoint"],
            "concurrency": self.plan["concurrency"],
            "instances": [
                {"type": each["InstanceType"], "count": each["InitialInstanceCount"]}
                for each in self.plan["variants"]
            ],
            "failure": self._explained(),
            "report": f"s3://{self.storage.bucket}/{self._run.report_prefix}summary.html",
            "executionArn": self.plan["executionArn"],
            "startedAt": self.plan["startedAt"],
            "durationMs": round((self.now - started).total_seconds() * 1000),
            "cost": round(sum(parts.values()), 6),
            "costs": {name: round(dollars, 6) for name, dollars in parts.items()},
            "costsOfAMillion": _of_a_million(figures, done),
        }

    def _explained(self) -> dict[str, str] | None:
        failure = self.failure and Failure.parse(
            {"Error": self.failure["error"], "Cause": self.failure["cause"]}
        )
        return {"error": failure.name, "cause": failure.cause} if failure else None

    def _write_page(self, summary: Mapping[str, Any], figures: Figures) -> None:
        unsure = [(row, self.thumbnail(row)) for row in figures.unsure[:UNSURE]]
        with tempfile.TemporaryFile() as file:
            file.write(page(summary, unsure).encode("utf-8", "backslashreplace"))
            self.storage.upload(file, f"{self._run.report_prefix}summary.html", "text/html; charset=utf-8")


def _part(count: int, pictures: int, figures: Figures) -> int:
    """Of so many pictures, as many as `count` of all of the run."""
    return round(count * pictures / max(1, figures.pictures))


def _of_a_million(figures: Figures, done: int) -> dict[str, float]:
    """What a million such pictures cost. Of a few, a part would be the parent's own states."""
    share = MILLION / max(1, done)
    batches = MILLION // PICTURES_A_BATCH
    parts = cost.orchestration(
        MILLION,
        batches,
        batches,
        figures.function_ms * share,
        recorded=round(sum(figures.recorded.values()) * share),
        annotated=_part(figures.annotated, MILLION, figures),
        looked_for_faces=_part(figures.looked_for_faces, MILLION, figures),
    )
    return {name: round(dollars, 4) for name, dollars in parts.items()}
