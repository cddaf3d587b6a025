"""The workflow fits a page: how many states, transitions and lines of expression it takes."""

from __future__ import annotations

import pytest

from loupe.cost.stack_usage import picture_path
from tests.workflow.definitions import DEFINITIONS, ROOT, load, states
from tests.workflow.world import MANUAL, World, event, raised

MACHINES = sorted(name for name, path in DEFINITIONS.items() if path.suffix == ".yaml")
MAX_STATES = {"classify_image": 18}
MAX_STATES_ANYWHERE = 25
MAX_EXPRESSION_LINES = 5
MAX_LINE_LENGTH = 110


@pytest.mark.parametrize("workflow", MACHINES)
def test_a_machine_fits_a_page(workflow: str) -> None:
    assert len(list(states(load(workflow)))) <= MAX_STATES.get(workflow, MAX_STATES_ANYWHERE)


@pytest.mark.parametrize("workflow", MACHINES)
def test_an_expression_is_at_most_five_short_lines(workflow: str) -> None:
    """Counted in the file, where a person reads it."""
    length = 0
    for number, line in enumerate(DEFINITIONS[workflow].read_text(encoding="utf-8").splitlines(), 1):
        assert len(line) <= MAX_LINE_LENGTH, f"line {number}"
        if "{%" in line:
            length = 0
        length += 1
        if "%}" in line:
            assert length <= MAX_EXPRESSION_LINES, f"line {number}"


def test_a_picture_takes_at_most_eight_transitions() -> None:
    assert len(World().classify(event()).entered) <= 8


def test_a_duplicate_takes_at_most_three_transitions() -> None:
    world = World()
    world.classify(event())
    assert len(world.classify(event(), "two").entered) <= 3


def test_an_unreadable_picture_takes_at_most_six_transitions() -> None:
    world = World(faults={"Serialize Image Data": raised("CorruptImageError", "broken")})
    assert len(world.classify(MANUAL).entered) <= 6


@pytest.mark.parametrize("faces", [False, True])
def test_the_estimate_of_the_cost_counts_the_states_that_an_execution_enters(faces: bool) -> None:
    path, _ = picture_path(ROOT, faces)
    assert World(detect_faces=faces).classify(event()).entered == path


def test_functions_are_retried_alike() -> None:
    """Where they differ is in the errors of their own that pass."""
    retriers = [
        state["Retry"]
        for _, state in states(load("classify_image"))
        if state.get("Resource", "").endswith(":lambda:invoke")
    ]
    assert len(retriers) == 7
    for retrier in retriers:
        throttled, lost = retrier[0], retrier[-1]
        assert throttled["ErrorEquals"][0] == "Lambda.TooManyRequestsException"
        assert {**throttled, "ErrorEquals": 0, "MaxAttempts": 0} == {
            **retriers[0][0],
            "ErrorEquals": 0,
            "MaxAttempts": 0,
        }
        own = {"EndpointFailedError"}
        assert {*lost["ErrorEquals"]} - own == {*retriers[0][-1]["ErrorEquals"]}
        assert {**lost, "ErrorEquals": 0} == {**retriers[0][-1], "ErrorEquals": 0}
    attempts = [each[0]["MaxAttempts"] for each in retriers]
    assert set(attempts) == {6, 12}
