"""Waiting that a stopped execution ends at once.

AWS: StopExecution, a failed branch or the machine's TimeoutSeconds end a Wait state, a retry's delay and a
callback wait; a wait is at most 2,147,483,647 seconds long.
moto: retries sleep on, a Wait may miss the signal (the event is cleared right after it is set), a callback
waits its full timeout, and a Timestamp is compared with the local time of day.
"""

import threading
import time
from datetime import UTC, datetime
from typing import Any

from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEventException
from moto.stepfunctions.parser.asl.component.common.retry.max_attempts_decl import MaxAttemptsOutcome
from moto.stepfunctions.parser.asl.component.common.retry.retrier_decl import RetrierDecl
from moto.stepfunctions.parser.asl.component.common.retry.retrier_outcome import RetrierOutcome
from moto.stepfunctions.parser.asl.component.common.string.string_expression import StringJSONata
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.timestamp import Timestamp
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
from moto.stepfunctions.parser.asl.eval.environment import Environment

from local.states import expressions, failures
from local.states.patching import replace

_MAX_WAIT = 2**31 - 1


class Latch(threading.Event):
    """An event that stays set: an environment that has ended never runs again."""

    def clear(self) -> None:
        """Keeps the event set, so that nobody who looks a moment later waits for ever."""


def wait_unless_stopped(env: Any, seconds: float) -> None:
    """Waits in the name of the execution, whose slot is free meanwhile; returns early when `env` ends."""
    deadline = time.monotonic() + seconds
    with env.aws_execution_details.waiting():
        while env.is_running() and (left := deadline - time.monotonic()) > 0:
            env.program_state_event.wait(min(left, threading.TIMEOUT_MAX))


def _retrier(self: Any, env: Any) -> None:
    self.error_equals.eval(env)
    if not env.stack.pop():
        env.stack.append(RetrierOutcome.Skipped)
        return
    self.max_attempts.eval(env=env)
    if env.stack.pop() == MaxAttemptsOutcome.EXHAUSTED:
        env.stack.append(RetrierOutcome.Failed)
        return
    for part in (self.interval_seconds, self.backoff_rate, self.max_delay_seconds, self.jitter_strategy):
        part.eval(env=env)
    wait_unless_stopped(env, env.stack.pop())
    env.stack.append(RetrierOutcome.Executed)


def _wait_state(self: Any, env: Any) -> None:
    seconds = self._get_wait_seconds(env=env)
    if seconds > _MAX_WAIT:
        cause = f"The wait of {seconds:.0f} seconds is longer than the longest, {_MAX_WAIT} seconds."
        raise failures.failure(env, failures.RUNTIME, cause, failures.EXECUTION)
    wait_unless_stopped(env, seconds)


def _seconds_until(self: Any, env: Any) -> float:
    self.string.eval(env=env)
    text = env.stack.pop()
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None or "T" not in text:
            raise ValueError
    except (TypeError, ValueError):
        if isinstance(self.string, StringJSONata):
            raise expressions.unexpected(env, self.string.expression, "timestamp", text) from None
        raise FailureEventException(self._create_failure_event(env, text)) from None
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def install() -> None:
    initialise = Environment.__init__

    def with_latch(self: Any, *arguments: Any, **keywords: Any) -> None:
        initialise(self, *arguments, **keywords)
        self.program_state_event = Latch()

    replace(Environment, "__init__", with_latch)
    replace(RetrierDecl, "_eval_body", _retrier)
    replace(WaitFunction, "_eval_body", _wait_state)
    replace(Timestamp, "_get_wait_seconds", _seconds_until)
