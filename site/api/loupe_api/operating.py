"""How the stack does, for operators: from records within bounds, and from what CloudWatch counts."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Protocol

from loupe_api import figures
from loupe_api.about_model import Model
from loupe_api.errors import NotFoundError
from loupe_api.figures_models import FailedImage, FailureCount, Figures, PeriodCost, StepDuration
from loupe_api.live_model import LiveModel
from loupe_api.metrics import Measured, Metrics, PendingRecords, UndeliveredEvents
from loupe_api.records import ImageRecord, MadeUrls, Page, timestamp
from loupe_api.searching import STATUSES, Wanted

KEPT = timedelta(minutes=1)
# Of each status so many queries of a megabyte: some three thousand records.
MAX_READS, A_READ = 5, 1000


class Images(Protocol):
    """Where images' records are kept; `image_table.ImageTable`."""

    def of_status(
        self, status: str, wanted: Wanted, limit: int, start: Mapping[str, str] | None
    ) -> Page[ImageRecord]: ...


class Objects(Protocol):
    """Where pictures are kept; `objects.ImageObjects`."""

    def made_urls(self, record: ImageRecord) -> MadeUrls: ...


class Operating:
    """The figures of a period, a minute old at most."""

    def __init__(
        self,
        images: Images,
        objects: Objects,
        metrics: Metrics,
        pending: PendingRecords,
        undelivered: UndeliveredEvents,
        live_model: LiveModel,
        machine: str,
        core: str,
        clock: Callable[[], datetime],
        at_once: int = len(STATUSES),
    ) -> None:
        self._at_once = at_once
        self._images, self._objects, self._metrics, self._pending = images, objects, metrics, pending
        self._undelivered = undelivered
        self._live_model, self._machine, self._core, self._clock = live_model, machine, core, clock
        self._known: dict[int, tuple[datetime, Figures]] = {}

    def of(self, hours: int) -> Figures:
        """The figures of the pictures that were added in the last so many hours."""
        now = self._clock()
        known = self._known.get(hours)
        if known is None or now - known[0] > KEPT:
            known = now, self._read(hours, now)
            self._known[hours] = known
        return known[1]

    def _read(self, hours: int, now: datetime) -> Figures:
        since = now - timedelta(hours=hours)
        wanted = Wanted(since=timestamp(since))
        with ThreadPoolExecutor(self._at_once) as pool:
            lists = list(pool.map(lambda status: self._of_status(status, wanted), STATUSES))
        counted_from = max(timestamp(since), *(cut for _, cut in lists))
        records = [
            each for found, _ in lists for each in found
            if each.created_at >= counted_from and not each.deleted
        ]  # fmt: skip
        measured, pending = self._metrics.of(since, now), self._pending.count()
        undelivered = self._undelivered.count()
        model, unknown = self._model()
        unknown += _unknown(measured, pending, undelivered)
        shown = [hour for hour in figures.hours_between(since, now) if hour >= figures.hour_of(counted_from)]
        return Figures(
            hours=hours,
            since=timestamp(since),
            counted_from=counted_from,
            pictures=len(records),
            by_hour=figures.by_hour(records, shown),
            failures=[self._failure(*each) for each in figures.failures(records)],
            execution=_duration("Execution", measured.execution),
            steps=[_duration(step, measured.steps.get(step, {})) for step in figures.STEPS],
            model=model,
            pending=pending,
            undelivered=undelivered,
            cost=_cost(measured, records),
            links=figures.links_of(self._machine, self._core),
            unknown=unknown,
        )

    def _of_status(self, status: str, wanted: Wanted) -> tuple[list[ImageRecord], str]:
        """The newest records of the status, and since when they are all of them ("" for as long as asked)."""
        found: list[ImageRecord] = []
        start: Mapping[str, str] | None = None
        for _ in range(MAX_READS):
            page = self._images.of_status(status, wanted, A_READ, start)
            found += page.records
            start = page.next_key
            if not start:
                return found, ""
        return found, found[-1].created_at if found else ""

    def _model(self) -> tuple[Model | None, list[str]]:
        try:
            return self._live_model.show(), []
        except NotFoundError as error:
            return None, [f"model: {error}"]

    def _failure(self, name: str, count: int, newest: list[ImageRecord]) -> FailureCount:
        return FailureCount(
            name=name,
            count=count,
            examples=[
                FailedImage(
                    image_id=each.image_id,
                    title=each.text("title") or each.key.rpartition("/")[2],
                    thumbnail_url=self._objects.made_urls(each).thumbnail,
                )
                for each in newest
            ],
        )


def _duration(step: str, found: Mapping[str, float]) -> StepDuration:
    def whole(name: str) -> int | None:
        return round(found[name]) if name in found else None

    return StepDuration(
        step=step,
        invocations=whole("invocations"),
        errors=whole("errors"),
        p50=found.get("p50"),
        p95=found.get("p95"),
    )


def _cost(measured: Measured, records: list[ImageRecord]) -> PeriodCost | None:
    """None where no function is known to have run: nothing is estimated."""
    invocations = {
        step: found["invocations"] for step, found in measured.steps.items() if "invocations" in found
    }
    if not invocations:
        return None
    milliseconds = {step: found["sum"] for step, found in measured.steps.items() if "sum" in found}
    standard = sum(":execution:" in (each.execution_arn or "") for each in records)
    return figures.cost_of(invocations, milliseconds, standard)


def _unknown(measured: Measured, pending: int | None, undelivered: int | None) -> list[str]:
    found = []
    if pending is None:
        found.append("pending: the records could not be asked.")
    if undelivered is None:
        found.append("undelivered: the core's dead-letter queue could not be asked.")
    if measured.failed:
        return [*found, "steps, execution, cost: CloudWatch could not be asked."]
    if not measured.execution:
        found.append("execution: CloudWatch has no figures of executions (the local cloud keeps none).")
    if not any(measured.steps.values()):
        found.append("steps, cost: CloudWatch has no figures of the functions in this time.")
    return found
