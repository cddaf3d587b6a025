"""Every state stands in the document of its machine, so that who adds one draws it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.workflow.definitions import WORKFLOWS, load, machines

# What a reader of a drawing can guess from the arrows.
GUESSED = ("Choice", "Pass", "Wait", "Succeed")
DOCS = Path(__file__).parents[2] / "docs"
ELSEWHERE = {"review_image": "review.md", "classify_batch": "batch.md"}


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_every_state_that_does_something_is_in_the_machines_document(workflow: str) -> None:
    document = (DOCS / ELSEWHERE.get(workflow, "architecture.md")).read_text(encoding="utf-8")

    found = [
        name
        for machine in machines(load(workflow))
        for name, state in machine["States"].items()
        if state["Type"] not in GUESSED and name not in document
    ]

    assert found == []
