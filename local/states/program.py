"""How a state machine's states follow each other.

AWS: TimeoutSeconds of the machine ends the execution TIMED_OUT, whatever it is doing; variables that a
state assigns can be read from the next state on, not in the same state's Output; a component of a Map sees
`$states.context.Map`.
moto: a further thread for each program and branch, the first cause of an ending overwritten by later ones,
variables visible at once, the item lost inside tasks.
"""

from typing import Any

from ministack.core.responses import now_iso
from moto.stepfunctions.parser import utils
from moto.stepfunctions.parser.asl.component.common.assign.assign_decl import AssignDecl
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEventException
from moto.stepfunctions.parser.asl.component.eval_component import EvalComponent
from moto.stepfunctions.parser.asl.component.program.program import Program
from moto.stepfunctions.parser.asl.component.state import state
from moto.stepfunctions.parser.asl.component.state.choice.state_choice import StateChoice
from moto.stepfunctions.parser.asl.component.state.state import CommonStateField
from moto.stepfunctions.parser.asl.eval.environment import Environment

from local.states import failures
from local.states.patching import replace, replace_everywhere

_ASSIGNED = "variables assigned by the state"


def record_once(env: Any, failed: Any) -> None:
    """Writes a failure's own event into the history, unless an inner state has."""
    if getattr(failed, "recorded", False):
        return
    failed.recorded = True
    details = failed.event_details
    if failed.event_type == failures.EVALUATION:
        details = {"evaluationFailedEventDetails": failures.evaluation_details(failed)}
    env.event_manager.add_event(
        context=env.event_history_context, event_type=failed.event_type, event_details=details
    )


def _run(self: Any, env: Any) -> None:
    """Runs states until the environment ends; the ending is left in its program state."""
    if env.program_state() is not None and not env.is_running():
        return  # stopped before it began
    env.next_state_name = self.start_at.start_at_name
    try:
        _resume(env)
        while env.is_running():
            _note_entry(env)
            self._get_state(env.next_state_name).eval(env)
            env.stack.clear()
            env.heap.clear()
    except FailureEventException as error:
        if env.is_running():
            if error.failure_event.event_type.value == "EvaluationFailed":
                record_once(env, error.failure_event)
            env.set_error(error=error.get_execution_failed_event_details() or {})
    except Exception as error:  # whatever the interpreter trips over is the execution's failure
        if env.is_running():
            env.set_error(error={"error": failures.RUNTIME, "cause": f"{type(error).__name__}: {error}"})


def _note_entry(env: Any) -> None:
    """Of the execution's own states, what a redrive begins with."""
    if not env.is_frame():
        env.aws_execution_details.record["_entered"] = {
            "state": env.next_state_name,
            "input": env.states.get_input(),
            "variables": dict(env.variable_store._inner_scope),
        }


def _resume(env: Any) -> None:
    """Goes on where the execution that is redriven had come to."""
    entered = None if env.is_frame() else env.aws_execution_details.resumed
    if entered:
        env.next_state_name = entered["state"]
        env.states.reset(entered["input"])
        env.variable_store._inner_scope.update(entered["variables"])


def _assign(self: Any, env: Any) -> None:
    values: dict[str, Any] = {}
    for binding in self.declaration_bindings:
        binding.eval(env=env)
        values.update(env.stack.pop())
    env.heap.setdefault(_ASSIGNED, {}).update(values)


def _commit_variables(env: Any) -> None:
    for name, value in env.heap.pop(_ASSIGNED, {}).items():
        env.variable_store.set(variable_identifier=name, variable_value=value)


def _install_variables() -> None:
    # Every kind of state leaves through this method; Choice has one of its own.
    for kind in (CommonStateField, StateChoice):
        replace(kind, "_set_next", _committing(kind._set_next))
    replace(AssignDecl, "_eval_body", _assign)


def _committing(leave: Any) -> Any:
    def commit_and_leave(self: Any, env: Any) -> None:
        _commit_variables(env)
        leave(self, env)

    return commit_and_leave


def _choose(self: Any, env: Any) -> None:
    """AWS: where no rule matches and there is no Default, that is States.NoChoiceMatched; moto: Runtime."""
    for rule in self.choices_decl.rules:
        rule.eval(env)
        if env.stack.pop() is True:
            env.stack.append(rule.next_stmt.name)
            return
    if self.default_state is None:
        raise failures.failure(
            env, "States.NoChoiceMatched", "No choice rule matched and there is no Default."
        )
    env.stack.append(self.default_state.state_name)


def _entered_state(**members: Any) -> dict[str, Any]:
    """The context's State; AWS writes times in UTC with milliseconds and a Z."""
    return {**members, "EnteredTime": now_iso()}


def _install_frames() -> None:
    open_frame = vars(Environment)["as_inner_frame_of"].__func__

    def with_item(cls: Any, env: Any, *arguments: Any, **keywords: Any) -> Any:
        frame = open_frame(cls, env, *arguments, **keywords)
        outer = env.states.context_object.context_object_data
        if "Map" in outer:
            frame.states.context_object.context_object_data["Map"] = outer["Map"]
        return frame

    replace(Environment, "as_inner_frame_of", classmethod(with_item))


class _Forgetting(list[Any]):
    """moto keeps every thread it ever started."""

    def append(self, _thread: Any) -> None:
        """Nobody asks for it."""


def install() -> None:
    replace(Program, "eval", _run)
    replace_everywhere("TMP_THREADS", utils, _Forgetting())
    replace(StateChoice, "_eval_state", _choose)
    replace(state, "StateData", _entered_state)
    _install_variables()
    _install_frames()
    # Programs are shared by executions: a key made on first use would differ between two threads.
    replace(EvalComponent, "heap_key", property(lambda self: str(id(self))))
    # They print whole programs and payloads.
    replace(EvalComponent, "_log_failure_event_exception", lambda self, failure_event_exception: None)
    replace(EvalComponent, "_log_exception", lambda self, exception: None)
