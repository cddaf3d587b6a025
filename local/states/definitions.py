"""What a state machine's definition must be, and the program it becomes.

AWS: CreateStateMachine, UpdateStateMachine and ValidateStateMachineDefinition refuse a definition that
doesn't parse, whose Next or StartAt leads nowhere, that has states nobody reaches, or with a malformed
JSONata expression. MiniStack checks JSONata only. moto's grammar parses, follows no Next, and takes a
second for a large definition: programs are kept, executions share them.
"""

import json
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

from local.states import jsonata_engine, service_names
from local.states.distributed_fields import DistributedFields, extract

_KEPT_REVISIONS = 200
MAX_DEFINITION = 1_048_576
TERMINAL = ("Succeed", "Fail")


class InvalidDefinitionError(Exception):
    """A definition AWS refuses; `code` is a diagnostic's, `location` a path such as `/States/Filter/Next`."""

    def __init__(self, code: str, message: str, location: str) -> None:
        super().__init__(f"{code}: {message} at {location}")
        self.code, self.message, self.location = code, message, location


@dataclass(frozen=True)
class Parsed:
    """A definition's program, and what moto's grammar has no word for: distributed maps' fields by state, the
    field of each expression by state and expression.
    """

    program: Any
    distributed: dict[str, DistributedFields]
    fields: dict[tuple[str, str], str]


@lru_cache(maxsize=128)
def parse(definition: str) -> Parsed:
    """The program of a definition; raises InvalidDefinitionError."""
    document = _document(definition)
    _check_machine(document, "")
    for path, expression in _expressions(document, ""):
        try:
            jsonata_engine.check(expression)
        except jsonata_engine.JsonataError as error:
            raise InvalidDefinitionError("INVALID_JSONATA_EXPRESSION", str(error), path) from error
    prepared, distributed = extract(document)
    try:
        program = AmazonStateLanguageParser.parse(json.dumps(prepared, ensure_ascii=False))[0]
    except Exception as error:  # the grammar and the components raise whatever they like
        raise InvalidDefinitionError("SCHEMA_VALIDATION_FAILED", f"{error}"[:600], "/") from error
    return Parsed(program, distributed, dict(_fields(document)))


_revisions: OrderedDict[str, str] = OrderedDict()


def remember(revision: str, definition: str) -> None:
    """Keeps a revision's definition: executions that were started with it go on with it when redriven."""
    _revisions[revision] = definition
    _revisions.move_to_end(revision)
    while len(_revisions) > _KEPT_REVISIONS:
        _revisions.popitem(last=False)


def remembered(revision: str) -> str | None:
    return _revisions.get(revision)


def _document(definition: str) -> dict[str, Any]:
    if len(definition.encode()) > MAX_DEFINITION:
        raise InvalidDefinitionError("INVALID_JSON_DESCRIPTION", "The definition is longer than 1 MB", "/")
    try:
        document = json.loads(definition, object_pairs_hook=_unique)
    except ValueError as error:
        raise InvalidDefinitionError("INVALID_JSON_DESCRIPTION", str(error), "/") from error
    if not isinstance(document, dict):
        raise InvalidDefinitionError("INVALID_JSON_DESCRIPTION", "The definition is no JSON object", "/")
    return document


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    for key in keys:
        if keys.count(key) > 1:
            raise ValueError(f"Duplicate object member '{key}'")
    return dict(pairs)


