"""Which pictures `loupe retry` classifies again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from loupe.errors import InputError
from loupe.pictures import Picture, S3Location
from loupe.results import Record, labelled_by_person
from loupe_core.messages import REFUSALS

FAILED, REJECTED = "FAILED", "REJECTED"


class Table(Protocol):
    """The Images table, as retrying uses it."""

    def get(self, image_id: str) -> Record: ...

    def list(self, status: str | None = None) -> list[Record]: ...


@dataclass(frozen=True)
class Selection:
    """Pictures by id, or those of a status, an error and a time (ms since 1970) or later."""

    image_ids: Sequence[str] = ()
    status: str | None = None
    error: str | None = None
    since_ms: int | None = None

    @property
    def status_looked_in(self) -> str:
        """The one that was given; else the only one in which records have the error."""
        return self.status or (REJECTED if self.error in REFUSALS else FAILED)

    @property
    def is_empty(self) -> bool:
        return not (self.image_ids or self.status or self.error or self.since_ms is not None)


def select(selection: Selection, table: Table) -> list[Record]:
    """The records of a selection, the oldest first; InputError where it selects by nothing.

    A label that a person gave is no model's to take away unless the picture is named.
    """
    if selection.is_empty:
        raise InputError("Say which: IMAGE..., --status failed, --error NAME or --since 1d.")
    if selection.image_ids:
        found = [table.get(image_id) for image_id in selection.image_ids]
    else:
        listed = table.list(selection.status_looked_in)
        found = [each for each in listed if not labelled_by_person(each)]
    return sorted((each for each in found if _fits(each, selection)), key=_changed)


def picture_of(record: Record) -> Picture:
    """A record's picture, as classifying takes it."""
    location = S3Location(str(record["bucket"]), str(record["key"]))
    return Picture(str(location), location)


def _fits(record: Record, selection: Selection) -> bool:
    if not record.get("bucket") or not record.get("key"):
        return False  # an input that named no picture
    if selection.error is not None and (record.get("error") or {}).get("name") != selection.error:
        return False
    if selection.since_ms is None:
        return True
    changed = _changed(record)
    return bool(changed) and _milliseconds(changed) >= selection.since_ms


def _changed(record: Record) -> str:
    return str(record.get("updatedAt") or record.get("createdAt") or "")


def _milliseconds(moment: str) -> int:
    return int(datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp() * 1000)
