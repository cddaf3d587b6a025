"""The journals of what there is much of: the tables' items, and executions."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ministack.core.responses import AccountRegionScopedDict, get_account_id, get_region
from ministack.services import dynamodb, stepfunctions

from local.cloud.durability.journal import Entry, Journal

# A journal that is longer than this is written anew, with what is there now.
_MAX_ITEMS, _MAX_EXECUTIONS = 32 * 1024 * 1024, 64 * 1024 * 1024
State = dict[str, Any]


class Items:
    """Every item that is put or removed, by its table."""

    service = "dynamodb"

    def __init__(self, folder: Path) -> None:
        self.journal = Journal(folder, "items")

    def install(self) -> None:
        """Write down what MiniStack stores."""
        dynamodb._set_item = self._writing(dynamodb._set_item, stored=True)
        dynamodb._remove_item = self._writing(dynamodb._remove_item, stored=False)
        dynamodb._items_replaced = self._writing_whole(dynamodb._items_replaced)

    def merged(self, state: State | None) -> State | None:
        """A saved state with the journal's entries. A table that is not there any more has none."""
        tables = (state or {}).get("tables")
        if not isinstance(tables, AccountRegionScopedDict):
            return state
        by_id = {table.get("TableId"): table for table in tables.all_values()}
        for entry in self.journal.entries():
            if (table := by_id.get(entry["table"])) is None:
                continue
            if "items" in entry:
                table["items"] = entry["items"]
                continue
            partition = table["items"].setdefault(entry["partition"], {})
            if entry["item"] is not None:
                partition[entry["sort"]] = entry["item"]
            else:
                partition.pop(entry["sort"], None)
                if not partition:
                    del table["items"][entry["partition"]]
        for table in by_id.values():
            dynamodb._update_counts(table)
        return state

    def state(self) -> tuple[State, Callable[[], None]]:
        """The whole state, and what is to be done when it is written."""
        before = self.journal.rotate()
        return dynamodb.get_state(), lambda: self.journal.forget(before)

    def is_long(self) -> bool:
        return self.journal.size > _MAX_ITEMS

    def _writing(self, store: Callable[..., Any], stored: bool) -> Callable[..., Any]:
        def store_and_write(table: Any, partition: Any, sort: Any, item: Any = None) -> Any:
            former = store(table, partition, sort, item) if stored else store(table, partition, sort)
            self.journal.append(
                {"table": table.get("TableId"), "partition": partition, "sort": sort, "item": item}
            )
            return former

        return store_and_write

    def _writing_whole(self, replaced: Callable[[Any], None]) -> Callable[[Any], None]:
        """A transaction that is taken back puts the former items in the place of all."""

        def replaced_and_written(table: Any) -> None:
            replaced(table)
            self.journal.append({"table": table.get("TableId"), "items": table["items"]})

        return replaced_and_written


class Executions:
    """The record of an execution as it starts, ends, and is redriven."""

    service = "stepfunctions"

    def __init__(self, folder: Path) -> None:
        self.journal = Journal(folder, "executions")

    def install(self) -> None:
        """Write down every record whose status is announced."""
        from local.states import status_events

        announce = status_events.emit

        def write_and_announce(record: State) -> None:
            self.journal.append(_entry(get_account_id(), get_region(), record))
            announce(record)

        status_events.emit = write_and_announce

    def merged(self, state: State | None) -> State | None:
        """A saved state with the journal's executions; those of the state are in the journal afterwards."""
        saved = (state or {}).get("executions")
        if isinstance(saved, AccountRegionScopedDict):
            for (account, region, _), record in saved.all_items():
                self.journal.append(_entry(account, region, record))
        found = AccountRegionScopedDict()
        for entry in self.journal.entries():
            found.set_scoped(
                entry["account"], entry["region"], entry["record"]["executionArn"], entry["record"]
            )
        return {**(state or {}), "executions": found} if found.has_any() else state

    def state(self) -> tuple[State, Callable[[], None]]:
        """The state without executions, which the journal has."""
        stores = {name: getattr(stepfunctions, f"_{name}") for name in _OTHER_STORES}
        return stores, _nothing

    def is_long(self) -> bool:
        return self.journal.size > _MAX_EXECUTIONS

    def shorten(self) -> None:
        """Write the journal anew with the executions that are kept."""
        before = self.journal.rotate()
        stored = list(stepfunctions._executions.all_items())
        self.journal.replace(before, (_entry(key[0], key[1], record) for key, record in stored))


_OTHER_STORES = (
    "state_machines",
    "tags",
    "activities",
    "state_machine_versions",
    "state_machine_aliases",
    "map_runs",
)


def _entry(account: str, region: str, record: State) -> Entry:
    return {"account": account, "region": region, "record": record}


def _nothing() -> None:
    """There is nothing to do."""
