"""Distributed Map: a map run whose children are executions of their own.

AWS: items from a reader or the input, optionally in batches (`{"BatchInput": …, "Items": […]}`); children
run Standard or Express, as many at once as MaxConcurrency says, and the machine's role must be allowed to
start them; more failures than tolerated end the map run with States.ExceedToleratedFailureThreshold and stop
the rest; results are the children's outputs, or go to S3.
moto: refuses ItemBatcher, tolerates every failure, runs Express children as Standard, has no children to
look at.
"""

import math
from typing import Any

from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEventException
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.distributed_iteration_component import (  # noqa: E501 (the path of a moto module)
    DistributedIterationComponent,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.state_map import StateMap

from local.states import failures, item_reader, permissions, result_writer, shapes, templates
from local.states.distributed_fields import DistributedFields
from local.states.map_run import MapRun
from local.states.patching import replace

THRESHOLD = "States.ExceedToleratedFailureThreshold"
PERMISSIONS = "States.Permissions"
START = "states:StartExecution"
MOST_CONCURRENT_CHILDREN = 40


class _DistributedMap:
    """One Distributed Map state while it is evaluated."""

    def __init__(self, state: Any, env: Any) -> None:
        self._state, self._env = state, env
        self._jsonata = not state._is_language_query_jsonpath()
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
        concurrency = env.stack.pop() or MOST_CONCURRENT_CHILDREN
        items = None if self._fields.reader else self._given_items()
        count, percentage = self._tolerance()
        self._event(HistoryEventType.MapStateStarted, {"length": len(items or [])})
        run = MapRun(
            env, state, self._fields.express, min(concurrency, MOST_CONCURRENT_CHILDREN), count, percentage
        )
        self._event(HistoryEventType.MapRunStarted, {"mapRunArn": run.arn})
        try:
            self._check_role()
            output = self._run(run, items)
        except FailureEventException as error:
            run.finish("FAILED")
            name, cause = error.extract_error_cause_pair() or (None, None)
            self._event(HistoryEventType.MapRunFailed, {"error": name or "", "cause": cause or ""})
            raise
        if env.is_running():
            run.finish("SUCCEEDED")
            self._event(HistoryEventType.MapRunSucceeded)
            self._event(HistoryEventType.MapStateSucceeded, move=False)
        else:
            run.finish("ABORTED")
        return output

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
        if not isinstance(items, list):
            raise failures.failure(
                env, failures.QUERY, "The items of a Map state must be an array.", failures.EVALUATION
            )
        return items

    def _tolerance(self) -> tuple[int, float]:
        count = (
            templates.whole(self._env, self._fields.tolerated_count, self._jsonata, "ToleratedFailureCount")
            or 0
        )
        percentage = templates.evaluate(self._env, self._fields.tolerated_percentage or 0, self._jsonata)
        if not isinstance(percentage, int | float) or not 0 <= percentage <= 100:
            raise failures.failure(
                self._env,
                failures.QUERY,
                "ToleratedFailurePercentage must be between 0 and 100.",
                failures.EVALUATION,
            )
        return count, float(percentage)

    def _run(self, run: MapRun, items: list[Any] | None) -> Any:
        if items is None:
            items = item_reader.read(self._env, self._fields.reader, self._jsonata)
        inputs = self._batches([self._selected(index, item) for index, item in enumerate(items)])
        run.run(inputs, len(items))
        children = run.records()
        writer = self._fields.writer
        output: Any = None
        if writer.get("Resource"):
            output = result_writer.write(self._env, writer, self._jsonata, run.arn, children)
        if run.exceeded():
            cause = "The specified tolerated failure threshold was exceeded"
            raise failures.inner_failure(self._env, THRESHOLD, cause)
        if output is not None:
            return output
        succeeded = [child for child in children if child["status"] == "SUCCEEDED"]
        config = {"Transformation": "COMPACT", **(writer.get("WriterConfig") or {})}
        return result_writer.transformed(succeeded, config)

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

    def _batches(self, items: list[Any]) -> list[tuple[Any, int]]:
        """Children's inputs with the number of items in each."""
        batcher = self._fields.batcher
        if not batcher:
            return [(item, 1) for item in items]
        most = templates.whole(self._env, batcher.get("MaxItemsPerBatch"), self._jsonata, "MaxItemsPerBatch")
        size = templates.whole(
            self._env, batcher.get("MaxInputBytesPerBatch"), self._jsonata, "MaxInputBytesPerBatch"
        )
        shared = (
            {"BatchInput": templates.evaluate(self._env, batcher["BatchInput"], self._jsonata)}
            if "BatchInput" in batcher
            else {}
        )
        base = len(shapes.compact({**shared, "Items": []}).encode())
        groups: list[list[Any]] = []
        used = 0
        for item in items:
            length = len(shapes.compact(item).encode()) + 1
            full = groups and (len(groups[-1]) >= (most or math.inf) or used + length > (size or math.inf))
            if not groups or full:
                groups.append([])
                used = base
            groups[-1].append(item)
            used += length
        return [({**shared, "Items": group}, len(group)) for group in groups]


def _evaluate(self: Any, env: Any) -> None:
    if isinstance(self.iteration_component, DistributedIterationComponent):
        env.stack.append(_DistributedMap(self, env).evaluate())
    else:
        _evaluate_inline(self, env)


_evaluate_inline = StateMap._eval_execution


def install() -> None:
    replace(StateMap, "_eval_execution", _evaluate)
