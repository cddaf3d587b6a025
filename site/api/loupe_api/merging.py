"""Several lists of the table as one, by time: each is a partition of an index, read on from where it was."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from loupe_api.records import GroupRecord, ImageRecord, Page

Record = TypeVar("Record", GroupRecord, ImageRecord)
# Where a list has been read to is `createdAt/id` of its last record, or one of these: before the first, and
# after the last.
BEGIN, DONE = "", "-"
Read = Callable[[Mapping[str, str] | None], Page[Record]]


def merged(
    lists: Mapping[str, Read[Record]], positions: Mapping[str, str], limit: int, key: str
) -> tuple[list[Record], dict[str, str] | None]:
    """Up to `limit` records of all lists, newest first, and the positions to go on from; None at the end.

    `key` is the name of the records' key. A list may give fewer records than there are, and say where it
    stopped: then no record older than that place is given, as others may come before it.
    """
    pages = {
        name: read(_start(positions[name], key)) for name, read in lists.items() if positions[name] != DONE
    }
    horizon = max((page.next_key["createdAt"] for page in pages.values() if page.next_key), default="")
    seen = [(name, record) for name, page in pages.items() for record in page.records]
    # Stable: records of one list stay in its order.
    seen.sort(key=lambda each: each[1].created_at, reverse=True)
    given = [(name, record) for name, record in seen if record.created_at >= horizon][:limit]
    after = dict(positions)
    for name, page in pages.items():
        records = [record for source, record in given if source == name]
        if len(records) == len(page.records):
            after[name] = _position(page.next_key, key) if page.next_key else DONE
        elif records:
            after[name] = f"{records[-1].created_at}/{records[-1].key_value}"
    is_over = all(position == DONE for position in after.values())
    return [record for _, record in given], None if is_over else after


def _start(position: str, key: str) -> dict[str, str] | None:
    if position == BEGIN:
        return None
    created_at, _, value = position.partition("/")
    return {"createdAt": created_at, key: value}


def _position(next_key: Mapping[str, str], key: str) -> str:
    return f"{next_key['createdAt']}/{next_key[key]}"
