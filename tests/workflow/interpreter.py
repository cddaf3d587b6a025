"""A small interpreter of JSONata state machines, to run every expression on sample data in milliseconds.

It knows the states that we use (Pass, Choice, Task, Parallel, Map, Wait, Succeed, Fail) and none of AWS's
limits; the deployed stack on the local cloud is tested in tests/integration.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from local.states import jsonata_engine, matching

Json = Any
Service = Callable[[str, Json], Json]
"""Takes a Task's state name and its Arguments, gives its result or raises ServiceError."""


class ServiceError(Exception):
    """What a Task fails with: an error name and a cause, as Step Functions sees them."""

    def __init__(self, error: str, cause: str) -> None:
        super().__init__(f"{error}: {cause}")
        self.error, self.cause = error, cause


class QueryError(Exception):
    """A JSONata expression cannot be evaluated, or gives nothing; AWS fails such an execution."""


@dataclass
class Ending:
    """How an execution ended, and the states that it entered, in order."""

    status: str
    output: Json = None
    error: str = ""
    cause: str = ""
    entered: list[str] = field(default_factory=list)


class _FailedError(Exception):
    def __init__(self, error: str, cause: str) -> None:
        super().__init__(error, cause)
        self.error, self.cause = error, cause


def evaluate(expression: str, variables: dict[str, Json], states: Json) -> Json:
    """The value of a JSONata expression (without its `{% %}`). Raises QueryError where AWS would."""
    try:
        return jsonata_engine.evaluate(expression, {**variables, "states": states})
    except jsonata_engine.JsonataError as error:
        raise QueryError(f"{expression}: {error}") from error


