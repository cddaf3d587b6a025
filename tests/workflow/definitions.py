"""The state machines as files, with their substitutions filled in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]  # its stubs would be one more package to pin

ROOT = Path(__file__).parents[2]
# Those of the core, and of each stack in a folder of its own.
DEFINITIONS = {
    path.name.partition(".")[0]: path
    for pattern in ("statemachine/*.asl.*", "*/statemachine/*.asl.*")
    for path in ROOT.glob(pattern)
}
WORKFLOWS = sorted(DEFINITIONS)

SUBSTITUTIONS = {
    "Partition": "aws",
    "ConfidenceThreshold": "0.93",
    "MinimumAccuracy": "0.75",
    "UseSpotTraining": "false",
    "MaximumTrainingSeconds": "3600",
    "HostingInstanceType": "ml.m5.large",
    "HostingInstanceCount": "1",
    "ServerlessMemory": "2048",
    "ServerlessConcurrency": "5",
    "DataCapturePercentage": "100",
}


@cache
def _parsed(text: str) -> Any:
    return yaml.load(text, Loader=yaml.CSafeLoader)


def load(workflow: str, **substitutions: str) -> Any:
    """The definition of `workflow`; a name without a given substitution stands for itself."""
    text = DEFINITIONS[workflow].read_text(encoding="utf-8")
    values = {**SUBSTITUTIONS, **substitutions}
    return _parsed(re.sub(r"\$\{(\w+)\}", lambda match: values.get(match[1], match[1]), text))


def machines(definition: Any) -> Iterator[Any]:
    """The machine and every machine within it: branches of Parallel states, processors of Map states."""
    yield definition
    for state in definition["States"].values():
        for inner in [
            *state.get("Branches", []),
            *([state["ItemProcessor"]] if "ItemProcessor" in state else []),
        ]:
            yield from machines(inner)


def states(definition: Any) -> Iterator[tuple[str, Any]]:
    """Every state by its name, those within branches too."""
    for machine in machines(definition):
        yield from machine["States"].items()


def expressions(value: Any) -> Iterator[str]:
    """Every JSONata expression within `value`, without its `{% %}`."""
    if isinstance(value, dict):
        for item in value.values():
            yield from expressions(item)
    elif isinstance(value, list):
        for item in value:
            yield from expressions(item)
    elif isinstance(value, str) and value.startswith("{%"):
        yield value.removeprefix("{%").removesuffix("%}").strip()
