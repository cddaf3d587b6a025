"""What one picture uses of this project's stack: counted in its template and its state machines."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from loupe.cost.transitions import Definition, success_path
from loupe.cost.usage import FunctionUse, Usage, express_memory
from loupe.templates import load_template

STANDARD, EXPRESS = "STANDARD", "EXPRESS"
# A task's own time beside a function's: DynamoDB, SNS and Rekognition answer in some ten milliseconds.
SERVICE_CALL_SECONDS = 0.015
# X-Ray keeps one request a second and 5 % of the rest; the rest is what a million pictures are.
TRACED = 0.05
# Where an upload's execution goes at its Choice.
ROUTE_BY_FACES = {False: "Classify Image Data", True: "Detect Faces"}
# What SNS's acceptance of the notification starts, beside the execution.
ACKNOWLEDGING = "FinalizeImagesFunction"
_MEASURED = Path(__file__).with_name("measured.json")
_FUNCTION = re.compile(r"^\$\{(\w+)\}$")


@dataclass(frozen=True)
class StackFacts:
    """What of a stack decides its cost."""

    workflow_type: str = STANDARD
    faces: bool = False
    email: bool = True
    memory_mb: Mapping[str, int] = field(default_factory=dict)
    endpoint_memory_mb: int = 2048
    uses_container: bool = False
    container_memory_mb: int = 2048


def facts_of_template(root: Path) -> StackFacts:
    """The template's own memory sizes; parameters as their defaults are, but for an e-mail a picture."""
    template = load_template(root / "template.yaml")
    default = template["Globals"]["Function"]["MemorySize"]
    resources = template["Resources"]
    memory = {
        name: int(body["Properties"].get("MemorySize", default))
        for name, body in resources.items()
        if body["Type"] == "AWS::Serverless::Function"
    }
    parameters = {name: body.get("Default") for name, body in template["Parameters"].items()}
    return StackFacts(
        workflow_type=str(parameters["WorkflowType"]),
        faces=parameters["DetectFaces"] == "true",
        memory_mb=memory,
        container_memory_mb=_container_memory(root),
    )


def usage_of(facts: StackFacts, root: Path) -> Usage:
    """One uploaded picture, from S3's event to the e-mail."""
    express = facts.workflow_type == EXPRESS
    path, definition = picture_path(root, facts.faces)
    states = _states(definition)
    tasks = [name for name in path if states[name]["Type"] == "Task"]
    measured = measurements()
    functions = tuple(
        FunctionUse(function, facts.memory_mb[function], measured["functions"][function]["billedMs"])
        for name in tasks
        if (function := _function_of(states[name])) is not None
    )
    container = facts.uses_container
    stand_in = FunctionUse("the container's function", facts.container_memory_mb, measured["modelMs"])
    model = (stand_in,) if container else ()
    if container:
        # It stands in for the function that would ask the endpoint.
        functions = tuple(each for each in functions if each.name != "ClassifyImageDataFunction")
    calls = len(tasks) - len(functions) - len(model)
    acknowledging = FunctionUse(
        ACKNOWLEDGING, facts.memory_mb[ACKNOWLEDGING], measured["functions"][ACKNOWLEDGING]["billedMs"]
    )
    seconds = sum(each.billed_ms for each in (*functions, *model)) / 1000 + calls * SERVICE_CALL_SECONDS
    size = measured["recordKilobytes"]
    endpoint_seconds = facts.endpoint_memory_mb / 1024 * measured["modelMs"] / 1000
    return Usage(
        name=facts.workflow_type.lower() + (" with the container function" if container else ""),
        transitions=0 if express else len(path),
        express_seconds=seconds if express else 0,
        express_memory_mb=express_memory(
            len(json.dumps(definition)), measured["modelInputBytes"] * 4 // 3, 2 if facts.faces else 1
        ),
        functions=(*functions, *model, acknowledging),
        writes=record_writes(size),
        reads=2,
        # The annotated picture, the copy to look at, two thumbnails.
        puts=4,
        # Claim Image looks; Serialize Image Data and Annotate Image read.
        gets=2,
        events=1,
        publishes=1,
        emails=1 if facts.email else 0,
        log_bytes=len(path) * measured["workflowLogBytesPerState"]
        + sum(each["logBytes"] for each in measured["functions"].values()),
        traces=TRACED,
        detected=1 if facts.faces else 0,
        endpoint_gb_seconds=0 if container else endpoint_seconds,
        endpoint_bytes=0 if container else measured["modelInputBytes"],
    )


def record_writes(kilobytes: int) -> int:
    """Write units of a picture without a group: one a kilobyte, of the record and of each of its indexes.

    Claim: the record is small yet, and enters the indexes over status and pending. Result: the record grows
    and moves within the index over status, which is a removal and an entry. Acknowledgement: the record is
    written once more in both, and leaves the index over pending.
    """
    claim = 1 + 1 + 1
    return claim + outcome_writes(kilobytes)


def outcome_writes(kilobytes: int) -> int:
    """Those of the result and of its acknowledgement."""
    result = kilobytes + 1 + kilobytes
    return result + 2 * kilobytes + 1


def picture_path(root: Path, faces: bool) -> tuple[list[str], Definition]:
    """The states that an uploaded picture passes, and the definition."""
    definition: Definition = load_template(root / "statemachine" / "classify_image.asl.yaml")
    return success_path(definition, {"Route By Faces": ROUTE_BY_FACES[faces]}), definition


@cache
def measurements() -> dict[str, Any]:
    """measured.json."""
    document: dict[str, Any] = json.loads(_MEASURED.read_text(encoding="utf-8"))
    return document


def _states(machine: Definition) -> dict[str, Any]:
    found = dict(machine["States"])
    for state in machine["States"].values():
        for branch in state.get("Branches", ()):
            found |= _states(branch)
    return found


def _function_of(state: Mapping[str, Any]) -> str | None:
    arguments = state.get("Arguments")
    named = arguments.get("FunctionName", "") if isinstance(arguments, dict) else ""
    found = _FUNCTION.match(named)
    return found[1] if found else None


def _container_memory(root: Path) -> int:
    """Memory of the container stack's function, as its template has it."""
    parameters = load_template(root / "container" / "template.yaml")["Parameters"]
    return int(parameters["MemorySize"]["Default"])
