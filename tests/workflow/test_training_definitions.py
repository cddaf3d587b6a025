"""The size of the training machines: what a person can take in at a glance."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import yaml  # type: ignore[import-untyped]  # its stubs would be one more package to pin

from tests.workflow.definitions import DEFINITIONS, load, states

TRAINING = ["build_model", "import_dataset", "release_model", "train_model"]
MAX_STATES = 16
MAX_LINES, MAX_LINE_LENGTH = 5, 110


def test_these_are_all_of_the_training_machines() -> None:
    assert sorted(name for name, path in DEFINITIONS.items() if "training" in path.parts) == TRAINING


@pytest.mark.parametrize("workflow", TRAINING)
def test_a_machine_has_few_states(workflow: str) -> None:
    assert len(list(states(load(workflow)))) <= MAX_STATES


@pytest.mark.parametrize("workflow", TRAINING)
def test_no_expression_is_longer_than_five_short_lines(workflow: str) -> None:
    text = DEFINITIONS[workflow].read_text(encoding="utf-8")
    lines = text.splitlines()
    for node in scalars(yaml.compose(text)):
        if "{%" not in node.value:
            continue
        # A block scalar begins with its indicator, and ends where the next line begins.
        block = node.style in ("|", ">")
        first, last = node.start_mark.line + block, node.end_mark.line + (not block)
        written = lines[first:last]
        assert len(written) <= MAX_LINES, node.value
        assert all(len(line) <= MAX_LINE_LENGTH for line in written), node.value


@pytest.mark.parametrize("workflow", TRAINING)
def test_every_task_that_can_fail_is_caught(workflow: str) -> None:
    for name, state in load(workflow)["States"].items():
        if state["Type"] in ("Task", "Map"):
            assert state["Catch"][-1]["ErrorEquals"] == ["States.ALL"], name


@pytest.mark.parametrize("workflow", TRAINING)
def test_partitions_are_not_written_out(workflow: str) -> None:
    assert "arn:aws:" not in DEFINITIONS[workflow].read_text(encoding="utf-8")


def scalars(node: yaml.Node) -> Iterator[yaml.ScalarNode]:
    """Every scalar below a node of a YAML document."""
    if isinstance(node, yaml.ScalarNode):
        yield node
    elif isinstance(node, yaml.SequenceNode):
        for each in node.value:
            yield from scalars(each)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from scalars(key)
            yield from scalars(value)
