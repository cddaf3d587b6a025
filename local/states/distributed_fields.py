"""Fields of Distributed Map that moto's grammar lacks: taken out of a definition before it parses it."""

import copy
from dataclasses import dataclass, field
from typing import Any

_TOLERANCES = (
    "ToleratedFailureCount",
    "ToleratedFailureCountPath",
    "ToleratedFailurePercentage",
    "ToleratedFailurePercentagePath",
)


@dataclass(frozen=True)
class DistributedFields:
    """Of one distributed Map state: its ItemReader, ItemBatcher, ResultWriter and tolerances as written."""

    batcher: dict[str, Any] = field(default_factory=dict)
    reader: dict[str, Any] = field(default_factory=dict)
    writer: dict[str, Any] = field(default_factory=dict)
    tolerances: dict[str, Any] = field(default_factory=dict)
    express: bool = False


def extract(document: dict[str, Any]) -> tuple[dict[str, Any], dict[str, DistributedFields]]:
    """A copy of the definition without those fields, and the fields by the state's name."""
    prepared = copy.deepcopy(document)
    found: dict[str, DistributedFields] = {}
    _walk(prepared, found)
    return prepared, found


def _walk(machine: dict[str, Any], found: dict[str, DistributedFields]) -> None:
    for name, state in machine.get("States", {}).items():
        processor = state.get("ItemProcessor") or state.get("Iterator") or {}
        config = processor.get("ProcessorConfig") or {}
        if state.get("Type") == "Map" and config.get("Mode") == "DISTRIBUTED":
            express = config.get("ExecutionType") == "EXPRESS"
            if "ExecutionType" in config:
                config["ExecutionType"] = "STANDARD"
            found[name] = DistributedFields(
                state.pop("ItemBatcher", {}),
                state.pop("ItemReader", {}),
                state.pop("ResultWriter", {}),
                {key: state.pop(key) for key in _TOLERANCES if key in state},
                express,
            )
        for inner in (*(state.get("Branches") or []), processor):
            if inner:
                _walk(inner, found)
