"""The state machines' shape: what AWS's own validation would miss, and the rules for errors and retries."""

from __future__ import annotations

import re
from typing import Any

import jsonata
import pytest

from loupe_batch import errors as batch_errors
from loupe_core import errors, runs
from loupe_review import errors as review_errors
from loupe_training import errors as training_errors
from tests.workflow.definitions import WORKFLOWS, expressions, load, machines, states

pytestmark = pytest.mark.parametrize("workflow", WORKFLOWS)

AWS_ERRORS = re.compile(
    r"^(States|Lambda|Runtime|Sandbox|DynamoDB|SNS|DynamoDb|SQS|S3|Sfn|Rekognition|SageMaker|StepFunctions)\.\w+$"
)


def ours(name: str) -> type[errors.LoupeError]:
    """Our error of that name; AttributeError where there is none."""
    homes = (training_errors, batch_errors, review_errors, runs)
    home = next((each for each in homes if hasattr(each, name)), errors)
    found: type[errors.LoupeError] = getattr(home, name)
    return found


def targets(state: Any) -> list[str]:
    places = [state, *state.get("Choices", []), *state.get("Catch", [])]
    return [place[key] for place in places for key in ("Next", "Default") if key in place]


def test_every_transition_leads_to_a_state_and_every_state_is_reached(workflow: str) -> None:
    for machine in machines(load(workflow)):
        names = set(machine["States"])
        reached, open_ends = set(), {machine["StartAt"]}
        while open_ends:
            assert open_ends <= names, f"no such state: {open_ends - names}"
            reached |= open_ends
            open_ends = {
                target for name in open_ends for target in targets(machine["States"][name])
            } - reached
        assert reached == names


def test_every_way_can_end(workflow: str) -> None:
    for machine in machines(load(workflow)):
        ending = {
            name
            for name, state in machine["States"].items()
            if state.get("End") or state["Type"] in ("Fail", "Succeed")
        }
        grown = True
        while grown:
            more = {
                name for name, state in machine["States"].items() if ending & set(targets(state))
            } - ending
            ending, grown = ending | more, bool(more)
        assert ending == set(machine["States"])


def test_every_expression_parses(workflow: str) -> None:
    found = list(expressions(load(workflow)))
    assert found
    for expression in found:
        assert jsonata.Jsonata(expression).errors is None


def test_every_variable_is_assigned_somewhere(workflow: str) -> None:
    definition = load(workflow)
    functions = {"states", "hash", "parse", "uuid", "partition", "range"}
    assigned: set[str] = set()
    for _, state in states(definition):
        for place in [state, *state.get("Choices", []), *state.get("Catch", [])]:
            assigned |= set(place.get("Assign", {}))
    for expression in expressions(definition):
        without_text = re.sub(r"'[^']*'|/\^.*?\$/", "''", expression)
        local = set(re.findall(r"\$(\w+)\s*:=", without_text))
        for parameters in re.findall(r"function\(([^)]*)\)", without_text):
            local |= set(re.findall(r"\$(\w+)", parameters))
        used = set(re.findall(r"\$(\w+)(?!\w*\()", without_text)) - local - functions
        assert used <= assigned, f"never assigned: {used - assigned} in {expression}"


def test_every_task_has_a_timeout_and_retries_only_what_passes(workflow: str) -> None:
    for name, state in states(load(workflow)):
        if state["Type"] != "Task":
            continue
        assert "TimeoutSeconds" in state, name
        assert state["Retry"], name
        for retrier in state["Retry"]:
            assert "States.ALL" not in retrier["ErrorEquals"], name
            assert "States.TaskFailed" not in retrier["ErrorEquals"], name
            assert retrier["MaxDelaySeconds"] > 0, name
            assert retrier["JitterStrategy"] == "FULL", name
            assert 0 < retrier["MaxAttempts"] <= 12, name


def test_every_error_named_is_ours_or_a_known_kind_of_aws(workflow: str) -> None:
    for name, state in states(load(workflow)):
        for retrier in state.get("Retry", []):
            for error in retrier["ErrorEquals"]:
                if not AWS_ERRORS.match(error):
                    assert ours(error).transient, f"{name} retries {error}, which is permanent"
        for catcher in state.get("Catch", []):
            for error in catcher["ErrorEquals"]:
                assert AWS_ERRORS.match(error) or ours(error), f"{name} catches {error}"


def test_states_are_named_as_titles(workflow: str) -> None:
    for name, _ in states(load(workflow)):
        assert re.fullmatch(r"[A-Z][a-z0-9]*( [A-Z][a-z0-9]*)*", name), name
