"""Put right what `model.check` found wrong, in a new folder; the one that was given stays as it is."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import onnx
from onnx import TensorProto, helper

from model.check import Report, check_model
from model.errors import ModelSpecError
from model.spec import MODEL_FILE, SPEC_FILE, ModelSpec, OutputSpec

ROUNDS = 5


def fix_model(folder: Path, target: Path, pictures: Mapping[str, bytes]) -> tuple[Report, list[str]]:
    """Copy `folder` to `target` with what can be put right put right: the copy's report, and what was done.

    Raises ModelSpecError where `target` holds something already.
    """
    if target.exists() and any(target.iterdir()):
        raise ModelSpecError("(folder)", f"{target} is not empty")
    shutil.copytree(folder, target, dirs_exist_ok=True)
    done: list[str] = []
    for _ in range(ROUNDS):
        report = check_model(target, pictures)
        if report.passed or report.spec is None:
            break
        problem = report.problems[0]
        spec = problem.fix or (_without_zipmap(target, report.spec) if problem.name == "output" else None)
        if spec is None:
            break
        _write_spec(target, spec)
        done.append(problem.message)
    return report, done


def _write_spec(folder: Path, spec: ModelSpec) -> None:
    path = folder / SPEC_FILE
    about = json.loads(path.read_text("utf-8")).get("about")
    path.write_text(spec.to_json(about), "utf-8")


def _without_zipmap(folder: Path, spec: ModelSpec) -> ModelSpec | None:
    """Cut off ZipMap, which makes dictionaries of scores; None without one, or if its labels are others."""
    model = onnx.load(str(folder / MODEL_FILE))
    graph = model.graph
    found = [node for node in graph.node if node.op_type == "ZipMap"]
    if len(found) != 1:
        return None
    (node,) = found
    labels: tuple[str, ...] = ()
    for attribute in node.attribute:
        values = helper.get_attribute_value(attribute)
        labels = tuple(value.decode() if isinstance(value, bytes) else str(value) for value in values)
    same = sorted(labels) == sorted(spec.labels)
    numbered = labels == tuple(str(number) for number in range(len(spec.labels)))
    if not same and not numbered:
        return None
    scores, mapped = node.input[0], node.output[0]
    graph.node.remove(node)
    kept = [output for output in graph.output if output.name != mapped]
    del graph.output[:]
    graph.output.append(helper.make_tensor_value_info(scores, TensorProto.FLOAT, [None, len(labels)]))
    graph.output.extend(kept)
    onnx.save(model, str(folder / MODEL_FILE))
    # The order of the scores is ZipMap's, whatever model.json said.
    return replace(
        spec,
        labels=labels if same else spec.labels,
        output=OutputSpec(spec.output.kind, scores, spec.output.features),
    )
