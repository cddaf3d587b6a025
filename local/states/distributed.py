"""Distributed Map: a map run whose children are executions of their own.

AWS: items from a reader or the input, optionally in batches (`{"BatchInput": …, "Items": […]}`); children
run Standard or Express, as many at once as MaxConcurrency says, and the machine's role must be allowed to
start them; more failures than tolerated end the map run with States.ExceedToleratedFailureThreshold and stop
the rest; results are the children's outputs, or go to S3.
moto: refuses ItemBatcher, tolerates every failure, runs Express children as Standard, has no children to
look at.
"""

import itertools
from collections.abc import Iterator
from typing import Any

from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEventException
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.distributed_iteration_component import (  # noqa: E501 (the path of a moto module)
    DistributedIterationComponent,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.state_map import StateMap

from local.states import failures, item_reader, map_run, permissions, result_writer, shapes, templates
from local.states.distributed_fields import DistributedFields
from local.states.map_run import MapRun
from local.states.patching import replace
from local.states.services import STATE_DATA_LIMIT, within_limit
from local.states.spool import Spool

THRESHOLD = "States.ExceedToleratedFailureThreshold"
PERMISSIONS = "States.Permissions"
START = "states:StartExecution"


class _DistributedMap:
    """One Distributed Map state while it is evaluated."""

    def __init__(self, state: Any, env: Any) -> None:
        self._state, self._env = state, env
        self._jsonata = not state._is_language_query_jsonpath()
        self._written = False
        self._fields: DistributedFields = env.aws_execution_details.distributed[state.name]

    def _event(
        self, kind: HistoryEventType, details: dict[str, Any] | None = None, move: bool = True
    ) -> None:
        name = kind.value
        body = {f"{name[0].lower()}{name[1:]}EventDetails": details} if details is not None else {}
        self._env.event_manager.add_event(
            context=self._env.event_history_context,
            event_type=kind,
            event_details=body,
            update_source_event_id=move,
        )

    def evaluate(self) -> Any:
        state, env = self._state, self._env
        state.max_concurrency_decl.eval(env=env)
        concurrency = env.stack.pop()
        items = None if self._fields.reader else self._given_items()
        self._event(HistoryEventType.MapStateStarted, {"length": len(items or [])})
        run = self._begin({"maxConcurrency": concurrency, **self._tolerances()})
        try:
            self._check_role()
            output, written = self._run(run, items)
        except FailureEventException as error:
            run.finish("FAILED", written=self._written)
            name, cause = error.extract_error_cause_pair() or (None, None)
            self._event(HistoryEventType.MapRunFailed, {"error": name or "", "cause": cause or ""})
            raise
        if env.is_running():
            run.finish("SUCCEEDED", written)
            self._event(HistoryEventType.MapRunSucceeded)
            self._event(HistoryEventType.MapStateSucceeded, move=False)
        else:
            run.finish("ABORTED")
        return output

    def _begin(self, limits: dict[str, Any]) -> MapRun:
        """A new map run, or the one that the redriven execution had begun."""
        env, state = self._env, self._state
        execution = env.aws_execution_details.record["executionArn"]
        run = map_run.unfinished(execution, state.name)
        if run is not None and env.aws_execution_details.resumed:
            run.redrive(env, state, limits)
            count = run.record["redriveCount"]
            self._event(HistoryEventType.MapRunRedriven, {"mapRunArn": run.arn, "redriveCount": count})
            return run
        run = MapRun(env, state, self._fields.express, limits)
        run.record["_state"] = state.name
        self._event(HistoryEventType.MapRunStarted, {"mapRunArn": run.arn})
        return run

    def _check_role(self) -> None:
        machine = self._env.aws_execution_details.machine["stateMachineArn"]
        role = self._env.aws_execution_details.role_arn
        if not permissions.allows(role, START, machine):
            cause = f"{role} is not authorized to perform: {START} on resource: {machine}"
            # The States Language's name for a lack of permissions; AWS does not document which one it gives.
            raise failures.inner_failure(self._env, PERMISSIONS, cause)

    def _given_items(self) -> list[Any]:
        env, state = self._env, self._state
        if state.items:
            state.items.eval(env=env)
        elif state.items_path:
            state.items_path.eval(env=env)
        items = env.stack.pop()
        if isinstance(items, dict):
            items = item_reader.pairs(items)
        if not isinstance(items, list):
            raise failures.failure(
                env, failures.QUERY, "The items of a Map state must be an array.", failures.EVALUATION
            )
        return items

    def _tolerances(self) -> dict[str, float]:
        fields, jsonata, env = self._fields.tolerances, self._jsonata, self._env
        count = templates.whole(env, fields, "ToleratedFailureCount", jsonata) or 0
        percentage = templates.number(env, fields, "ToleratedFailurePercentage", jsonata) or 0.0
        if percentage > 100:
            raise templates.invalid(env, "ToleratedFailurePercentage must be between 0 and 100.", jsonata)
        return {"toleratedFailureCount": count, "toleratedFailurePercentage": float(percentage)}

    def _run(self, run: MapRun, items: list[Any] | None) -> tuple[Any, bool]:
        """The state's output, and whether the results were written."""
        if run.items is None:
            reader = self._fields.reader
            run.items = (
                Spool(items) if items is not None else item_reader.read(self._env, reader, self._jsonata)
            )
        batches, expected = self._batches(run.items)
        run.run(itertools.islice(batches, run.launched(), None), max(0, expected - run.launched()))
        if not self._env.is_running():
            return None, False
        writer, output = self._fields.writer, None
        if writer.get("Resource"):
            output = result_writer.write(self._env, writer, self._jsonata, run)
            self._written = True
        if run.exceeded():
            cause = "The specified tolerated failure threshold was exceeded"
            raise failures.inner_failure(self._env, THRESHOLD, cause)
        if output is not None:
            return output, True
        config = {"Transformation": "COMPACT", **(writer.get("WriterConfig") or {})}
        return self._within_limit(result_writer.transformed(run.children("SUCCEEDED"), config)), False

    def _within_limit(self, results: Iterator[Any]) -> list[Any]:
        """The results as the state's own, as far as they fit: of more the state's limit is told anyway."""
        kept, size = [], 0
        for result in results:
            kept.append(result)
            size += len(shapes.compact(result))
            if size > STATE_DATA_LIMIT:
                break
        return kept

    def _selected(self, index: int, item: Any) -> Any:
        selector = self._state.item_selector or self._state.parameters
        if not selector:
            return item
        context = self._env.states.context_object.context_object_data
        former = context.get("Map")
        context["Map"] = {"Item": {"Index": index, "Value": item}}
        try:
            self._env.stack.append(self._env.states.get_input())
            selector.eval(self._env)
            selected = self._env.stack.pop()
            self._env.stack.pop()
            return selected
        finally:
            context.pop("Map")
            if former is not None:
                context["Map"] = former

    def _batches(self, items: Spool) -> tuple[Iterator[tuple[Any, int]], int]:
        """Children's inputs with the number of items in each, made as they are asked for; and how many."""
        selected = (self._selected(index, item) for index, item in enumerate(items))
        batcher, jsonata, env = self._fields.batcher, self._jsonata, self._env
        if not batcher:
            return ((self._fitting(item), 1) for item in selected), len(items)
        failed = item_reader.FAILED
        most = templates.whole(env, batcher, "MaxItemsPerBatch", jsonata, failed) or len(items) or 1
        size = templates.whole(env, batcher, "MaxInputBytesPerBatch", jsonata, failed) or STATE_DATA_LIMIT
        shared = {}
        if "BatchInput" in batcher:
            shared = {"BatchInput": templates.evaluate(env, batcher["BatchInput"], jsonata)}
        return self._grouped(selected, shared, most, min(size, STATE_DATA_LIMIT)), -(-len(items) // most)

    def _grouped(
        self, items: Iterator[Any], shared: dict[str, Any], most: int, largest: int
    ) -> Iterator[tuple[Any, int]]:
        base = len(shapes.compact({**shared, "Items": []}).encode())
        group: list[Any] = []
        used = base
        for item in items:
            length = len(shapes.compact(item).encode("utf-8", "surrogatepass")) + 1
            if group and (len(group) >= most or used + length > largest):
                yield {**shared, "Items": group}, len(group)
                group, used = [], base
            group.append(item)
            used += length
        if group:
            yield self._fitting({**shared, "Items": group}), len(group)

    def _fitting(self, given: Any) -> Any:
        """A child's input, which like any is at most 256 KiB."""
        if not within_limit(given):
            cause = f"The input of a child of '{self._state.name}' exceeds the maximum number of bytes."
            raise failures.inner_failure(self._env, failures.DATA_LIMIT, cause)
        return given


def _evaluate(self: Any, env: Any) -> None:
    if isinstance(self.iteration_component, DistributedIterationComponent):
        env.stack.append(_DistributedMap(self, env).evaluate())
    else:
        _evaluate_inline(self, env)


_evaluate_inline = StateMap._eval_execution


def install() -> None:
    replace(StateMap, "_eval_execution", _evaluate)
