"""The figures of `loupe quality`, for reviewers and operators."""

from collections.abc import Callable
from datetime import datetime, timedelta

from loupe_api.quality_models import Quality
from loupe_api.records import timestamp
from loupe_core.errors import AccessDeniedError
from loupe_core.observability import logger
from loupe_review.quality_reading import QualityReader

# A page asks whenever somebody opens it; what people answered meanwhile changes little.
KEPT = timedelta(minutes=1)
# So much is read within API Gateway's 30 s; the command reads five times as much.
MAX_PICTURES_A_STATUS, MAX_REVIEWS = 2000, 4000


class QualityFigures:
    """The figures of the last days, a minute old at most."""

    def __init__(self, reader: QualityReader, clock: Callable[[], datetime]) -> None:
        self._reader, self._clock = reader, clock
        self._known: dict[int, tuple[datetime, Quality]] = {}

    def of(self, days: int) -> Quality:
        """Raises RecordsUnavailableError and AccessDeniedError."""
        now = self._clock()
        known = self._known.get(days)
        if known is None or now - known[0] > KEPT:
            known = now, self._read(days, now)
            self._known[days] = known
        return known[1]

    def _read(self, days: int, now: datetime) -> Quality:
        since = now - timedelta(days=days)
        try:
            found = self._reader.read(since, now)
        except AccessDeniedError as error:
            logger.error("quality cannot be read", extra={"error": str(error)})
            raise
        return Quality.model_validate({**found.to_dict(), "days": days, "since": timestamp(since)})
