"""Where a classifier's graph can be cut: its features on one side, its last layer on the other.

The last layer is the one layer of weights that the output comes from; its features are what it takes. A model
that answers more or other numbers than it has labels is taken as an embedding: its output is the features.
What would leave nothing learned before the cut is refused, or a new head would be trained on raw pixels.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import onnx
from onnx import TensorProto, helper

from model.errors import BackboneError

OURS = "loupe_"
FEATURES = "loupe_features"
_WEIGHTED = (
    "Gemm",
    "MatMul",
    "Conv",
    "QGemm",
    "QLinearMatMul",
    "QLinearConv",
    "MatMulInteger",
    "ConvInteger",
)
_QUANTISED = ("QGemm", "QLinearMatMul", "QLinearConv")
_INTEGER = ("MatMulInteger", "ConvInteger")
# ONNX's, since when an operator broadcasts and Gemm needs no copies.
_OLDEST_OPSET = 9
_AXES_ARE_AN_INPUT = 18


@dataclass(frozen=True)
class Ends:
    """A graph's picture and answer by name."""

    picture: Any
    answer: str


def ends_of(model: onnx.ModelProto, picture: str | None, answer: str | None) -> Ends:
    """The input that takes the picture and the output, as model.json names them; else the only, or the first.

    Weights that older exporters list among the inputs are none. Raises BackboneError.
    """
    graph = model.graph
    stored = {item.name for item in graph.initializer}
    inputs = [item for item in graph.input if item.name not in stored]
    outputs = [item.name for item in graph.output]
    if not inputs or not outputs:
        raise BackboneError("the backbone has no input or no output")
    if picture is not None and picture not in {item.name for item in inputs}:
        raise BackboneError(f"the backbone has no input {picture!r}; it has {_names(inputs)}")
    if picture is None and len(inputs) > 1:
        raise BackboneError(
            f"the backbone takes {len(inputs)} inputs, {_names(inputs)}; name the picture's in model.json's "
            "input.name. Others it may not need"
        )
    if answer is not None and answer not in outputs:
        raise BackboneError(f"the backbone has no output {answer!r}; it has {', '.join(outputs)}")
    chosen = next(item for item in inputs if picture in (None, item.name))
    return Ends(chosen, answer or outputs[0])


def cut(model: onnx.ModelProto, ends: Ends, embedding: bool) -> str:
    """Leave of the graph what its features are made by; gives their name, the one output, as it comes.

    `embedding`: the answer itself is the features. `finish` makes them plain. Raises BackboneError.
    """
    graph = model.graph
    opset = _opset(model)
    if opset < _OLDEST_OPSET:
        raise BackboneError(
            f"the backbone is of ONNX opset {opset}; export it with {_OLDEST_OPSET} or a later one"
        )
    _constants_to_weights(graph)
    ends = _renamed(graph, ends)
    producers = {name: node for node in graph.node for name in node.output if name}
    moving = _depending_on(graph, ends.picture.name)
    if ends.answer not in moving:
        raise BackboneError(f"the backbone's output {ends.answer!r} does not depend on the picture")
    if embedding:
        nodes: list[Any] = []
        features = ends.answer
    else:
        last = _last_layer(ends.answer, producers, moving)
        nodes, features = _features_of(last, moving)
    before = _before(features if not nodes else nodes[0].input[0], producers)
    if not any(_is_layer(node, moving) for node in before):
        raise BackboneError(
            "the backbone learned nothing before its last layer: its features would be raw pixels. Name "
            "another output, or train with --backbone none"
        )
    _replace(graph, [*before, *nodes], ends.picture)
    graph.output.append(onnx.ValueInfoProto(name=features))
    # Weights need not be listed among the inputs from version 4 on.
    model.ir_version = max(4, model.ir_version)
    return features


def finish(model: onnx.ModelProto, features: str, dimensions: int) -> None:
    """Flatten to N x features, float; a map of features is averaged over its places."""
    graph = model.graph
    del graph.output[:]
    graph.node.append(helper.make_node("Cast", [features], ["loupe_float"], to=TensorProto.FLOAT))
    name = "loupe_float"
    if dimensions == 4:
        graph.node.append(helper.make_node("GlobalAveragePool", [name], ["loupe_pooled"]))
        name = "loupe_pooled"
    graph.node.append(helper.make_node("Flatten", [name], [FEATURES], axis=1))
    graph.output.append(helper.make_tensor_value_info(FEATURES, TensorProto.FLOAT, None))


def normalised(model: onnx.ModelProto, root: bool) -> str:
    """Append what `model.head.prepared` does to FEATURES; the name of the result."""
    graph = model.graph
    name = FEATURES
    if root:
        graph.node.append(helper.make_node("Relu", [name], ["loupe_positive"]))
        graph.node.append(helper.make_node("Sqrt", ["loupe_positive"], ["loupe_root"]))
        name = "loupe_root"
    if _opset(model) >= _AXES_ARE_AN_INPUT:
        graph.initializer.append(helper.make_tensor("loupe_axes", TensorProto.INT64, [1], [1]))
        graph.node.append(helper.make_node("ReduceL2", [name, "loupe_axes"], ["loupe_length"], keepdims=1))
    else:
        graph.node.append(helper.make_node("ReduceL2", [name], ["loupe_length"], axes=[1], keepdims=1))
    graph.initializer.append(helper.make_tensor("loupe_least", TensorProto.FLOAT, [1], [1e-6]))
    graph.node.append(helper.make_node("Max", ["loupe_length", "loupe_least"], ["loupe_divisor"]))
    graph.node.append(helper.make_node("Div", [name, "loupe_divisor"], ["loupe_prepared"]))
    return "loupe_prepared"


