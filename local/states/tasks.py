"""How a Task, Parallel or Map state is attempted, fails, is retried and caught.

AWS: an attempt ends at once when the execution is stopped or its TimeoutSeconds are over, even if the
service has not answered; an error in the state's Arguments, Assign or Output can be caught like the task's
own; an attempt's failure stands in the history once.
moto: a stopped execution waits for the service's answer, errors of Output end the execution uncaught.
"""

import copy
import threading
from typing import Any

from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.common.catch.catch_outcome import CatchOutcome
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEventException
from moto.stepfunctions.parser.asl.component.common.retry.retry_outcome import RetryOutcome
from moto.stepfunctions.parser.asl.component.common.timeouts.heartbeat import HeartbeatSecondsPath
from moto.stepfunctions.parser.asl.component.common.timeouts.timeout import (
    EvalTimeoutError,
    TimeoutSecondsPath,
)
from moto.stepfunctions.parser.asl.component.state.exec.execute_state import ExecutionState
from moto.stepfunctions.parser.asl.component.state.exec.state_map.state_map import StateMap
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel.state_parallel import StateParallel
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_callback import (  # noqa: E501 (the path of a moto module)
    StateTaskServiceCallback,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task import StateTask
from moto.stepfunctions.parser.asl.component.state.state import CommonStateField

from local.states import failures
from local.states.patching import replace
from local.states.program import record_once
from local.states.services import within_limit

_OUTPUT_DONE = "output evaluated"
_FAILED_EVENTS = {
    StateParallel: HistoryEventType.ParallelStateFailed,
    StateMap: HistoryEventType.MapStateFailed,
}


class _Attempt:
    """One attempt in a thread of its own, so that it can be given up."""

    def __init__(self, state: Any, frame: Any) -> None:
        self._state, self._frame = state, frame
        self.done = threading.Event()
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            self._state._eval_execution(self._frame)
        except Exception as error:  # handed to the thread that waits
            self.error = error
        finally:
            self.done.set()
            self._frame.program_state_event.set()

    def wait(self, seconds: float) -> None:
        """Returns when the attempt or its environment ends; EvalTimeoutError after `seconds`."""
        threading.Thread(target=self.run, name=f"task {self._state.name}", daemon=True).start()
        self._frame.program_state_event.wait(min(seconds, threading.TIMEOUT_MAX))
        if self.error:
            raise self.error
        if not self.done.is_set() and self._frame.is_running():
            raise EvalTimeoutError


def _execute(state: Any, env: Any) -> Any:
    """The attempt's result, from a frame of its own."""
    state.timeout.eval(env=env)
    seconds = env.stack.pop()
    if isinstance(state, StateTaskServiceCallback) and state.resource.condition is not None:
        # Every attempt has a token of its own.
        env.callback_pool_manager.add(env.states.context_object.update_task_token())
    frame = env.open_frame()
    frame.states.reset(input_value=env.states.get_input())
    frame.stack = copy.deepcopy(env.stack)
    try:
        if env.aws_execution_details.probe is not None and env.aws_execution_details.probe.mock:
            frame.stack.append(_mocked(state, frame))
        elif isinstance(state, StateTask):
            _Attempt(state, frame).wait(seconds)
        else:
            state._eval_execution(frame)
        return frame.stack.pop() if frame.stack else None
    finally:
        frame.set_ended()
        env.close_frame(frame)


def _mocked(state: Any, frame: Any) -> Any:
    """A test's answer in the place of a service or of children, once what is given to them has been made."""
    probe = frame.aws_execution_details.probe
    if isinstance(state, StateTask):
        state._eval_parameters(frame)
    elif isinstance(state, StateMap):
        for part in (state.items_path, state.items):
            if part:
                part.eval(env=frame)
    return probe.answer(frame)


def _attempt(self: Any, env: Any) -> None:
    result = _execute(self, env)
    if not env.is_running():
        return
    env.stack.append(result)
    if env.aws_execution_details.probe is not None:
        env.aws_execution_details.probe.note("result", result)
    self._verify_size_quota(env=env, value=result)
    if not self._is_language_query_jsonpath():
        env.states.set_result(result)
    if self.assign_decl:
        self.assign_decl.eval(env=env)
    if self.output:
        self.output.eval(env=env)
        self._verify_size_quota(env=env, value=env.states.get_input())
        env.heap[_OUTPUT_DONE] = True
        return
    if self.result_selector:
        self.result_selector.eval(env=env)
    self.result_path.eval(env)


def _evaluate(self: Any, env: Any) -> None:
    env.states.context_object.context_object_data["State"]["RetryCount"] = 0
    given, state_input = copy.deepcopy(env.stack), env.states.get_input()
    while env.is_running():
        env.stack[:] = copy.deepcopy(given)
        try:
            if isinstance(self, StateParallel) and self.parargs is not None:
                self.parargs.eval(env=env)
            self._evaluate_with_timeout(env)
            return
        except Exception as error:
            if not env.is_running():
                return
            failed = self._from_error(env=env, ex=error)
        env.states.reset(input_value=state_input)  # an Output that failed late had replaced it
        if _handle(self, env, failed):
            return


def _handle(state: Any, env: Any, failed: Any) -> bool:
    """Retries (False), catches (True) or raises."""
    nested = next((event for kind, event in _FAILED_EVENTS.items() if isinstance(state, kind)), None)
    # A field that cannot be read ends the execution: its own event is the only one.
    unreadable = failed.event_type == failures.EXECUTION and not getattr(failed, "inner", False)
    if failed.event_type == failures.EVALUATION or (nested is None and not unreadable):
        record_once(env, failed)
    env.states.set_error_output(_error_output(failed))
    env.heap.pop(_OUTPUT_DONE, None)
    if env.aws_execution_details.probe is not None:
        told = env.states._states_data["errorOutput"]
        env.aws_execution_details.probe.retry(told["Error"], told["Cause"])
        env.aws_execution_details.probe.catch(told["Error"], told["Cause"])
    elif state.retry and state._handle_retry(env=env, failure_event=failed) == RetryOutcome.CanRetry:
        return False
    if nested is not None and not unreadable:
        env.event_manager.add_event(context=env.event_history_context, event_type=nested)
    if state.catch:
        state._handle_catch(env=env, failure_event=failed)
        if env.stack[-1] == CatchOutcome.Caught:
            return True
    raise FailureEventException(failure_event=failed)


def _error_output(failed: Any) -> dict[str, str]:
    details = failures.shortened(next(iter((failed.event_details or {}).values()), {}))
    return {"Error": details.get("error") or "", "Cause": details.get("cause") or ""}


def _output(self: Any, env: Any) -> None:
    if env.heap.pop(_OUTPUT_DONE, False) or (env.stack and isinstance(env.stack[-1], CatchOutcome)):
        return
    CommonStateField._eval_state_output(self, env=env)


def _within_limit(self: Any, env: Any, value: Any) -> None:
    if not within_limit(value):
        cause = f"The state/task '{self.name}' returned a result with a size exceeding the maximum number of "
        raise failures.failure(env, failures.DATA_LIMIT, f"{cause}bytes service limit.")


def _seconds(former: Any, field: str) -> Any:
    """What a path selects for a field of seconds."""

    def checked(self: Any, env: Any) -> int:
        try:
            seconds = former(self, env)
        except (TypeError, ValueError):
            seconds = None
        if not isinstance(seconds, int) or isinstance(seconds, bool) or seconds <= 0:
            cause = f"The {field} parameter does not reference a positive integer: "
            path = self.string_sampler.literal_value
            raise failures.failure(env, failures.RUNTIME, f"{cause}{path}", failures.EXECUTION)
        return seconds

    return checked


def _from_error(self: Any, env: Any, ex: Exception) -> Any:
    if isinstance(ex, FailureEventException):
        return ex.failure_event
    return failures.failure(env, failures.RUNTIME, str(ex) or type(ex).__name__).failure_event


def install() -> None:
    replace(ExecutionState, "_evaluate_with_timeout", _attempt)
    replace(ExecutionState, "_eval_state_output", _output)
    replace(ExecutionState, "_from_error", _from_error)
    replace(CommonStateField, "_verify_size_quota", _within_limit)
    for field in (TimeoutSecondsPath, HeartbeatSecondsPath):
        replace(field, "_eval_seconds", _seconds(field._eval_seconds, field.__name__))
    for kind in (ExecutionState, StateParallel, StateMap):
        replace(kind, "_eval_state", _evaluate)