def _check_machine(machine: dict[str, Any], path: str) -> None:
    states = machine.get("States")
    if not isinstance(states, dict) or not states:
        raise InvalidDefinitionError(
            "SCHEMA_VALIDATION_FAILED", "The field 'States' is missing or empty", path or "/"
        )
    start = machine.get("StartAt")
    if start not in states:
        raise InvalidDefinitionError(
            "MISSING_TRANSITION_TARGET", f"Missing 'StartAt' target: {start}", f"{path}/StartAt"
        )
    reached = {start}
    for name, state in states.items():
        location = f"{path}/States/{name}"
        if not isinstance(state, dict):
            raise InvalidDefinitionError("SCHEMA_VALIDATION_FAILED", "A state must be an object", location)
        targets = list(_targets(state))
        for field, target in targets:
            if target not in states:
                raise InvalidDefinitionError(
                    "MISSING_TRANSITION_TARGET", f"Missing 'Next' target: {target}", f"{location}/{field}"
                )
            reached.add(target)
        _check_ending(state, location)
        _check_resource(state, location)
        for field, inner in _inner_machines(state):
            _check_machine(inner, f"{location}/{field}")
            if (inner.get("ProcessorConfig") or {}).get("ExecutionType") == "EXPRESS":
                _check_express(inner, f"{location}/{field}")
    for name in states:
        if name not in reached:
            raise InvalidDefinitionError(
                "SCHEMA_VALIDATION_FAILED", f"State '{name}' is not reachable.", f"{path}/States/{name}"
            )


def check_express(definition: str) -> None:
    """Raises InvalidDefinitionError for what an Express workflow can't do: jobs, tokens, map runs."""
    _check_express(json.loads(definition), "")


def _check_express(machine: dict[str, Any], path: str) -> None:
    for name, state in machine["States"].items():
        location = f"{path}/States/{name}"
        resource = str(state.get("Resource", "")) if state.get("Type") == "Task" else ""
        for pattern in (".sync", ".sync:2", ".waitForTaskToken"):
            if resource.endswith(pattern):
                message = f"Express state machine does not support '{pattern}' service integration"
                raise InvalidDefinitionError("SCHEMA_VALIDATION_FAILED", message, f"{location}/Resource")
        for field, inner in _inner_machines(state):
            if (inner.get("ProcessorConfig") or {}).get("Mode") == "DISTRIBUTED":
                message = "Express state machine does not support a distributed Map"
                raise InvalidDefinitionError("SCHEMA_VALIDATION_FAILED", message, f"{location}/{field}")
            _check_express(inner, f"{location}/{field}")


def _targets(state: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for field in ("Next", "Default"):
        if field in state:
            yield field, state[field]
    for field in ("Choices", "Catch"):
        for index, rule in enumerate(state.get(field) or []):
            if isinstance(rule, dict) and "Next" in rule:
                yield f"{field}/{index}/Next", rule["Next"]


def _check_ending(state: dict[str, Any], location: str) -> None:
    kind = state.get("Type")
    if kind in TERMINAL or kind == "Choice":
        return
    if ("Next" in state) == (state.get("End") is True):
        raise InvalidDefinitionError(
            "SCHEMA_VALIDATION_FAILED", "A state must have either 'Next' or 'End'", location
        )


def _check_resource(state: dict[str, Any], location: str) -> None:
    resource = state.get("Resource")
    if state.get("Type") != "Task" or not isinstance(resource, str):
        return
    parts = resource.split(":")
    if ":::aws-sdk:" not in resource or len(parts) < 8:
        return
    try:
        service_names.operation(service_names.boto_name(parts[6]), parts[7].split(".")[0])
    except service_names.UnknownServiceError as error:
        raise InvalidDefinitionError(
            "SCHEMA_VALIDATION_FAILED",
            f"The resource provided {resource} is not recognized. {error}",
            f"{location}/Resource",
        ) from error


def _inner_machines(state: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for index, branch in enumerate(state.get("Branches") or []):
        yield f"Branches/{index}", branch
    for field in ("ItemProcessor", "Iterator"):
        if isinstance(state.get(field), dict):
            yield field, state[field]


def _fields(machine: dict[str, Any]) -> Iterator[tuple[tuple[str, str], str]]:
    for name, state in machine["States"].items():
        inner = dict(_inner_machines(state))
        for key, value in state.items():
            if key != "Branches" and key not in inner:
                for path, expression in _expressions(value, key):
                    yield (name, expression), path
        for each in inner.values():
            yield from _fields(each)


def _expressions(node: Any, path: str) -> Iterator[tuple[str, str]]:
    """Every `{% … %}` with its path."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from _expressions(value, f"{path}/{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _expressions(value, f"{path}/{index}")
    elif isinstance(node, str) and node.startswith("{%") and node.endswith("%}") and len(node) >= 4:
        yield path, node[2:-2].strip()