def _opset(model: onnx.ModelProto) -> int:
    return max((item.version for item in model.opset_import if item.domain in ("", "ai.onnx")), default=0)


def _constants_to_weights(graph: onnx.GraphProto) -> None:
    """Constant nodes become stored weights, so that a walk along the graph meets layers only."""
    kept = []
    for node in graph.node:
        value = {item.name: item for item in node.attribute}.get("value")
        if node.op_type == "Constant" and value is not None:
            tensor = onnx.TensorProto()
            tensor.CopyFrom(value.t)
            tensor.name = node.output[0]
            graph.initializer.append(tensor)
        else:
            kept.append(node)
    del graph.node[:]
    graph.node.extend(kept)


def _renamed(graph: onnx.GraphProto, ends: Ends) -> Ends:
    """A model that was made here before carries our names: they get others, for each may stand but once."""
    names = {name for node in graph.node for name in node.output} | {each.name for each in graph.initializer}
    ours = {name for name in names if name.startswith(OURS)}
    generation = 1
    while any(name.startswith(f"earlier{generation}_") for name in names):
        generation += 1
    new = {name: f"earlier{generation}_{name}" for name in ours}
    for node in graph.node:
        for field in (node.input, node.output):
            for place, name in enumerate(field):
                field[place] = new.get(name, name)
    for each in graph.initializer:
        each.name = new.get(each.name, each.name)
    return Ends(ends.picture, new.get(ends.answer, ends.answer))


def _depending_on(graph: onnx.GraphProto, picture: str) -> set[str]:
    """The names of all values that are worked out from the picture. A graph's nodes are in order."""
    moving = {picture}
    for node in graph.node:
        if any(name in moving for name in node.input):
            moving.update(node.output)
    return moving


def _is_layer(node: Any, moving: set[str]) -> bool:
    """Whether it multiplies what comes from the picture with weights (attention multiplies two of those)."""
    return node.op_type in _WEIGHTED and sum(name in moving for name in node.input) == 1


def _last_layer(answer: str, producers: dict[str, Any], moving: set[str]) -> Any:
    """The one layer through which all of the answer comes."""
    found: dict[int, Any] = {}
    waiting, seen = [answer], set()
    while waiting:
        name = waiting.pop()
        if name in seen or name not in producers:
            continue
        seen.add(name)
        node = producers[name]
        if _is_layer(node, moving):
            found[id(node)] = node
        else:
            waiting.extend(item for item in node.input if item in moving)
    if not found:
        raise BackboneError("the backbone has no last layer of weights that could be trained anew")
    if len(found) > 1:
        kinds = ", ".join(sorted(node.op_type for node in found.values()))
        raise BackboneError(
            f"the backbone's answer comes from {len(found)} layers at once ({kinds}); name an output that is "
            "its embedding in model.json's output.name"
        )
    return next(iter(found.values()))


def _features_of(last: Any, moving: set[str]) -> tuple[list[Any], str]:
    """What the last layer takes as plain numbers: nodes that make it so, and its name."""
    taken = next(name for name in last.input if name in moving)
    if last.op_type in _QUANTISED:
        return [helper.make_node("DequantizeLinear", list(last.input[:3]), ["loupe_plain"])], "loupe_plain"
    if last.op_type in _INTEGER:
        return [helper.make_node("Cast", [taken], ["loupe_plain"], to=TensorProto.FLOAT)], "loupe_plain"
    return [], taken


def _before(name: str, producers: dict[str, Any]) -> list[Any]:
    """The nodes that a value is made by, in the order in which they run."""
    wanted: dict[int, Any] = {}
    waiting = [name]
    while waiting:
        node = producers.get(waiting.pop())
        if node is not None and id(node) not in wanted:
            wanted[id(node)] = node
            waiting.extend(node.input)
    unique = {id(node): node for node in producers.values()}
    return [node for key, node in unique.items() if key in wanted]


def _replace(graph: onnx.GraphProto, nodes: Iterable[Any], picture: Any) -> None:
    kept = list(nodes)
    used = {item for node in kept for item in node.input}
    weights = [item for item in graph.initializer if item.name in used]
    taken = onnx.ValueInfoProto()
    taken.CopyFrom(picture)
    for field, items in (("node", kept), ("initializer", weights), ("input", [taken])):
        del getattr(graph, field)[:]
        getattr(graph, field).extend(items)
    del graph.output[:]
    del graph.value_info[:]


def _names(items: Iterable[Any]) -> str:
    return ", ".join(item.name for item in items)