class Execution:
    """One run of a state machine against a service, from an input to an Ending."""

    def __init__(self, definition: Json, service: Service, arn: str, now: datetime | None = None) -> None:
        self._definition, self._service, self._arn = definition, service, arn
        self._now = now or datetime(2026, 11, 21, 12, tzinfo=UTC)
        self._started = self._moment()
        self._entered: list[str] = []
        self._variables: dict[str, Json] = {}

    def run(self, state_input: Json) -> Ending:
        self._input = state_input
        try:
            output = self._run_states(self._definition, state_input, self._variables)
            return Ending("SUCCEEDED", output, entered=self._entered)
        except _FailedError as failure:
            return Ending("FAILED", None, failure.error, failure.cause, self._entered)

    def _run_states(self, machine: Json, data: Json, variables: dict[str, Json]) -> Json:
        name: str | None = machine["StartAt"]
        while name is not None:
            self._entered.append(name)
            self._now += timedelta(milliseconds=10)
            data, name = self._run_state(name, machine["States"][name], data, variables)
        return data

    def _run_state(
        self, name: str, state: Json, data: Json, variables: dict[str, Json]
    ) -> tuple[Json, str | None]:
        if state["Type"] == "Choice":
            return self._choose(name, state, data, variables)
        scope = self._scope(name, data)
        if state["Type"] == "Fail":
            raise _FailedError(
                self._fill(state["Error"], variables, scope), self._fill(state["Cause"], variables, scope)
            )
        result: Json = None
        try:
            if state["Type"] == "Task":
                if state["Resource"].endswith(".waitForTaskToken"):
                    scope["context"]["Task"] = {"Token": f"token {len(self._entered)} of {self._arn}"}
                assert self._fill(state["TimeoutSeconds"], variables, scope) > 0
                result = self._service(name, self._fill(state["Arguments"], variables, scope))
            elif state["Type"] == "Parallel":
                result = [self._run_states(branch, data, dict(variables)) for branch in state["Branches"]]
            elif state["Type"] == "Map":
                result = self._map(name, state, variables, scope)
            elif state["Type"] == "Wait":
                self._now += timedelta(seconds=self._fill(state["Seconds"], variables, scope))
        except (ServiceError, _FailedError) as error:
            return self._catch(state, error, variables, self._scope(name, data))
        if state["Type"] in ("Task", "Parallel", "Map"):
            scope["result"] = result
            data = result
        data, following = self._leave(state, data, variables, scope)
        return data, None if state.get("End") or state["Type"] == "Succeed" else following or state["Next"]

    def _map(self, name: str, state: Json, variables: dict[str, Json], scope: Json) -> Json:
        """Children one after another. Those of a Distributed Map see no variables but their own."""
        processor = state["ItemProcessor"]
        distributed = processor["ProcessorConfig"]["Mode"] == "DISTRIBUTED"
        if "ItemReader" in state:
            items = self._service(name, self._fill(state["ItemReader"]["Arguments"], variables, scope))
        else:
            items = self._fill(state["Items"], variables, scope)
        if "ItemSelector" in state:
            selector = state["ItemSelector"]
            items = [
                self._select(selector, index, item, variables, scope) for index, item in enumerate(items)
            ]
        if "ItemBatcher" in state:
            batcher = self._fill(state["ItemBatcher"], variables, scope)
            size, shared = batcher["MaxItemsPerBatch"], batcher.get("BatchInput")
            batches = [items[start : start + size] for start in range(0, len(items), size)]
            items = [{"Items": batch} | ({"BatchInput": shared} if shared else {}) for batch in batches]
        if "ResultWriter" in state:
            return self._write_results(name, state, items, variables, scope)
        return [self._run_states(processor, item, {} if distributed else dict(variables)) for item in items]

    def _write_results(
        self, name: str, state: Json, items: list[Json], variables: dict[str, Json], scope: Json
    ) -> Json:
        """Children that may fail; the service writes what became of them and says where."""
        children: list[Json] = []
        for item in items:
            try:
                output = self._run_states(state["ItemProcessor"], item, {})
                children.append({"Status": "SUCCEEDED", "Output": output})
            except (ServiceError, _FailedError) as failure:
                given = {"Input": json.dumps(item), "Error": failure.error, "Cause": failure.cause}
                children.append({"Status": "FAILED", **given})
        arguments = self._fill(state["ResultWriter"]["Arguments"], variables, scope)
        return self._service(f"{name} Results", {**arguments, "children": children})

    def _select(
        self, selector: Json, index: int, item: Json, variables: dict[str, Json], scope: Json
    ) -> Json:
        context = {**scope["context"], "Map": {"Item": {"Index": index, "Value": item}}}
        return self._fill(selector, variables, {**scope, "context": context})

    def _choose(self, name: str, state: Json, data: Json, variables: dict[str, Json]) -> tuple[Json, str]:
        scope = self._scope(name, data)
        for rule in state["Choices"]:
            met = self._fill(rule["Condition"], variables, scope)
            if not isinstance(met, bool):
                raise QueryError(f"the condition of {name} gives {met!r}, not a boolean")
            if met:
                return self._leave(rule, data, variables, scope)[0], rule["Next"]
        return self._leave(state, data, variables, scope)[0], state["Default"]

    def _catch(
        self, state: Json, error: ServiceError | _FailedError, variables: dict[str, Json], scope: Json
    ) -> tuple[Json, str]:
        scope["errorOutput"] = {"Error": error.error, **({"Cause": error.cause} if error.cause else {})}
        for catcher in state.get("Catch", []):
            if matching.matches(catcher["ErrorEquals"], error.error):
                return self._leave(catcher, scope["errorOutput"], variables, scope)[0], catcher["Next"]
        raise _FailedError(error.error, error.cause)

    def _leave(
        self, place: Json, data: Json, variables: dict[str, Json], scope: Json
    ) -> tuple[Json, str | None]:
        """Applies Assign and Output, both evaluated with the variables as they were."""
        output = self._fill(place["Output"], variables, scope) if "Output" in place else data
        variables.update(self._fill(place.get("Assign", {}), variables, scope))
        return output, place.get("Next")

    def _scope(self, name: str, data: Json) -> Json:
        execution = {
            "Id": self._arn,
            "Name": self._arn.rpartition(":")[2],
            "StartTime": self._started,
            "RedriveCount": 0,
            "Input": self._input,
        }
        context = {"Execution": execution, "State": {"Name": name, "EnteredTime": self._moment()}}
        return {"input": data, "context": context}

    def _moment(self) -> str:
        return self._now.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def _fill(self, template: Json, variables: dict[str, Json], scope: Json) -> Json:
        if isinstance(template, dict):
            return {key: self._fill(value, variables, scope) for key, value in template.items()}
        if isinstance(template, list):
            return [self._fill(value, variables, scope) for value in template]
        if isinstance(template, str) and template.startswith("{%"):
            return evaluate(template.removeprefix("{%").removesuffix("%}").strip(), variables, scope)
        return template
