"""The computed comparison of cost, and the peer that executions are measured against."""

from pathlib import Path

from bench.context import Bench
from bench.parts import cost
from bench.peers.scones import filter as filter_inferences
from bench.peers.scones.deployment import MACHINES, ORIGINAL, definition


def test_each_type_is_compared_with_both_designs_and_the_whole_bill(tmp_path: Path) -> None:
    figures = {(each.name, each.against): each for each in cost.run(Bench(1, tmp_path))}
    assert len(figures) == 6
    standard = next(each for each in figures.values() if "Standard: Step" in each.name)
    # Three transitions are $75; so what stays short shows as such.
    assert standard.theirs.median > 75
    assert standard.met is False
    express = [each for each in figures.values() if "Express" in each.name]
    assert {"reference" in each.against: each.met for each in express} == {True: True, False: False}


def test_the_original_is_three_functions_in_a_row() -> None:
    made = definition({state: f"arn:{name}" for state, name in MACHINES[ORIGINAL].items()})
    path, name = [], made["StartAt"]
    while name:
        path.append(name)
        name = made["States"][name].get("Next")
    assert path == ["Serialize Image Data", "Classify Image Data", "Filter Inference Data"]
    passed = {"body": {"inferences": [0.94, 0.06]}}
    assert filter_inferences.handler(passed, None)["body"] == passed["body"]
