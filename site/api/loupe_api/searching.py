"""All pictures of the stack: which are looked for, and who finds them. Reads are bounded, however many."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, get_args

from loupe_api.merging import AT, Budget, Merged, beginnings
from loupe_api.models import ImageStatus
from loupe_api.paging import decode_token, encode_token
from loupe_api.records import GroupRecord, ImageRecord, Page, Reader

STATUSES: tuple[str, ...] = get_args(ImageStatus)
# An answer takes so many records into account at most, and then says how to go on. A group that is looked
# up costs as much as some of them.
MAX_EXAMINED, LOOK_UP = 1000, 10
LEAST_PIECE = 50
EARLIEST, LATEST = "0", "~"


@dataclass(frozen=True)
class Wanted:
    """Which pictures are looked for; None where it does not matter. Times as records have them."""

    status: str | None = None
    label: str | None = None
    search: str | None = None
    error: str | None = None
    source: str | None = None
    model: str | None = None
    face_detected: bool | None = None
    least: float | None = None
    most: float | None = None
    # From then on, and before then.
    since: str = EARLIEST
    before: str = LATEST
    newest_first: bool = True

    def fits(self, record: ImageRecord) -> bool:
        confidence = record.confidence
        error = record.attributes.get("error")
        name = str(error.get("name")) if isinstance(error, Mapping) else ""
        return (
            record.created_at < self.before
            and (self.label is None or _same(record.text("label") or "", self.label))
            and (self.error is None or _same(name, self.error))
            and (self.source is None or record.source == self.source)
            and (self.model is None or record.text("model") == self.model)
            and (self.face_detected is None or record.attributes.get("faceDetected") is self.face_detected)
            and (self.least is None or (confidence is not None and confidence >= self.least))
            and (self.most is None or (confidence is not None and confidence <= self.most))
            and (self.search is None or self._is_named(record, self.search.casefold()))
        )

    @staticmethod
    def _is_named(record: ImageRecord, searched: str) -> bool:
        texts = (record.text("label"), record.text("title"), record.key, record.image_id)
        return any(searched in text.casefold() for text in texts if text)


class Groups(Protocol):
    """Where groups are kept; `group_table.GroupTable`."""

    def get(self, group_id: str) -> GroupRecord | None: ...


class Images(Protocol):
    """Where images' records are kept; `image_table.ImageTable`."""

    def of_status(
        self, status: str, wanted: Wanted, limit: int, start: Mapping[str, str] | None
    ) -> Page[ImageRecord]: ...


class Search:
    """Looks through the index by status and time: a query for each status, read by pieces as one list."""

    def __init__(self, groups: Groups, images: Images, clock: Callable[[], datetime]) -> None:
        self._groups, self._images, self._clock = groups, images, clock

    def find(
        self, wanted: Wanted, limit: int, token: str | None, reader: Reader
    ) -> tuple[list[ImageRecord], str | None, str | None]:
        """Up to `limit` pictures, the token of the next page, until when was looked: both None at the end.

        There may be more where fewer than `limit` are given: the token says so. Raises BadRequestError.
        """
        records, after = self._walk(wanted, limit, token, reader)
        searched_to = after[AT].partition("/")[0] if after else None
        return records, encode_token(after) if after else None, searched_to

    def by_confidence(
        self, wanted: Wanted, limit: int, surest_first: bool, reader: Reader
    ) -> tuple[list[ImageRecord], int, str | None]:
        """The surest or least sure of the pictures that fit, among the thousand records that are looked at;
        how many fitted, and until when was looked, None where that was all.

        No index has this order: what lies beyond the records that were looked at is not compared.
        """
        found, after = self._walk(wanted, MAX_EXAMINED, None, reader)
        known = [each for each in found if each.confidence is not None]
        known.sort(key=lambda each: each.confidence or 0.0, reverse=surest_first)
        return known[:limit], len(known), after[AT].partition("/")[0] if after else None

    def _walk(
        self, wanted: Wanted, limit: int, token: str | None, reader: Reader
    ) -> tuple[list[ImageRecord], dict[str, str] | None]:
        statuses = (wanted.status,) if wanted.status else STATUSES
        positions = decode_token(token, (AT, *statuses)) if token else beginnings(*statuses)
        piece = max(limit, LEAST_PIECE)
        budget = Budget(MAX_EXAMINED)
        seen = _Seen(self._groups, reader, budget)
        now = self._clock()

        def is_given(record: ImageRecord) -> bool:
            return _is_there(record, reader, now) and wanted.fits(record) and seen.by_reader(record)

        lists = {status: self._reading(status, wanted, piece) for status in statuses}
        walk = Merged(lists, "imageId", positions, wanted.newest_first)
        return walk.take(limit, is_given, budget)

    def _reading(
        self, status: str, wanted: Wanted, piece: int
    ) -> Callable[[Mapping[str, str] | None], Page[ImageRecord]]:
        return lambda start: self._images.of_status(status, wanted, piece, start)


class _Seen:
    """Which pictures a reader finds: all of them an operator, what is public or their own everybody else."""

    def __init__(self, groups: Groups, reader: Reader, budget: Budget) -> None:
        self._groups, self._reader, self._budget = groups, reader, budget
        self._listed: dict[str, bool] = {}

    def by_reader(self, record: ImageRecord) -> bool:
        if self._reader.sees_all_of(record.owner_id):
            return True
        if record.group_id is None:
            return False
        if record.group_id not in self._listed:
            self._budget.spend(LOOK_UP)
            group = self._groups.get(record.group_id)
            self._listed[record.group_id] = group is not None and group.is_listed_for(self._reader)
        return self._listed[record.group_id]


def _is_there(record: ImageRecord, reader: Reader, now: datetime) -> bool:
    """As in a group's list: what was announced and never came is its owner's to see."""
    if record.deleted or record.expired(now):
        return False
    return record.upload_status(now) != "NOT_UPLOADED" or reader.sees_all_of(record.owner_id)


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()
